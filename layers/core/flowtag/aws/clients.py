"""Clients of AWS's services, and what their failures mean to flowtag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from flowtag.aws.refusals import refusal, silence
from flowtag.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    SettingsError,
    StorageError,
)

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sqs import SQSClient

ATTEMPTS = 8
"""Of one call, before it counts as failed: at one failing call in five, three in a million."""

_NOT_FOUND = {"404", "NoSuchKey", "NoSuchVersion"}
_PRECONDITION = {"412", "PreconditionFailed"}
_SILENCES = (BotoCoreError, HTTPClientError, ResponseParserError, HTTPError, OSError)


def s3_client(
    endpoint_url: str | None = None, region: str | None = None, attempts: int | None = None
) -> S3Client:
    """A client of S3, or of a server that speaks its protocol.

    Args:
        endpoint_url: the server; None: ``AWS_ENDPOINT_URL_S3`` where it is set, else AWS.
        region: None: as the environment and the profile say.
        attempts: of one call, before it counts as failed; None: :data:`ATTEMPTS`.

    Raises:
        SettingsError: the endpoint is no address, or the profile or the region is unknown.
    """
    try:
        return boto3.client(
            "s3", endpoint_url=endpoint_url, region_name=region, config=_config(attempts)
        )
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(silence(error, "S3 cannot be used")) from error


def sqs_client() -> SQSClient:
    """A client of SQS; ``AWS_ENDPOINT_URL_SQS`` names another server."""
    return boto3.client("sqs", config=_config())


def events_client() -> EventBridgeClient:
    """A client of EventBridge; ``AWS_ENDPOINT_URL_EVENTS`` names another server."""
    return boto3.client("events", config=_config())


def batch_client() -> BatchClient:
    """A client of AWS Batch that makes each call once; ``AWS_ENDPOINT_URL_BATCH`` is its server.

    boto3 repeats a call whose reply was lost, and Batch would start a second, paid job.
    """
    return boto3.client("batch", config=_config(attempts=1))


def sagemaker_client() -> SageMakerRuntimeClient:
    """A client of SageMaker's endpoints."""
    return boto3.client("sagemaker-runtime", config=_config())


def _config(attempts: int | None = None) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts or ATTEMPTS},
        connect_timeout=5,
        read_timeout=30,
        tcp_keepalive=True,
        max_pool_connections=32,
    )


def error_code(error: ClientError) -> str:
    """What a service calls its refusal, such as ``NoSuchKey``; ``404`` where it has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raises the failures of boto3 as flowtag's.

    Args:
        what: the object that was asked for, for people.

    Raises:
        ObjectNotFoundError: there is none.
        PreconditionFailedError: another stands there, or none does where one was to be replaced.
        StorageError: anything else.
    """
    try:
        yield
    except ClientError as error:
        raise _meaning(error, what) from error
    except _SILENCES as error:
        raise StorageError(silence(error, what)) from error


def _meaning(error: ClientError, what: str) -> StorageError:
    code = error_code(error)
    if code in _NOT_FOUND:
        return ObjectNotFoundError(f"there is no {what}")
    if code in _PRECONDITION:
        return PreconditionFailedError(f"{what} is not what was expected to stand there")
    return StorageError(refusal(error, what))
