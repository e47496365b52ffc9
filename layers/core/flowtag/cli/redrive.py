"""``flowtag redrive``: chunks of a deployed application that failed, once more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flowtag.run_keys import RunKeys

_EPILOG = """\b
Examples:
  flowtag redrive take-2-3f9a1c2b77d0/take-2-0c5d0e9b1a2f --stack flowtag
  flowtag redrive s3://tags/take-2-3f9a1c2b77d0/take-2-0c5d0e9b1a2f/motion.json --stack flowtag

\b
The chunks are handed to the workers that the stack was deployed with; what is published stays
until their results replace it. It takes the caller's credentials, which need
cloudformation:DescribeStackResource, lambda:GetFunctionConfiguration, s3:GetObject, s3:PutObject
and s3:ListBucket on the output bucket, and sqs:SendMessage, batch:SubmitJob or
sagemaker:InvokeEndpointAsync.

\b
Exit status:
  0    the chunks were handed out, or there is nothing to do again
  1    AWS failed; the same command may be given again
  2    there is no such run or no such stack
"""


@click.command(epilog=_EPILOG)
@click.argument("run")
@click.option(
    "--stack",
    help="The CloudFormation stack of the application. Without it the environment must say what"
    " that of a function does: OUTPUT_BUCKET, OUTPUT_PREFIX, COMPUTE, CHUNK_QUEUE_URL, …",
)
@click.option("--region", help="Default: as the environment or the profile says.")
def redrive(run: str, stack: str | None, region: str | None) -> None:
    """Hands out again the chunks of RUN that failed or never came.

    RUN is VIDEO/RUN, as the folders of the output bucket are named, or the URI of any object in
    that folder.
    """
    from flowtag.aws.deployed import variables_of
    from flowtag.aws.environment import DispatchEnvironment, read_environment
    from flowtag.aws.wiring import dispatcher, output_store
    from flowtag.redriving import redrive as hand_out_again

    if region is not None:
        os.environ["AWS_DEFAULT_REGION"] = region
    variables = variables_of(stack, region) if stack else None
    environment = read_environment(DispatchEnvironment, variables)
    store = output_store(environment)
    keys = _keys(run, store.bucket, store.prefix)
    done = hand_out_again(store, keys, dispatcher(environment, store))
    if not done.chunks:
        click.echo(f"nothing to do again: all {done.chunk_count} chunks have a result", err=True)
        return
    click.echo(f"{len(done.chunks)} of {done.chunk_count} chunks were handed out again", err=True)
    click.echo(store.uri(keys.motion))


def _keys(run: str, bucket: str, prefix: str) -> RunKeys:
    from flowtag.errors import SettingsError
    from flowtag.run_keys import RunKeys

    inner = run.removeprefix(f"s3://{bucket}/{prefix}")
    keys = RunKeys.of_key(f"{inner}/")
    if keys is None:
        raise SettingsError(f"{run} is no run of s3://{bucket}/{prefix}; a run is VIDEO/RUN")
    return keys
