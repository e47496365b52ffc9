"""What `benchmarks/results.md` says of the costs that were measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import av

from benchmarks.costs import cost_table
from benchmarks.measuring import Cost, machine

ASKED_RATIOS = {"balanced": 1.4, "fast": 0.7}
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
    def median(self) -> Cost | None:
        """The run in the middle by CPU time, of an even number the cheaper one."""
        ordered = sorted(self.costs, key=lambda cost: cost.cpu_seconds)
        return ordered[(len(ordered) - 1) // 2] if ordered else None

    def spread(self) -> str:
        """From the cheapest run to the dearest, of the median."""
        if len(self.costs) < 2 or self.median is None:
            return "one run"
        seconds = [cost.cpu_seconds for cost in self.costs]
        share = (max(seconds) - min(seconds)) / self.median.cpu_seconds
        return f"{100 * share:.0f}% of {len(seconds)}"


@dataclass
class Session:
    """All of one run of the benchmark on one file."""

    footage: str
    rows: list[Row]
    frames: int
    seconds: float
    options: str = ""
    start_up: Cost | None = None
    stages: list[str] = field(default_factory=list)
    other_rates: list[Session] = field(default_factory=list)
    other_files: list[Session] = field(default_factory=list)
    estimators: list[str] = field(default_factory=list)

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
        median = next(row.median for row in self.rows if row.kind == "unit")
        return median.cpu_seconds if median else None

    def ratio(self, row: Row) -> float | None:
        """CPU time over decoding's; None where either is unknown."""
        unit = self.unit_seconds
        return row.median.cpu_seconds / unit if row.median and unit else None

    def ratio_of(self, preset: str) -> float | None:
        """The ratio of one of flowtag's presets; None where it is unknown."""
        row = next((row for row in self.rows if row.preset == preset), None)
        return self.ratio(row) if row else None


@dataclass(frozen=True)
class Headline:
    """Whether a preset keeps to what is asked of it, and the sentence that says so."""

    met: bool
    text: str


def headlines(session: Session) -> list[Headline]:
    """Compares presets with their limits, all that the command costs counted."""
    return [_headline(session, preset, asked) for preset, asked in ASKED_RATIOS.items()]


def _headline(session: Session, preset: str, asked: float) -> Headline:
    ratio = session.ratio_of(preset)
    if ratio is None:
        return Headline(False, f"- `{preset}` was not measured against decoding.")
    met = ratio <= asked
    rest = without_start_up(session, preset)
    without = f" {rest:.2f} without start-up." if rest is not None else ""
    short = "" if session.seconds >= ASKED_SECONDS else " The file is shorter than five minutes."
    verdict = "met" if met else "**missed**"
    return Headline(
        met,
        f"- Asked of `{preset}` with one job: at most {asked} of decoding's CPU time. Measured:"
        f" **{ratio:.2f}**: {verdict}.{without}{short}",
    )


def without_start_up(session: Session, preset: str) -> float | None:
    """A preset's ratio, less what the first second of the file costs in both."""
    ratio, start_up, unit = session.ratio_of(preset), session.start_up, session.unit_seconds
    if ratio is None or start_up is None or not unit:
        return None
    return ratio - start_up.cpu_seconds / unit


def document(session: Session) -> str:
    """The whole of `benchmarks/results.md`."""
    unit = session.unit_seconds
    per_frame = f" ({1e3 * unit / max(session.frames, 1):.1f} ms a frame)" if unit else ""
    start_up = session.start_up
    lines = [
        "# Results",
        "",
        "CPU time is user and system time of the command and its children, the median of the"
        " runs, all of one session; the ratio is over decoding the same file with one thread and"
        f" throwing the pictures away{per_frame}. Losses stand here like wins. Written by"
        f" `python -m benchmarks.speed {session.options}` on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        *(headline.text for headline in headlines(session)),
        "",
        "## Presets and peers",
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
    if session.other_files:
        lines += [*_other_files(session.other_files), ""]
    lines += [*_costs(session), "", *session.estimators, ""]
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
    return [
        "## The same film at other bit rates",
        "",
        "Decoding grows with the rate and flowtag's own work does not. Start-up is left out, since"
        f" these files are shorter. {_how_often(sessions)}",
        "",
        *_ratios(sessions),
    ]


def _other_files(sessions: list[Session]) -> list[str]:
    return [
        "## With other kinds of frames",
        "",
        "Fast leaves out frames to which no other refers: of the film above one in two. Without B"
        f" frames there are none. Start-up is left out. {_how_often(sessions)}",
        "",
        *_ratios(sessions),
    ]


def _how_often(sessions: list[Session]) -> str:
    runs = max(len(row.costs) for session in sessions for row in session.rows)
    return "One run each." if runs == 1 else f"Medians of {runs} runs."


def _ratios(sessions: list[Session]) -> list[str]:
    presets = list(ASKED_RATIOS)
    heads = " | ".join(f"{preset}, ratio without start-up" for preset in presets)
    lines = [f"| footage | decoding, CPU s | {heads} |", "|---|--:|" + "--:|" * len(presets)]
    for session in sessions:
        ratios = [without_start_up(session, preset) for preset in presets]
        shown = " | ".join("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {session.footage} | {session.unit_seconds or 0:.1f} | {shown} |")
    return lines


def _costs(session: Session) -> list[str]:
    """What an hour of this footage, and of the others, costs."""
    lines = ["## Cost of an hour of footage", ""]
    measured = [
        (row.name, row.median.cpu_seconds)
        for row in session.rows
        if row.kind == "flowtag" and row.median
    ]
    lines += [
        f"From the CPU times above ({session.footage}). The processors of these hosts are taken to"
        " be as fast as the one measured on; arm64 was not measured.",
        "",
        *cost_table(measured, session.seconds),
    ]
    return lines


def _table(session: Session) -> list[str]:
    lines = [
        "| | CPU s | ratio | spread | wall s | peak MB | version |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in session.rows:
        median, ratio = row.median, session.ratio(row)
        if median is None:
            lines.append(f"| {row.name} | - | - | - | - | - | not measured: {row.not_measured} |")
            continue
        shown = f"{ratio:.2f}" if ratio is not None else "-"
        lines.append(
            f"| {row.name} | {median.cpu_seconds:.1f} | {shown} | {row.spread()} |"
            f" {median.wall_seconds:.1f} | {median.peak_rss_mb:.0f} | {row.version} |"
        )
    return lines


def _beaten(session: Session) -> list[str]:
    """For each preset, the peers that cost more, and those that cost less."""
    peers = [row for row in session.rows if row.kind == "peer"]
    lines = []
    for own in (row for row in session.rows if row.kind == "flowtag" and row.median):
        cost = own.median.cpu_seconds if own.median else 0.0
        beaten = [row.name for row in peers if row.median and row.median.cpu_seconds > cost]
        better = [row.name for row in peers if row.median and row.median.cpu_seconds <= cost]
        lines.append(
            f"- {own.name} costs less than {'; '.join(beaten) or 'none'}."
            f" It does not beat {'; '.join(better) or 'none: all measured peers cost more'}."
        )
    missing = [row.name for row in peers if not row.median]
    if missing:
        lines.append(f"- Not measured: {'; '.join(missing)}.")
    return lines
