"""The event *Motion Metadata Ready*, put on an EventBridge bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtag.announcing import Ready
from flowtag.aws.clients import translated
from flowtag.aws.repeating import repeated
from flowtag.errors import StorageError
from flowtag.settings import canonical_json

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "flowtag"
READY = "Motion Metadata Ready"


class BusNotices:
    """Puts events on a bus."""

    def __init__(self, client: EventBridgeClient, bus: str, bucket: str) -> None:
        """Takes a client of EventBridge, a bus, and the bucket that keys are of."""
        self._client = client
        self._bus = bus
        self._bucket = bucket

    def __call__(self, ready: Ready, /) -> None:
        """Sends the event; see :class:`~flowtag.announcing.Notify`."""
        detail = canonical_json({**ready.model_dump(mode="json"), "bucket": self._bucket}).decode()

        def send() -> None:
            with translated(f"event bus {self._bus}"):
                reply = self._client.put_events(
                    Entries=[
                        {
                            "Source": SOURCE,
                            "DetailType": READY,
                            "Detail": detail,
                            "EventBusName": self._bus,
                        }
                    ]
                )
            if reply["FailedEntryCount"]:
                refused = reply["Entries"][0]
                raise StorageError(
                    f"event bus {self._bus}: {refused.get('ErrorCode')}:"
                    f" {refused.get('ErrorMessage')}"
                )

        repeated(send)
