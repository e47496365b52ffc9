from __future__ import annotations

from pathlib import Path

import pytest

from flowtag.errors import StorageError
from flowtag.local.tally import Tally
from tests.unit.run_objects import make_plan


def test_progress_counts_what_is_done_before_and_now() -> None:
    tally = Tally(make_plan(chunks=3), ("done", "missing", "missing"))
    tally.begin(1, slot=4)
    found = tally.progress(Path("a.mov"), "analysing", [0, 0, 0, 0, 50])
    assert (found.frames_done, found.frames_expected) == (150, 300)
    assert found.seconds_done == pytest.approx(2.0)
    assert found.seconds_left == pytest.approx(6.0)
    assert found.elapsed_seconds < 1.0
    tally.succeed(1)
    tally.fail(2, StorageError("no"))
    assert tally.is_settled
    assert tally.progress(Path("a.mov"), "analysing", []).frames_done == 300


def test_progress_of_a_video_of_unknown_length_has_no_end() -> None:
    plan = make_plan(chunks=2)
    endless = plan.model_copy(update={"probe": plan.probe.model_copy(update={"end_pts": None})})
    found = Tally(endless, ("missing", "missing")).progress(Path("a.mov"), "analysing", [])
    assert found.frames_expected is None
    assert found.seconds_left is None


def test_the_clock_starts_with_the_first_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    tally = Tally(make_plan(chunks=1), ("missing",))
    tally.begin(0, slot=0)
    clock[0] = 160.0
    assert tally.progress(Path("a.mov"), "analysing", [0]).elapsed_seconds == 0
    tally.progress(Path("a.mov"), "analysing", [1])
    clock[0] = 163.0
    assert tally.progress(Path("a.mov"), "analysing", [75]).elapsed_seconds == pytest.approx(3.0)
