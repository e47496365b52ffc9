"""What is asked, about what, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rendering import ClipTruth, EditTruth, PartTruth


@dataclass(frozen=True)
class Finding:
    """One question about one place of one clip, and whether the answer was right.

    Attributes:
        clip: Name of the clip.
        conditions: What the clip stands for.
        question: What was asked, such as `label found` or `rate`.
        key: What about, such as a label.
        right: Whether the answer was.
        weight: What it counts, in seconds for labels and one for all else.
        at_seconds: Where in the clip.
        expected: The truth.
        got: The answer.
        error: How far off, where that can be said.
    """

    clip: str
    conditions: tuple[str, ...]
    question: str
    key: str
    right: bool
    weight: float
    at_seconds: float
    expected: Any
    got: Any
    error: float | None = None


@dataclass(frozen=True)
class Trial:
    """A file to tag, with its truth."""

    name: str
    conditions: tuple[str, ...]
    path: Path
    truth: ClipTruth

    def finding(
        self,
        question: str,
        right: bool,
        *,
        key: str = "",
        at: PartTruth | EditTruth | float = 0.0,
        weight: float = 1.0,
        expected: Any = None,
        got: Any = None,
        error: float | None = None,
    ) -> Finding:
        """Return an answer about this clip; arguments as the fields of `Finding`."""
        seconds = at if isinstance(at, float) else at.start_seconds
        return Finding(
            self.name,
            self.conditions,
            question,
            key,
            right,
            weight,
            round(seconds, 3),
            expected,
            got,
            error,
        )
