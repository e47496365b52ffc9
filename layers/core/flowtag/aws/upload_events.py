"""What S3 says of an upload, in either of the two shapes in which a function hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.parser.models import (
    S3EventNotificationEventBridgeModel,
    S3Model,
)
from pydantic import ValidationError

from flowtag.errors import ContractError


@dataclass(frozen=True)
class Uploaded:
    """An object that was created.

    Attributes:
        bucket: where.
        key: as S3 has it, not URL-encoded.
        version_id: None where the bucket keeps no versions.
        sequencer: grows, in hexadecimal, from one write of a key to the next.
    """

    bucket: str
    key: str
    version_id: str | None
    sequencer: str | None


def uploads_of(event: dict[str, Any]) -> tuple[Uploaded, ...]:
    """The objects of which an event says that they were created.

    Takes EventBridge's *Object Created* and S3's own notification. In the first the key stands as
    it is, in the second it is URL-encoded, spaces as plus signs.

    Returns:
        None at all for an event of another kind, such as the test event of a bucket that is set up.

    Raises:
        ContractError: it is one of these events, but not whole.
    """
    try:
        if event.get("source") == "aws.s3" and event.get("detail-type") == "Object Created":
            return (_of_event_bridge(S3EventNotificationEventBridgeModel.model_validate(event)),)
        if _is_notification(event):
            return _of_notification(S3Model.model_validate(event))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ContractError(f"not a whole event of S3 (at {where})") from error
    return ()


def _is_notification(event: dict[str, Any]) -> bool:
    records = event.get("Records")
    return (
        isinstance(records, list)
        and bool(records)
        and all(isinstance(r, dict) and r.get("eventSource") == "aws:s3" for r in records)
    )


def _of_event_bridge(event: S3EventNotificationEventBridgeModel) -> Uploaded:
    thing = event.detail.object
    return Uploaded(event.detail.bucket.name, thing.key, thing.version_id, thing.sequencer)


def _of_notification(event: S3Model) -> tuple[Uploaded, ...]:
    return tuple(
        Uploaded(
            record.s3.bucket.name,
            unquote_plus(record.s3.object.key),
            record.s3.object.versionId,
            record.s3.object.sequencer,
        )
        for record in event.Records
        if record.eventName.startswith("ObjectCreated:") and record.s3.object is not None
    )
