"""Segments beside the video that they are of, for the program that will open both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowtag.local.additions import joined
from flowtag.local.outcomes import Progress
from flowtag.local.workers import Done, Failed, Work
from flowtag.runs import read_motion
from flowtag.whole_files import is_current, write_whole

if TYPE_CHECKING:
    from flowtag.export.formats import Format

NO_EXPORT = "no_export"
"""The code of an input that is tagged, but of which an export could not be written."""

_SUFFIXES: dict[str, str] = {
    "otio": ".otio",
    "edl": ".edl",
    "fcp7xml": ".xml",
    "fcpxml": ".fcpxml",
    "csv": ".csv",
    "vtt": ".vtt",
    "ffmetadata": ".chapters.txt",
    "jsonl": ".jsonl",
}


def export_path(clip: Path, kind: Format) -> Path:
    """Where a format goes: the video's whole name and more, so that no other file is meant.

    Example:
        >>> export_path(Path("card/take 2.mov"), "edl").name
        'take 2.mov.edl'
    """
    return clip.with_name(f"{clip.name}{_SUFFIXES[kind]}")


class ExportWork:
    """Writes the exports of one input."""

    name = "export"
    is_among_results = False

    def __init__(self, motion: Path, clip: Path, kinds: Sequence[Format]) -> None:
        """Takes the result, the input, and the formats."""
        self._motion = motion
        self._clip = clip
        self._kinds = kinds

    @property
    def is_needed(self) -> bool:
        """Whether one of them is not there, or the result is newer."""
        paths = (export_path(self._clip, kind) for kind in self._kinds)
        return not all(is_current(path, self._motion) for path in paths)

    def work(self, slot: int, settle: Callable[[Done[str | None] | Failed], None]) -> Work:
        """See :class:`Addition`."""
        return Work(write_exports, (self._motion, self._clip, self._kinds), settle, chunks=0)

    def described(self, result: Done[str | None] | Failed, reason: str | None) -> dict[str, Any]:
        """See :class:`Addition`."""
        if isinstance(result, Failed):
            said = joined(reason, f"no export: {result.error}")
            return {"code": NO_EXPORT, "reason": said, "details": result.details}
        return {"reason": joined(reason, result.value and f"export: {result.value}")}

    def progress(self, frames_done: Sequence[int]) -> Progress:
        """See :class:`Addition`."""
        return Progress(self._clip, "export")


def write_exports(motion: Path, clip: Path, kinds: Sequence[Format]) -> str | None:
    """Writes a result's segments in some formats beside its video; returns what to tell people.

    Raises:
        InputError: there is nothing to write.
        SettingsError: a package is missing.
        ContractError: the motion.json is damaged.
        StorageError: a file could not be written.
    """
    from flowtag.export import TIMELINES, ExportOptions, export
    from flowtag.export.sound import sound_of

    metadata = read_motion(motion.read_bytes())
    sound = sound_of(clip) if any(kind in TIMELINES for kind in kinds) else None
    warnings: dict[str, None] = {}
    for kind in kinds:
        exported = export(metadata, kind, ExportOptions(sound=sound))
        write_whole(export_path(clip, kind), exported.data)
        warnings |= dict.fromkeys(exported.warnings)
    return "; ".join(warnings) or None
