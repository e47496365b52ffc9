"""What a deployed application is made of, for those who operate it from outside."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError

from flowtag.aws.clients import translated
from flowtag.errors import SettingsError, StorageError

_RECONCILE = "ReconcileFunction"


def variables_of(stack: str, region: str | None = None) -> dict[str, str]:
    """The environment of a stack's reconcile function: it names all that handing out takes.

    Args:
        stack: name of the CloudFormation stack.
        region: None: as the environment and the profile say.

    Raises:
        SettingsError: there is no such stack, or it is none of flowtag's.
        StorageError: AWS failed, or the credentials do not allow it.
    """
    try:
        with translated(f"stack {stack}"):
            found = boto3.client("cloudformation", region_name=region).describe_stack_resource(
                StackName=stack, LogicalResourceId=_RECONCILE
            )
            name = found["StackResourceDetail"]["PhysicalResourceId"]
            function = boto3.client("lambda", region_name=region).get_function_configuration(
                FunctionName=name
            )
    except StorageError as error:
        if isinstance(error.__cause__, ClientError) and "does not exist" in str(error):
            raise SettingsError(f"{stack} is no stack of flowtag: {error}") from error
        raise
    return dict(function["Environment"]["Variables"])
