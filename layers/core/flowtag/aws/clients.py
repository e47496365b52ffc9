"""Clients of AWS's services, and what their failures mean to flowtag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from flowtag.errors import ObjectNotFoundError, PreconditionFailedError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ATTEMPTS = 8
"""Of one call, before it counts as failed: at one failing call in five, three in a million."""

_NOT_FOUND = {"404", "NoSuchKey", "NoSuchVersion"}
_PRECONDITION = {"412", "PreconditionFailed"}


def s3_client(endpoint_url: str | None = None, region: str | None = None) -> S3Client:
    """A client of S3, or of a server that speaks its protocol.

    Args:
        endpoint_url: the server; None: ``AWS_ENDPOINT_URL_S3`` where it is set, else AWS.
        region: None: as the environment and the profile say.
    """
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=5,
            read_timeout=30,
            tcp_keepalive=True,
        ),
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
    except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
        raise StorageError(f"{what}: {error}") from error


def _meaning(error: ClientError, what: str) -> StorageError:
    code = error_code(error)
    if code in _NOT_FOUND:
        return ObjectNotFoundError(f"there is no {what}")
    if code in _PRECONDITION:
        return PreconditionFailedError(f"{what} is not what was expected to stand there")
    said = error.response.get("Error", {}).get("Message") or "no more was said"
    return StorageError(f"{what}: {error.operation_name} was answered {code}: {said}")
