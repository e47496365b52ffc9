"""Progress on a terminal: a line per video in work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID
from rich.progress import Progress as Bars
from rich.text import Text

from flowtag.local.outcomes import Progress
from flowtag.places import Address
from flowtag.wording import clock, printable

_LONGEST_NAME = 32
_SETTLING_SECONDS = 2.0
_COUNTED = ("analysing", "proxy")


class _FieldColumn(ProgressColumn):
    """A field of a task as plain text: a file name is no markup."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self._field = field

    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get(self._field, "")))


class ProgressDisplay:
    """Draws the videos in work."""

    def __init__(self, console: Console) -> None:
        columns = [_FieldColumn("name"), BarColumn(), _FieldColumn("frames"), _FieldColumn("pace")]
        self._bars = Bars(*columns, console=console, transient=True, redirect_stdout=False)
        self._tasks: dict[Address, TaskID] = {}

    def start(self) -> None:
        """Begins to draw."""
        self._bars.start()

    def stop(self) -> None:
        """Wipes what is drawn."""
        self._bars.stop()

    def update(self, videos: Sequence[Progress]) -> None:
        """Draws these videos and no others."""
        for gone in self._tasks.keys() - {video.input for video in videos}:
            self._bars.remove_task(self._tasks.pop(gone))
        for video in videos:
            if video.input not in self._tasks:
                self._tasks[video.input] = self._bars.add_task("", name=_short(video.input))
            self._bars.update(
                self._tasks[video.input],
                completed=video.frames_done,
                total=video.frames_expected,
                frames=frames_text(video),
                pace=pace_text(video),
            )


def frames_text(video: Progress) -> str:
    """Frames done of those expected, or the stage where no frames are counted."""
    if video.stage not in _COUNTED:
        return video.stage
    expected = "?" if video.frames_expected is None else f"{video.frames_expected}"
    of_what = "frames of proxy" if video.stage == "proxy" else "frames"
    return f"{video.frames_done}/{expected} {of_what}"


def pace_text(video: Progress) -> str:
    """Speed against real time, and the time left; nothing before both mean something."""
    if video.stage not in _COUNTED or video.elapsed_seconds < _SETTLING_SECONDS:
        return ""
    speed = video.seconds_done / video.elapsed_seconds
    if speed <= 0:
        return ""
    left = "" if video.seconds_left is None else f", {clock(video.seconds_left / speed)} left"
    return f"{speed:.1f}x{left}"


def _short(video: Address) -> str:
    last = video.name if isinstance(video, PurePath) else video.rpartition("/")[2]
    name = printable(last)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
