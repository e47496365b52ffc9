"""``flowtag run``: what ``flowtag tag`` does, to videos that stay in a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowtag.cli.tagging import (
    TaggingOptions,
    carry_out,
    force_option,
    tagging_options,
    writable_folder,
)

if TYPE_CHECKING:
    from flowtag.aws.s3_inputs import ObjectInputs
    from flowtag.aws.s3_places import S3Access
    from flowtag.errors import FlowtagError
    from flowtag.local.outcomes import Outcome
    from flowtag.places import StorePlace

_EPILOG = """\b
Examples:
  flowtag run s3://rushes/day1/a.mov --out s3://tags/motion
  flowtag run s3://rushes/day1/ s3://rushes/day2/ --out s3://tags/motion
  flowtag run s3://rushes/ --out tags --endpoint-url http://127.0.0.1:9000

The credentials are those of the AWS SDK: the environment, a profile (AWS_PROFILE), or the
machine's role. They need s3:GetObject and s3:ListBucket where videos are; s3:GetObject,
s3:PutObject, s3:DeleteObject and s3:ListBucket where results go.

A video that a deployed flowtag has tagged with the same settings into the same place is left
alone. The same command again continues where it was stopped, and retries chunks that failed.

\b
Exit status:
  0    every input is tagged; a partial result, with gaps, counts as tagged
  1    some input is not; the table says why
  2    the command cannot be carried out: bad options, no input, no place for results,
       no credentials, no answer from the endpoint
  130  stopped by Ctrl-C (143: by kill); the same command continues
"""


@click.command(epilog=_EPILOG)
@click.argument("inputs", metavar="S3-URI...", nargs=-1, required=True)
@click.option("--out", required=True, metavar="S3-URI|DIR", help="Where results go.")
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Another server than AWS that speaks S3. Also AWS_ENDPOINT_URL_S3.",
)
@click.option("--region", help="Default: as the environment or the profile says.")
@tagging_options
@force_option
@click.pass_context
def run(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    out: str,
    endpoint_url: str | None,
    region: str | None,
    **chosen: Any,
) -> None:
    """Tags videos in S3 buckets, on this machine.

    S3-URI is a video, s3://bucket/key, or all videos under s3://bucket/prefix/: then it ends with a
    slash. They are read by ranges and never copied. As flowtag tag otherwise.
    """
    options = TaggingOptions(**chosen)
    _require_boto3()
    from flowtag.aws.s3_places import S3Access, S3SourcePlace

    access = S3Access(endpoint_url, region)
    found = _found(inputs, out, access)
    results = _results(out, access)
    refused = [_refused(uri, error) for uri, error in found.refused]
    places = [S3SourcePlace(uri, access) for uri in found.uris]
    carry_out(ctx, options, places, results, refused, access)


def _require_boto3() -> None:
    from flowtag.errors import SettingsError

    try:
        import flowtag.aws.clients  # noqa: F401
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"there is no module {error.name}; flowtag run needs flowtag[aws] to be installed"
        ) from error


def _found(named: tuple[str, ...], out: str, access: S3Access) -> ObjectInputs:
    from flowtag.aws.clients import s3_client
    from flowtag.aws.s3_inputs import QUICK_ATTEMPTS, find_objects, require_some
    from flowtag.errors import SettingsError, StorageError

    client = s3_client(access.endpoint_url, access.region, QUICK_ATTEMPTS)
    try:
        found = find_objects(client, named, f"{out.rstrip('/')}/")
        require_some(client, found)
    except StorageError as error:
        raise SettingsError(str(error)) from error
    if not found.uris:
        raise SettingsError(f"no video found in {named[0]}")
    return found


def _results(out: str, access: S3Access) -> StorePlace:
    # With too few slashes too: nobody means a folder of that name.
    if not out.startswith("s3:"):
        return writable_folder(Path(out))
    from flowtag.aws.clients import s3_client
    from flowtag.aws.s3_inputs import QUICK_ATTEMPTS, require_listable
    from flowtag.aws.s3_places import S3StorePlace
    from flowtag.errors import FlowtagError, SettingsError

    client = s3_client(access.endpoint_url, access.region, QUICK_ATTEMPTS)
    try:
        place = S3StorePlace.at(out, access)
        require_listable(client, place.bucket, place.prefix)
    except FlowtagError as error:
        raise SettingsError(f"--out {error}") from error
    return place


def _refused(uri: str, error: FlowtagError) -> Outcome:
    from flowtag.local.outcomes import Outcome

    return Outcome(uri, "failed", code=error.code, reason=str(error))
