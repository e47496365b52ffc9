"""Measure what flowtag and its peers cost on one file, over decoding it with one thread.

    python -m benchmarks.speed [--footage FILE | --seconds N] [--repeats N] [--repeats-elsewhere N]
                               [--only SUBSTRING...]

Writes `benchmarks/results.md`. Exits with 1 if a preset costs more than is asked of it, or could
not be measured. A run with `--only` prints, leaves the document alone and asks for nothing. On a
busy machine only CPU time means anything.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.breakdown import measure as measure_stages
from benchmarks.estimators import estimator_lines
from benchmarks.footage import FILMS, OTHER_MEGABITS, Structure, film
from benchmarks.measuring import CommandFailedError, Cost, flowtag_command, run
from benchmarks.peers import DECODING, PEERS, NotInstalledError, Peer, Tool, install_tools
from benchmarks.speed_report import ASKED_RATIOS, Kind, Row, Session, document, headlines
from flowtag import __version__

HERE = Path(__file__).parent
DOCUMENT = HERE / "results.md"
OUT = HERE / "out"
FOOTAGE_SECONDS = 320.0
STAGES_SECONDS = 32.0
OTHER_FILMS_SECONDS = 96.0
# What takes this long is measured once: a peer ten times as slow as decoding gains nothing by more.
LONGEST_REPEATED_SECONDS = 200.0
OTHER_STRUCTURES: dict[Structure, str] = {
    "flat-b": "B frames to which none refers",
    "no-b": "no B frames",
    "intra": "key frames alone",
}
PRESETS = ("balanced", "fast", "best")


@dataclass
class Contender:
    """Something to run: how, and what it has cost so far.

    Attributes:
        row: its line in the table.
        command: for a scratch folder that is emptied after each run.
    """

    row: Row
    command: Callable[[Path], list[str]]
    failed: bool = field(default=False)

    def run_once(self) -> None:
        """Runs it, unless it has failed before or is too slow to be repeated."""
        slow = any(cost.cpu_seconds > LONGEST_REPEATED_SECONDS for cost in self.row.costs)
        if self.failed or slow:
            return
        print(f"running {self.row.name}", file=sys.stderr)
        try:
            with scratch() as folder:
                self.row.costs.append(run(self.command(folder), folder))
        except CommandFailedError as error:
            self.failed, self.row.not_measured = True, str(error)


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder, gone afterwards."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT, prefix="speed-") as folder:
        yield Path(folder)


def tag_command(path: Path, preset: str, folder: Path, *more: str) -> list[str]:
    """Tags a file with one job into a folder."""
    options = ["--jobs", "1", "--preset", preset, "--quiet", *more]
    return [flowtag_command(), "tag", str(path), "--out", str(folder), *options]


def contenders(path: Path, tools: dict[str, Tool | NotInstalledError]) -> list[Contender]:
    """All that is to be measured on a file; the unit first."""
    found = [_of_peer(DECODING, tools[DECODING.tool], path)]
    for preset in PRESETS:
        row = Row(f"**flowtag, {preset}**", "flowtag", f"flowtag {__version__}", preset=preset)
        row.shown_command = f"flowtag tag FILE --out DIR --jobs 1 --preset {preset} --quiet"
        found.append(Contender(row, partial(tag_command, path, preset)))
    return found + [_of_peer(peer, tools[peer.tool], path) for peer in PEERS]


def _of_peer(peer: Peer, tool: Tool | NotInstalledError, path: Path) -> Contender:
    kind: Kind = "unit" if peer is DECODING else "peer"
    if isinstance(tool, NotInstalledError):
        row = Row(peer.name, kind, "", not_measured=f"not installed: {tool}")
        return Contender(row, lambda folder: [], failed=True)
    row = Row(peer.name, kind, tool.version)
    row.shown_command = " ".join([peer.tool, *peer.arguments(Path("FILE"))])
    return Contender(row, lambda folder: [tool.program, *peer.arguments(path)])


def at_other_rates(tools: dict[str, Tool | NotInstalledError], repeats: int) -> list[Session]:
    """Decoding and the presets of which speed is asked, on the same film at other bit rates."""
    films = (film(FILMS, OTHER_FILMS_SECONDS, megabits=rate) for rate in OTHER_MEGABITS)
    return [_beside_decoding(path.absolute(), tools, repeats) for path in films]


def with_other_frames(tools: dict[str, Tool | NotInstalledError], repeats: int) -> list[Session]:
    """The same of films with other kinds of frames, each with a word on which."""
    found = []
    for structure, words in OTHER_STRUCTURES.items():
        path = film(FILMS, OTHER_FILMS_SECONDS, structure=structure)
        session = _beside_decoding(path.absolute(), tools, repeats)
        session.footage = f"{words}: {session.footage}"
        found.append(session)
    return found


def _beside_decoding(
    path: Path, tools: dict[str, Tool | NotInstalledError], repeats: int
) -> Session:
    found = [one for one in contenders(path, tools) if _is_asked(one.row)]
    for _ in range(repeats):
        for one in found:
            one.run_once()
    session = Session.of(path, True, [one.row for one in found])
    session.start_up = start_up(path, repeats)
    return session


def _is_asked(row: Row) -> bool:
    return row.kind == "unit" or row.preset in ASKED_RATIOS


def start_up(path: Path, repeats: int) -> Cost:
    """What the first second of a file costs: all but the work itself."""
    costs = []
    for _ in range(repeats):
        with scratch() as folder:
            costs.append(run(tag_command(path, "balanced", folder, "--range", "0", "1"), folder))
    return min(costs, key=lambda cost: cost.cpu_seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the document; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--footage", type=Path, help="instead of the rendered film")
    parser.add_argument("--seconds", type=float, default=FOOTAGE_SECONDS, help="of the film")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--repeats-elsewhere", type=int, help="on the other films; as often")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="parts of names; the unit is always"
    )
    chosen = parser.parse_args(arguments)
    path = (chosen.footage or film(FILMS, chosen.seconds)).absolute()
    is_whole = chosen.only == [""]
    tools = install_tools(OUT / "peers")
    found = [
        one
        for one in contenders(path, tools)
        if one.row.kind == "unit"
        or any(part.lower() in one.row.name.lower() for part in chosen.only)
    ]
    # Round by round, so that what else the machine does falls on all alike.
    for _ in range(chosen.repeats):
        for one in found:
            one.run_once()
    session = Session.of(path, chosen.footage is None, [one.row for one in found])
    session.start_up = start_up(path, chosen.repeats)
    source = "--footage FILE" if chosen.footage else f"--seconds {chosen.seconds:g}"
    session.options = f"{source} --repeats {chosen.repeats}"
    if is_whole and not chosen.footage:
        elsewhere = chosen.repeats_elsewhere or chosen.repeats
        session.other_rates = at_other_rates(tools, elsewhere)
        session.other_files = with_other_frames(tools, elsewhere)
        session.estimators = estimator_lines(chosen.repeats)
    session.stages = [measure_stages(path, "balanced", STAGES_SECONDS).table()]
    text = document(session)
    print(text)
    if is_whole:
        DOCUMENT.write_text(text, encoding="utf-8")
    return 0 if not is_whole or all(headline.met for headline in headlines(session)) else 1


if __name__ == "__main__":
    sys.exit(main())
