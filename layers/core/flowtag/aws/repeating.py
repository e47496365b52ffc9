"""Doing again what boto3 does not repeat by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from flowtag.errors import StorageError

_ATTEMPTS = 8
_LONGEST_PAUSE_SECONDS = 5.0

_REFUSALS = range(400, 500)
_THROTTLING_STATUS = 429
_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException"}
_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError)

_T = TypeVar("_T")


def broke_off(error: StorageError) -> bool:
    """Whether a reply did not come, or not whole; a refusal is a whole reply."""
    return not isinstance(error.__cause__, ClientError)


def did_nothing(error: StorageError) -> bool:
    """Whether a call certainly had no effect and may pass: throttled, or never sent."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return isinstance(cause, _NEVER_SENT)
    status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = cause.response.get("Error", {}).get("Code")
    return status == _THROTTLING_STATUS or code in _THROTTLED


def refused(error: StorageError) -> bool:
    """Whether a call certainly had no effect: refused by a whole reply, or never sent."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return isinstance(cause, _NEVER_SENT)
    status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status in _REFUSALS


def repeated(call: Callable[[], _T], only: Callable[[StorageError], bool] = broke_off) -> _T:
    """Calls again, after a pause that grows and is drawn at random, while a failure may pass.

    Args:
        call: may be called many times.
        only: which failures may pass.

    Raises:
        StorageError: the last failure, or the first that will not pass.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return call()
        except StorageError as error:
            if not only(error):
                raise
        time.sleep(random.uniform(0, min(0.05 * 2**attempt, _LONGEST_PAUSE_SECONDS)))
    return call()
