"""What is made of a result after it: the proxy, the page that plays it, exports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flowtag.local.outcomes import Progress
from flowtag.local.steps import make_report
from flowtag.local.workers import Done, Failed, Work
from flowtag.places import Address
from flowtag.run_keys import RunKeys
from flowtag.storage import FolderStore
from flowtag.whole_files import is_current

NO_REPORT = "no_report"
"""The code of an input that is tagged, but has no page."""


class Addition(Protocol):
    """One more step of an input that is tagged; if it fails, the tags stand."""

    name: str
    """For people: what it makes."""
    is_among_results: bool
    """Whether it is written beside the result, and not elsewhere."""

    def work(self, slot: int, settle: Callable[[Done[Any] | Failed], None]) -> Work:
        """The call for a worker's process."""
        ...

    def described(self, result: Done[Any] | Failed, reason: str | None) -> dict[str, Any]:
        """What an outcome says of it.

        Args:
            result: what became of it.
            reason: what there is to say of the input so far.
        """
        ...

    def progress(self, frames_done: Sequence[int]) -> Progress:
        """How far it is."""
        ...


class ReportWork:
    """Makes the page of one result."""

    name = "report"
    is_among_results = True

    def __init__(self, store: FolderStore, keys: RunKeys, address: Address) -> None:
        """Takes where the run is, and the input as it was given."""
        self._store = store
        self._keys = keys
        self._address = address

    @property
    def is_needed(self) -> bool:
        """Whether there is no page, or the result or its proxy is newer."""
        paths = [self._store.path(key) for key in (self._keys.motion, self._keys.proxy)]
        return not is_current(self._store.path(self._keys.report), *paths)

    def work(self, slot: int, settle: Callable[[Done[None] | Failed], None]) -> Work:
        """See :class:`Addition`."""
        return Work(make_report, (self._store, self._keys), settle, chunks=0)

    def described(self, result: Done[None] | Failed, reason: str | None) -> dict[str, Any]:
        """See :class:`Addition`."""
        if isinstance(result, Failed):
            said = joined(reason, f"no report: {result.error}")
            return {"code": NO_REPORT, "reason": said, "details": result.details}
        return {"report": self._store.path(self._keys.report), "reason": reason}

    def progress(self, frames_done: Sequence[int]) -> Progress:
        """See :class:`Addition`."""
        return Progress(self._address, "report")


def joined(*reasons: str | None) -> str | None:
    """What there is to say, in one line."""
    return "; ".join(reason for reason in reasons if reason) or None
