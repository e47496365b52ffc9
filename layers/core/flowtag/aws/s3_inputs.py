"""Which objects a command line means, and whether S3 will have us at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from flowtag.aws.clients import translated
from flowtag.aws.repeating import broke_off
from flowtag.aws.s3_source import SCHEME, bucket_and_key, bucket_and_prefix, find_source
from flowtag.errors import FlowtagError, SettingsError, SourceNotFoundError, StorageError
from flowtag.places import VIDEO_SUFFIXES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

QUICK_ATTEMPTS = 3
"""Of a first look: someone waits for the answer."""


@dataclass
class ObjectInputs:
    """What was found.

    Attributes:
        uris: in order, each object once.
        any_listed: whether some stand under a prefix, and so are known to be there.
        refused: what was named and cannot be listed, with the reason.
    """

    uris: list[str] = field(default_factory=list)
    any_listed: bool = False
    refused: list[tuple[str, FlowtagError]] = field(default_factory=list)


def find_objects(client: S3Client, named: Iterable[str], output: str) -> ObjectInputs:
    """Lists the objects that are named, and the videos under the prefixes that are named.

    A URI that ends with a slash is a prefix. Under it, objects with a part of their key that begins
    with a dot are left out, and what lies under the output's own prefix. An object that is named is
    tried whatever it is called; that it is not there, its turn says.

    Args:
        client: of S3.
        named: URIs.
        output: where results go: a URI that ends with a slash, or anything else.

    Raises:
        SettingsError: one is no URI of an object or a prefix.
        StorageError: S3 cannot be reached, or has no credentials to go by.
    """
    found = ObjectInputs()
    for uri in dict.fromkeys(named):
        bucket, prefix = bucket_and_prefix(uri)
        if prefix and not prefix.endswith("/"):
            found.uris.append(uri)
            continue
        try:
            listed = list(_videos_under(client, bucket, prefix, output))
        except FlowtagError as error:
            _require_answer(error)
            found.refused.append((uri, error))
        else:
            found.uris += listed
            found.any_listed = found.any_listed or bool(listed)
    found.uris = list(dict.fromkeys(found.uris))
    return found


def require_some(client: S3Client, found: ObjectInputs) -> None:
    """Looks whether anything is there at all, so that a mistyped command is known for one.

    Raises:
        SettingsError: nothing that is named is there, or may be read.
        StorageError: S3 cannot be reached, or has no credentials to go by.
    """
    if found.any_listed:
        return
    reasons = [error for _, error in found.refused]
    for uri in found.uris:
        try:
            find_source(client, *bucket_and_key(uri))
            return
        except FlowtagError as error:
            _require_answer(error)
            reasons.append(error)
    if reasons:
        raise SettingsError(str(reasons[0])) from reasons[0]


def require_listable(client: S3Client, bucket: str, prefix: str) -> None:
    """Asks for one key, as every later step does.

    Raises:
        StorageError: there is no such bucket, it may not be listed, or S3 cannot be reached.
    """
    with translated(f"{SCHEME}{bucket}/{prefix}"):
        client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)


def _videos_under(client: S3Client, bucket: str, prefix: str, output: str) -> Iterator[str]:
    top, anything = f"{SCHEME}{bucket}/{prefix}", False
    is_inside = output.startswith(top) and output != top
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    with translated(top):
        for page in pages:
            for listed in page.get("Contents", ()):
                anything = True
                uri = f"{SCHEME}{bucket}/{listed['Key']}"
                if _is_video(listed["Key"][len(prefix) :]) and not (
                    is_inside and uri.startswith(output)
                ):
                    yield uri
    if not anything:
        raise SourceNotFoundError(f"there is nothing under {top}")


def _is_video(key: str) -> bool:
    if key.endswith("/") or any(part.startswith(".") for part in key.split("/")):
        return False
    return PurePosixPath(key).suffix.lower() in VIDEO_SUFFIXES


def _require_answer(error: FlowtagError) -> None:
    # Where S3 does not answer at all, it will not for any other input.
    if isinstance(error, StorageError) and broke_off(error):
        raise error
