"""Context managers that close what they opened under way."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self


class ClosesAtExit:
    """Closes at its end whatever is in ``_resources`` by then."""

    _resources: ExitStack

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._resources.close()
