"""What is said of a tagging: paths or JSON on stdout, progress and a table on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flowtag.cli.progress import ProgressDisplay
from flowtag.local.outcomes import Outcome, OutcomeStatus, Progress
from flowtag.wording import count, printable

_UNFOLDED = 10_000
_WORDS: dict[OutcomeStatus, tuple[str, str]] = {
    "tagged": ("tagged", "green"),
    "partial": ("partial", "yellow"),
    "already_done": ("already done", "green"),
    "skipped": ("skipped", "yellow"),
    "failed": ("failed", "red"),
    "interrupted": ("interrupted", "yellow"),
}


def plain_console(*, stderr: bool) -> Console:
    """A console that takes text as it is: file names are no markup."""
    stream = sys.stderr if stderr else sys.stdout
    # Whoever reads a pipe reads by the line.
    width = None if stream.isatty() else _UNFOLDED
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


class Reporter:
    """Watches a run for the command line.

    Attributes:
        quiet, as_json, debug: the options of these names.
        console: stderr.
    """

    def __init__(self, *, quiet: bool, as_json: bool, debug: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self.debug = debug
        self.console = plain_console(stderr=True)
        self._held_back: list[bytes] = []
        shown = not quiet and sys.stderr.isatty()
        self._display = ProgressDisplay(self.console) if shown else None

    def __enter__(self) -> Self:
        if self._display is not None:
            self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._display is not None:
            self._display.stop()
        for line in self._held_back:
            click.echo(line)

    def progressed(self, videos: Sequence[Progress]) -> None:
        """Redraws progress, on a terminal."""
        if self._display is not None:
            self._display.update(videos)

    def settled(self, outcome: Outcome) -> None:
        """Prints the result of one input as soon as there is one."""
        line = json_line(outcome) if self.as_json else path_line(outcome)
        if line is None:
            return
        if self._display is not None and sys.stdout.isatty():
            # Both go to one terminal: lines would be drawn over.
            self._held_back.append(line)
        else:
            click.echo(line)

    @contextlib.contextmanager
    def undrawn(self) -> Iterator[None]:
        """Lets lines be printed where progress is drawn."""
        if self._display is None:
            yield
            return
        self._display.stop()
        try:
            yield
        finally:
            self._display.start()

    def say(self, text: str) -> None:
        """Tells something in between, unless it is to be quiet."""
        if not self.quiet:
            self.console.print(printable(text), soft_wrap=True)

    def conclude(self, outcomes: Sequence[Outcome], *, stopped: bool) -> None:
        """Says what happened to each input."""
        if self.quiet:
            for outcome in outcomes:
                if not outcome.is_as_asked:
                    click.echo(failure_line(outcome), err=True)
        else:
            tagged = sum(outcome.is_tagged for outcome in outcomes)
            title = f"{tagged} of {count(len(outcomes), 'input')} tagged"
            self.console.print(outcome_table(title, outcomes))
        if self.debug:
            for outcome in outcomes:
                click.echo(outcome.details, err=True, nl=bool(outcome.details))
        if stopped:
            click.echo("Stopped. The same command continues from here.", err=True)


def path_line(outcome: Outcome) -> bytes | None:
    """The path of a result, for stdout; None if there is none."""
    if outcome.motion is None or not outcome.is_tagged:
        return None
    # Bytes, because a path need not be text.
    return os.fsencode(outcome.motion)


def json_line(outcome: Outcome) -> bytes:
    """What became of an input, for programs."""
    line = {
        "input": printable(outcome.input),
        "status": outcome.status,
        "motion": printable(outcome.motion) if outcome.motion is not None else None,
        "proxy": printable(outcome.proxy) if outcome.proxy is not None else None,
        "report": printable(outcome.report) if outcome.report is not None else None,
        "video_id": outcome.video_id,
        "run_id": outcome.run_id,
        "code": outcome.code,
        "reason": outcome.reason,
    }
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")


def failure_line(outcome: Outcome) -> str:
    """What went wrong, for people."""
    word = _WORDS[outcome.status][0]
    return f"{printable(outcome.input)}: {word}: {printable(outcome.reason or '')}"


def outcome_table(title: str, outcomes: Iterable[Outcome]) -> Table:
    """A row for each outcome."""
    table = Table(box=box.SIMPLE, pad_edge=False, title_justify="left")
    table.title = Text(title)
    table.add_column("input", overflow="fold")
    table.add_column("result", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for outcome in outcomes:
        word, colour = _WORDS[outcome.status]
        name, reason = printable(outcome.input), printable(outcome.reason or "")
        table.add_row(Text(name), Text(word, style=colour), Text(reason))
    return table
