"""The last step of an input of which a proxy is wanted; its result is in place by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowtag.contracts.messages import ChunkRange, Plan
from flowtag.local.additions import joined
from flowtag.local.outcomes import Progress
from flowtag.local.steps import make_proxy
from flowtag.local.tally import Tally
from flowtag.local.workers import Done, Failed, Work
from flowtag.places import Found, SourcePlace
from flowtag.run_keys import RunKeys
from flowtag.storage import FolderStore

NO_PROXY = "no_proxy"
"""The code of an input that is tagged, but could not be copied."""


class ProxyWork:
    """Makes the proxy of one input."""

    name = "proxy"
    is_among_results = True

    def __init__(self, store: FolderStore, plan: Plan, place: SourcePlace, found: Found) -> None:
        """Takes where the run is, its plan, and the video as it was found."""
        self._store = store
        self._plan = plan
        self._place = place
        self._found = found
        whole = plan.model_copy(update={"chunks": (ChunkRange(start_pts=None, end_pts=None),)})
        self._tally = Tally(whole, ("missing",))

    def work(self, slot: int, settle: Callable[[Done[str | None] | Failed], None]) -> Work:
        """The call for a worker's process, which may take as long as all chunks of the video."""
        self._tally.begin(0, slot)
        unchanged = self._found.require_unchanged
        arguments = (self._store, self._plan, self._place, unchanged, slot)
        return Work(make_proxy, arguments, settle, chunks=len(self._plan.chunks))

    def described(self, result: Done[str | None] | Failed, reason: str | None) -> dict[str, Any]:
        """What an outcome says of it.

        Args:
            result: what became of it.
            reason: what there is to say of the tags.
        """
        if isinstance(result, Failed):
            said = joined(reason, f"no proxy: {result.error}")
            return {"code": NO_PROXY, "reason": said, "details": result.details}
        remark = result.value and f"proxy: {result.value}"
        path = self._store.path(RunKeys.of(self._plan).proxy)
        return {"proxy": path, "reason": joined(reason, remark)}

    def progress(self, frames_done: Sequence[int]) -> Progress:
        """How far it is."""
        return self._tally.progress(self._place.address, "proxy", frames_done)
