"""Exports for the viewer's page."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from flowtag.cli import page_exports


def test_two_requests_at_once_are_exported_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Two that are at work together meet here; one alone waits for the other in vain.
    meeting = threading.Barrier(2)
    met: list[bool] = []

    @click.command()
    @click.argument("motion")
    @click.option("--format", type=click.Choice(["csv"]))
    @click.option("-o", "output", type=click.Path(path_type=Path))
    def export(motion: str, format: str, output: Path) -> None:
        try:
            meeting.wait(timeout=0.5)
        except threading.BrokenBarrierError:
            met.append(False)
        else:
            met.append(True)
        meeting.reset()
        output.write_text(motion)

    monkeypatch.setattr(page_exports, "export", export)

    with ThreadPoolExecutor(2) as threads:
        motions = [Path("first.json"), Path("second.json")]
        written = list(threads.map(lambda m: page_exports.run_export(m, "csv", None), motions))

    assert written == [b"first.json", b"second.json"]
    assert met == [False, False]
