from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from flowtag.cli.progress import ProgressDisplay, frames_text, pace_text
from flowtag.cli.reporting import Reporter
from flowtag.local.outcomes import Outcome, Progress

_MOTION = Path("out/a-1/a-2/motion.json")
_TAGGED = Outcome(Path("a.mov"), "tagged", "a-1", "a-2", _MOTION)
_FAILED = Outcome(
    Path("two\n[red]lines.mov"), "failed", code="broken", reason="[bold]why", details="Traceback"
)


class _Terminal(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


def _report(
    *outcomes: Outcome,
    quiet: bool = False,
    as_json: bool = False,
    debug: bool = False,
    stopped: bool = False,
) -> None:
    with Reporter(quiet=quiet, as_json=as_json, debug=debug) as reporter:
        for outcome in outcomes:
            reporter.progressed([Progress(outcome.input, "analysing", 1, 2)])
            reporter.settled(outcome)
    reporter.conclude(outcomes, stopped=stopped)


def test_stdout_has_a_path_for_each_tagged_input_and_stderr_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    partial = Outcome(
        Path("b.mov"), "partial", "b-1", "b-2", Path("out/b/motion.json"), None, "gap"
    )
    done = Outcome(Path("c.mov"), "already_done", "c-1", "c-2", Path("out/c/motion.json"))
    _report(_TAGGED, _FAILED, partial, done)
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(_MOTION), "out/b/motion.json", "out/c/motion.json"]
    assert "3 of 4 inputs tagged" in err
    for words in (["a.mov", "tagged"], [r"two\n[red]lines.mov", "failed", "[bold]why"]):
        assert any(all(word in line for word in words) for line in err.splitlines())
    assert "already done" in err
    assert "Traceback" not in err


def test_a_skipped_input_has_no_path(capsys: pytest.CaptureFixture[str]) -> None:
    _report(Outcome(Path("a.mov"), "skipped", "a-1", "a-2", _MOTION, "skipped", "a picture"))
    assert capsys.readouterr().out == ""


def test_json_has_a_line_for_each_input(capsys: pytest.CaptureFixture[str]) -> None:
    _report(_TAGGED, _FAILED, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {
            "input": "a.mov",
            "status": "tagged",
            "motion": str(_MOTION),
            "proxy": None,
            "report": None,
            "video_id": "a-1",
            "run_id": "a-2",
            "code": None,
            "reason": None,
        },
        {
            "input": r"two\n[red]lines.mov",
            "status": "failed",
            "motion": None,
            "proxy": None,
            "report": None,
            "video_id": None,
            "run_id": None,
            "code": "broken",
            "reason": "[bold]why",
        },
    ]


def test_quiet_says_only_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    _report(_TAGGED, _FAILED, quiet=True)
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(_MOTION)]
    assert err.splitlines() == [r"two\n[red]lines.mov: failed: [bold]why"]


def test_debug_adds_the_traceback_and_a_stop_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _report(_FAILED, debug=True, stopped=True)
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.splitlines()[-1] == "Stopped. The same command continues from here."


def test_a_path_that_is_no_text_goes_to_stdout_as_it_is(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    motion = Path(os.fsdecode(b"caf\xe9/motion.json"))
    _report(Outcome(Path(os.fsdecode(b"caf\xe9.mov")), "tagged", "a", "b", motion))
    out, err = capfdbinary.readouterr()
    assert out == b"caf\xe9/motion.json\n"
    assert rb"caf\xe9.mov" in err


def test_on_a_terminal_progress_is_drawn_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = _Terminal(), _Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    with Reporter(quiet=False, as_json=False) as reporter:
        reporter.progressed([Progress(Path("[red]a.mov"), "analysing", 120, 250)])
        reporter.settled(_TAGGED)
        assert out.text() == ""
    assert out.text() == f"{_MOTION}\n"
    assert "[red]a.mov" in err.text()
    assert "120/250 frames" in err.text()


def test_quiet_draws_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    err = _Terminal()
    monkeypatch.setattr("sys.stderr", err)
    with Reporter(quiet=True, as_json=False) as reporter:
        reporter.progressed([Progress(Path("a.mov"), "analysing", 120, 250)])
    assert err.text() == ""


def test_videos_that_are_done_leave_the_display() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    display = ProgressDisplay(console)
    first, second = (Progress(Path(f"{n}.mov"), "analysing", 1, 2) for n in "ab")
    display.update([first, second])
    display.update([second])
    assert list(display._tasks) == [Path("b.mov")]


def test_a_video_in_a_bucket_is_shown_by_the_last_part_of_its_key() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    display = ProgressDisplay(console)
    display.update([Progress("s3://films/day 1/take 2?.mov", "analysing", 1, 2)])
    (task,) = display._bars.tasks
    assert task.fields["name"] == "take 2?.mov"


def test_progress_is_told_in_frames_and_pace() -> None:
    path = Path("a.mov")
    running = Progress(path, "analysing", 250, 1000, 10.0, 30.0, 4.0)
    assert frames_text(running) == "250/1000 frames"
    assert pace_text(running) == "2.5x, 12 s left"
    assert frames_text(Progress(path, "analysing", 250)) == "250/? frames"
    assert pace_text(Progress(path, "analysing", 250, None, 10.0, None, 4.0)) == "2.5x"
    assert frames_text(Progress(path, "planning")) == "planning"
    for unsettled in (
        Progress(path, "analysing", 0, 10, 0.0, 30.0, 4.0),
        Progress(path, "analysing", 5, 10, 1.0, 30.0, 0.5),
        Progress(path, "assembling", 10, 10, 10.0, 0.0, 4.0),
    ):
        assert pace_text(unsettled) == ""
