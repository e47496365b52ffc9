"""EventBridge: events go in, rules send those that match to their targets."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_cloud.arns import ACCOUNT, REGION
from local_cloud.aws_json import Action, Refused
from local_cloud.patterns import matches

Event = dict[str, Any]
Deliver = Callable[[Event], None]

_MOST_ENTRIES = 10
_LARGEST_BYTES = 262_144


@dataclass(frozen=True)
class Listener:
    """A rule that is listening.

    Attributes:
        name: the rule's name.
        bus: the bus that it listens to.
        pattern: what it wants.
        deliver: takes the event to each of its targets.
    """

    name: str
    bus: str
    pattern: Mapping[str, Any]
    deliver: Sequence[Deliver]


class EventBus:
    """All buses of the local cloud.

    Args:
        listeners: the rules.
        tell: hears of each event and of the names of the rules that it went to, before it does.
    """

    def __init__(
        self, listeners: Sequence[Listener], tell: Callable[[Event, Sequence[str]], None]
    ) -> None:
        self._listeners, self._tell = listeners, tell

    def put(self, event: Event, bus: str = "default") -> None:
        """Sends an event to the targets of every rule that matches it."""
        matched = [
            each for each in self._listeners if each.bus == bus and matches(each.pattern, event)
        ]
        self._tell(event, [each.name for each in matched])
        for listener in matched:
            for deliver in listener.deliver:
                deliver(event)

    def actions(self) -> dict[str, Action]:
        """EventBridge's actions by their names in its protocol."""
        return {"AWSEvents.PutEvents": self._put_events}

    def _put_events(self, asked: dict[str, Any]) -> dict[str, Any]:
        entries = asked["Entries"]
        if not 1 <= len(entries) <= _MOST_ENTRIES:
            raise Refused("ValidationException", f"1 to {_MOST_ENTRIES} entries, please")
        if sum(len(json.dumps(entry).encode()) for entry in entries) > _LARGEST_BYTES:
            raise Refused("ValidationException", "Total size of the entries is over the limit")
        answers = [self._put_entry(entry) for entry in entries]
        failed = sum("ErrorCode" in answer for answer in answers)
        return {"FailedEntryCount": failed, "Entries": answers}

    def _put_entry(self, entry: Mapping[str, Any]) -> dict[str, str]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": f"{name} is required"}
        if entry["Source"].startswith("aws."):
            reason = "Not authorized for the source."
            return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": reason}
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        event = envelope(entry["Source"], entry["DetailType"], detail, entry.get("Resources", ()))
        self.put(event, str(entry.get("EventBusName") or "default").rpartition("/")[2])
        return {"EventId": event["id"]}


def envelope(
    source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str] = ()
) -> Event:
    """What EventBridge puts around an event's detail."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": list(resources),
        "detail": dict(detail),
    }
