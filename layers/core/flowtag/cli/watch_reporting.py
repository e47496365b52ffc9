"""What is said of a watched folder: each result at once, and at the end what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

import click

from flowtag.cli.reporting import Reporter, failure_line, json_line, outcome_table, path_line
from flowtag.local.outcomes import Outcome, OutcomeStatus, Progress
from flowtag.places import Address
from flowtag.wording import count

_MOST_ARRIVING = 8


class WatchReporter(Reporter):
    """As :class:`Reporter`, for a command that may run for weeks.

    What was tagged before it began is counted and not listed. Of each input the last outcome is
    kept, unless there is nothing to be said of it any more.
    """

    def __init__(
        self,
        *,
        quiet: bool,
        as_json: bool,
        debug: bool,
        moving: Callable[[], Iterable[Path]],
    ) -> None:
        """Takes the options, and a way to ask which files are waited for."""
        super().__init__(quiet=quiet, as_json=as_json, debug=debug)
        self._moving = moving
        self._counts: Counter[OutcomeStatus] = Counter()
        self._missing: dict[Address, Outcome] = {}

    @property
    def has_all(self) -> bool:
        """Whether every input came to what was asked for in the end."""
        return not self._missing

    def progressed(self, videos: Sequence[Progress]) -> None:
        """Redraws progress, on a terminal; files that are still arriving come last."""
        arriving = [Progress(path, "arriving") for path in islice(self._moving(), _MOST_ARRIVING)]
        super().progressed([*videos, *arriving])

    def settled(self, outcome: Outcome) -> None:
        """Prints what is new, and says at once what went wrong."""
        self._counts[outcome.status] += 1
        self._missing.pop(outcome.input, None)
        if not outcome.is_as_asked:
            self._missing[outcome.input] = outcome
        if outcome.status == "already_done" and outcome.is_as_asked:
            return
        with self.undrawn():
            self._print(outcome)

    def _print(self, outcome: Outcome) -> None:
        line = json_line(outcome) if self.as_json else path_line(outcome)
        if line is not None:
            click.echo(line)
        if not outcome.is_as_asked and outcome.status != "interrupted":
            click.echo(failure_line(outcome), err=True)
            if self.debug and outcome.details:
                click.echo(outcome.details, err=True)

    def summarise(self, *, stopped: bool) -> None:
        """Says how much was done, and lists what is missing."""
        if not self.quiet:
            if self._missing:
                self.console.print(outcome_table(self._summary(), self._missing.values()))
            else:
                self.say(self._summary())
        if stopped:
            click.echo("Stopped. The same command continues from here.", err=True)

    def _summary(self) -> str:
        done = self._counts["tagged"] + self._counts["partial"]
        parts = [f"{count(done, 'result')}"]
        if self._counts["already_done"]:
            parts.append(f"{self._counts['already_done']} tagged before")
        if self._missing:
            parts.append(f"{len(self._missing)} not done")
        return ", ".join(parts)
