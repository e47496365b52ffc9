"""What `benchmarks/speed.md` says of the costs that were measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import av

from benchmarks.measuring import Cost, machine

ASKED_RATIO = 1.4
ASKED_SECONDS = 300.0

Kind = Literal["unit", "flowtag", "peer"]


@dataclass
class Row:
    """A line of the table.

    Attributes:
        name: of the tool and what it was told to do.
        kind: the unit of all ratios, flowtag, or a peer.
        version: of the tool.
        preset: flowtag's.
        shown_command: what was run.
        costs: of each run.
        not_measured: why there are none.
    """

    name: str
    kind: Kind
    version: str
    preset: str | None = None
    shown_command: str = ""
    costs: list[Cost] = field(default_factory=list)
    not_measured: str = ""

    @property
    def best(self) -> Cost | None:
        """The run with the least CPU time: what others did on the machine only adds."""
        return min(self.costs, key=lambda cost: cost.cpu_seconds, default=None)

    def spread(self) -> str:
        """How far the dearest run lies above the cheapest."""
        if len(self.costs) < 2 or self.best is None:
            return "one run"
        dearest = max(cost.cpu_seconds for cost in self.costs)
        return f"{100 * (dearest / self.best.cpu_seconds - 1):.0f}%"


@dataclass
class Session:
    """All of one run of the benchmark on one file."""

    footage: str
    rows: list[Row]
    frames: int
    seconds: float
    start_up: Cost | None = None
    stages: list[str] = field(default_factory=list)
    other_rates: list[Session] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, is_rendered: bool, rows: list[Row]) -> Session:
        """A session on a file, described from its headers."""
        with av.open(str(path)) as file:
            stream = file.streams.video[0]
            frames, seconds = stream.frames, float((file.duration or 0) / av.time_base)
            footage = (
                f"{'the rendered film' if is_rendered else path.name}: {stream.codec.name},"
                f" {stream.width}x{stream.height}, {float(stream.average_rate or 0):g} fps,"
                f" {seconds:.0f} s, {frames} frames,"
                f" {path.stat().st_size * 8 / max(seconds, 1e-3) / 1e6:.1f} Mbit/s"
            )
        return cls(footage, rows, frames, seconds)

    @property
    def unit_seconds(self) -> float | None:
        """CPU time of decoding alone; None where FFmpeg could not be run."""
        best = next(row.best for row in self.rows if row.kind == "unit")
        return best.cpu_seconds if best else None

    def ratio(self, row: Row) -> float | None:
        """CPU time over decoding's; None where either is unknown."""
        unit = self.unit_seconds
        return row.best.cpu_seconds / unit if row.best and unit else None


@dataclass(frozen=True)
class Headline:
    """Whether the default preset keeps to what is asked, and the sentence that says so."""

    met: bool
    text: str


def headline(session: Session) -> Headline:
    """Compares the default preset with the limit, all that the command costs counted."""
    row = next((row for row in session.rows if row.preset == "balanced"), None)
    ratio = session.ratio(row) if row else None
    if ratio is None:
        return Headline(False, "The default preset was not measured against decoding.")
    met = ratio <= ASKED_RATIO
    start_up = session.start_up
    rest, without = without_start_up(session), ""
    if rest is not None and start_up:
        without = f" {rest:.2f} without start-up, {start_up.cpu_seconds:.1f} s."
    short = "" if session.seconds >= ASKED_SECONDS else " The file is shorter than five minutes."
    return Headline(
        met,
        f"**Asked: at most {ASKED_RATIO} of decoding's CPU time for the default preset with one"
        f" job. Measured: {ratio:.2f}: {'met' if met else 'missed'}.**{without}{short}",
    )


def without_start_up(session: Session) -> float | None:
    """The default preset's ratio, less what the first second of the file costs in both."""
    row = next((row for row in session.rows if row.preset == "balanced"), None)
    start_up, unit = session.start_up, session.unit_seconds
    if row is None or row.best is None or start_up is None or not unit:
        return None
    return (row.best.cpu_seconds - start_up.cpu_seconds) / unit


def document(session: Session) -> str:
    """The whole of `benchmarks/speed.md`."""
    unit = session.unit_seconds
    per_frame = f" ({1e3 * unit / max(session.frames, 1):.1f} ms a frame)" if unit else ""
    start_up = session.start_up
    lines = [
        "# Speed",
        "",
        "CPU time is user and system time of the command and its children, the cheapest of the"
        " runs; the ratio is over decoding the same file with one thread and throwing the pictures"
        f" away{per_frame}. Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        headline(session).text,
        "",
        f"- Footage: {session.footage}",
        f"- Machine: {machine()}",
    ]
    if start_up:
        lines.append(
            f"- Start-up: `flowtag tag --range 0 1` costs {start_up.cpu_seconds:.2f} s of CPU time"
            f" and {start_up.wall_seconds:.2f} s in all, analysing the first second included"
        )
    lines += ["", *_table(session), "", *_beaten(session), ""]
    if session.other_rates:
        lines += [*_other_rates(session.other_rates), ""]
    lines += ["## Commands", ""]
    lines += [f"- {row.name}: `{row.shown_command}`" for row in session.rows if row.shown_command]
    lines += ["", "## Where flowtag's time goes", "", _STAGES_NOTE, ""]
    lines += [line for table in session.stages for line in (table, "")]
    return "\n".join(lines).rstrip() + "\n"


_STAGES_NOTE = (
    "CPU time of one chunk, taken around its stages inside the process; a stage leaves out those"
    " within it. The stopwatch adds a little."
)


def _other_rates(sessions: list[Session]) -> list[str]:
    lines = [
        "## The same film at other bit rates",
        "",
        "Decoding grows with the rate and flowtag's own work does not. Start-up is left out, since"
        " these files are shorter.",
        "",
        "| footage | decoding, CPU s | flowtag, CPU s | ratio without start-up |",
        "|---|--:|--:|--:|",
    ]
    for session in sessions:
        unit, rest = session.unit_seconds, without_start_up(session)
        if unit is not None and rest is not None:
            lines.append(f"| {session.footage} | {unit:.1f} | {rest * unit:.1f} | {rest:.2f} |")
    return lines


def _table(session: Session) -> list[str]:
    lines = [
        "| | CPU s | ratio | spread | wall s | peak MB | version |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in session.rows:
        best, ratio = row.best, session.ratio(row)
        if best is None:
            lines.append(f"| {row.name} | - | - | - | - | - | not measured: {row.not_measured} |")
            continue
        shown = f"{ratio:.2f}" if ratio is not None else "-"
        lines.append(
            f"| {row.name} | {best.cpu_seconds:.1f} | {shown} | {row.spread()} |"
            f" {best.wall_seconds:.1f} | {best.peak_rss_mb:.0f} | {row.version} |"
        )
    return lines


def _beaten(session: Session) -> list[str]:
    """For each preset, the peers that cost more, and those that cost less."""
    peers = [row for row in session.rows if row.kind == "peer"]
    lines = []
    for own in (row for row in session.rows if row.kind == "flowtag" and row.best):
        cost = own.best.cpu_seconds if own.best else 0.0
        beaten = [row.name for row in peers if row.best and row.best.cpu_seconds > cost]
        better = [row.name for row in peers if row.best and row.best.cpu_seconds <= cost]
        lines.append(
            f"- {own.name} costs less than {'; '.join(beaten) or 'none'}."
            f" It does not beat {'; '.join(better) or 'none: all measured peers cost more'}."
        )
    missing = [row.name for row in peers if not row.best]
    if missing:
        lines.append(f"- Not measured: {'; '.join(missing)}.")
    return lines
