"""The runner with real processes and stand-in steps, which fail as they are told."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flowtag.errors import StorageError
from flowtag.local.disk_places import FilePlace, FolderPlace
from flowtag.local.outcomes import Outcome, Progress
from flowtag.local.runner import Report, tag_videos
from flowtag.local.video_run import Host
from flowtag.local.workers import WorkerPool
from flowtag.run_record import RunRecord
from flowtag.runs import read_motion, readable_json
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import FolderStore
from tests.unit.run_objects import make_metadata, make_plan
from tests.unit.standin_steps import HEALED, SLOW_SECONDS, STANDIN_STEPS


class Recorder:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.outcomes: list[Outcome] = []

    def progressed(self, videos: Sequence[Progress]) -> None:
        self.progress += videos

    def settled(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _write(folder: Path, name: str, words: str) -> Path:
    path = folder / name
    path.write_text(words)
    return path


def _tag(out: Path, *paths: Path, recorder: Recorder | None = None, **settings: object) -> Report:
    force = bool(settings.pop("force", False))
    execution = ExecutionSettings.model_validate({"jobs": 2, **settings})
    host = Host(FolderPlace(out), AnalysisSettings(), execution, force, STANDIN_STEPS)
    return tag_videos([FilePlace(path) for path in paths], host, recorder or Recorder())


def _statuses(report: Report) -> list[str]:
    return [outcome.status for outcome in report.outcomes]


def _record(outcome: Outcome) -> RunRecord:
    assert isinstance(outcome.motion, Path)
    return RunRecord.model_validate_json(outcome.motion.with_name("run.json").read_bytes())


def _chunk_files(out: Path) -> dict[str, tuple[int, int]]:
    """Inode and time differ for a file that was written again."""
    found = {str(path): path.stat() for path in sorted(out.rglob("chunks/*.npz"))}
    return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def test_inputs_are_tagged_and_reported_in_order(tmp_path: Path, out: Path) -> None:
    paths = [_write(tmp_path, f"{i}.mov", "slow ok" if i == 0 else "ok ok ok") for i in range(4)]
    recorder = Recorder()
    report = _tag(out, *paths, recorder=recorder)
    assert [outcome.input for outcome in report.outcomes] == paths
    assert _statuses(report) == ["tagged"] * 4
    assert report.stopped_by is None
    assert sorted(outcome.input for outcome in recorder.outcomes) == paths
    for outcome in report.outcomes:
        assert isinstance(outcome.motion, Path)
        assert read_motion(outcome.motion.read_bytes()).analysis.status == "complete"
        latest = json.loads((outcome.motion.parents[1] / "latest.json").read_bytes())
        assert latest["run_id"] == outcome.run_id


def test_what_goes_wrong_with_one_input_is_its_own_affair(tmp_path: Path, out: Path) -> None:
    words = ["ok ok", "noplan", "crashplan", "ok bad ok", "crash", "ok bug", "ok"]
    paths = [_write(tmp_path, f"{i}.mov", text) for i, text in enumerate(words)]
    report = _tag(out, *paths, tmp_path / "missing.mov")
    expected = "tagged failed failed partial failed partial tagged failed"
    assert _statuses(report) == expected.split()
    codes = ["not_a_video", "worker_crashed", "worker_crashed", "not_found"]
    assert [outcome.code for outcome in report.outcomes if outcome.code] == codes
    reasons = [outcome.reason for outcome in report.outcomes]
    assert reasons[1] == "holds words"
    assert "SIGSEGV" in str(reasons[2])
    assert "No such file" in str(reasons[7])
    untagged = [outcome.status for outcome in report.outcomes if not outcome.is_tagged]
    assert untagged == ["failed"] * 4


def _break_the_pool_under(monkeypatch: pytest.MonkeyPatch, goes: int) -> None:
    """Lets the first tasks come back as they do when a process dies before its task is known."""
    submit, broken = WorkerPool.submit, iter(range(goes))

    def submit_to_a_breaking_pool(pool: WorkerPool, *arguments: Any, **limits: Any) -> Future[Any]:
        if next(broken, None) is None:
            return submit(pool, *arguments, **limits)
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("All workers expired"))
        return future

    monkeypatch.setattr(WorkerPool, "submit", submit_to_a_breaking_pool)


def test_tasks_whose_pool_broke_at_anothers_hands_go_again(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_the_pool_under(monkeypatch, 2)
    paths = [_write(tmp_path, f"{i}.mov", "ok ok") for i in range(2)]
    assert _statuses(_tag(out, *paths)) == ["tagged", "tagged"]


def test_a_task_that_breaks_every_pool_is_given_up(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_the_pool_under(monkeypatch, 3)
    (outcome,) = _tag(out, _write(tmp_path, "a.mov", "ok")).outcomes
    assert (outcome.status, outcome.code) == ("failed", "worker_crashed")


def test_a_chunk_that_fails_is_recorded_and_becomes_a_gap(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok hang ok")
    (outcome,) = _tag(out, path, chunk_timeout_seconds=1.5).outcomes
    assert outcome.status == "partial"
    assert isinstance(outcome.motion, Path)
    failed = json.loads(next(out.rglob("00001.failed.json")).read_bytes())
    assert failed["code"] == "chunk_timeout"
    assert len(read_motion(outcome.motion.read_bytes()).analysis.gaps) == 1
    record = _record(outcome)
    assert record.analysed_chunks == (0, 2)
    assert [failure.code for failure in record.attempts[0].failures] == ["chunk_timeout"]


def test_memory_is_bounded_for_each_chunk(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok eat")
    (outcome,) = _tag(out, path, memory_limit_mb=2048).outcomes
    assert outcome.status == "partial"
    assert "memory" in json.loads(next(out.rglob("00001.failed.json")).read_bytes())["message"]


def test_failed_chunks_are_tried_again_and_no_others(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path, "a.mov", "ok bad ok")
    assert _statuses(_tag(out, path)) == ["partial"]
    before = _chunk_files(out)
    assert _statuses(_tag(out, path)) == ["partial"]
    monkeypatch.setenv(HEALED, "1")
    healed = _tag(out, path)
    assert _statuses(healed) == ["tagged"]
    assert {name: _chunk_files(out)[name] for name in before} == before
    assert not list(out.rglob("*.failed.json"))
    attempts = _record(healed.outcomes[0]).attempts
    assert [attempt.outcome for attempt in attempts] == ["partial", "partial", "complete"]
    assert [attempt.analysed_chunks for attempt in attempts] == [(0, 2), (), (1,)]


def test_an_input_all_of_whose_chunks_fail_is_tried_again(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path, "a.mov", "bad bad")
    (outcome,) = _tag(out, path).outcomes
    assert (outcome.status, outcome.code) == ("failed", "broken")
    assert not list(out.rglob("motion.json"))
    monkeypatch.setenv(HEALED, "1")
    assert _statuses(_tag(out, path)) == ["tagged"]


def test_what_is_complete_is_left_alone_unless_forced(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok ok")
    first = _tag(out, path).outcomes[0]
    before = _chunk_files(out)
    again = _tag(out, path).outcomes[0]
    assert (again.status, again.motion) == ("already_done", first.motion)
    assert _chunk_files(out) == before
    forced = _tag(out, path, force=True).outcomes[0]
    assert (forced.status, forced.motion) == ("tagged", first.motion)
    assert not set(_chunk_files(out).values()) & set(before.values())


def test_a_result_that_says_failed_is_not_taken_for_tags(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok")
    motion = _tag(out, path).outcomes[0].motion
    assert isinstance(motion, Path)
    metadata = make_metadata(make_plan(), status="skipped")
    motion.write_bytes(readable_json(metadata))
    (outcome,) = _tag(out, path).outcomes
    assert (outcome.status, outcome.code) == ("skipped", "skipped")
    assert not outcome.is_tagged


def test_a_damaged_result_is_a_failure_that_says_so(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok")
    motion = _tag(out, path).outcomes[0].motion
    assert isinstance(motion, Path)
    motion.write_bytes(b"{")
    (outcome,) = _tag(out, path).outcomes
    assert (outcome.status, outcome.code) == ("failed", "bad_object")
    assert _statuses(_tag(out, path, force=True)) == ["tagged"]


def test_a_file_that_changes_under_way_is_not_tagged(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "slow ok ok ok")
    growing = threading.Timer(SLOW_SECONDS / 2, _grow_when_planned, [path, out])
    growing.start()
    (outcome,) = _tag(out, path, jobs=1).outcomes
    growing.join()
    assert (outcome.status, outcome.code) == ("failed", "source_changed")
    assert "changed" in str(outcome.reason)
    assert not list(out.rglob("motion.json"))
    assert _chunk_files(out) == {}


def test_a_worker_that_meets_another_content_ends_the_input(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok swap ok ok")
    (outcome,) = _tag(out, path, jobs=1).outcomes
    assert (outcome.status, outcome.code) == ("failed", "source_changed")
    assert outcome.reason == "another content stands there"
    assert not list(out.rglob("motion.json"))


def _grow_when_planned(path: Path, out: Path) -> None:
    while not list(out.rglob("plan.json")):
        time.sleep(0.02)
    path.write_text(path.read_text() + " ok")


def test_a_store_that_fails_costs_the_input(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FolderStore, key: str, data: bytes) -> str:
        raise StorageError(f"cannot write {key}: No space left on device")

    monkeypatch.setattr(FolderStore, "put", refuse)
    (outcome,) = _tag(out, _write(tmp_path, "a.mov", "ok ok ok ok ok")).outcomes
    assert (outcome.status, outcome.code) == ("failed", "storage")
    assert "No space left" in str(outcome.reason)


def test_what_a_writer_that_died_left_is_swept(tmp_path: Path, out: Path) -> None:
    path = _write(tmp_path, "a.mov", "ok bad")
    motion = _tag(out, path).outcomes[0].motion
    assert isinstance(motion, Path)
    leftover = motion.parent / "chunks" / ".00001.npz.elsewhere-1-00ff.tmp"
    leftover.write_bytes(b"half")
    os.utime(leftover, (0, 0))
    _tag(out, path)
    assert not leftover.exists()


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """What a shell starts in the background ignores Ctrl-C, and flowtag would respect that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_soon_and_the_next_command_continues(
    tmp_path: Path, out: Path, number: signal.Signals, usual_signals: None
) -> None:
    paths = [_write(tmp_path, f"{name}.mov", "ok ok hang hang") for name in "ab"]

    def interrupt() -> None:
        while len(_chunk_files(out)) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    threading.Thread(target=interrupt).start()
    recorder = Recorder()
    report = _tag(out, *paths, recorder=recorder)
    assert report.stopped_by == number
    assert _statuses(report) == ["interrupted", "interrupted"]
    assert len(recorder.outcomes) == 2
    assert signal.getsignal(number) is before
    assert not [path for path in out.rglob(".*") if path.suffix == ".tmp"]
    chunks = _chunk_files(out)
    os.environ[HEALED] = "1"
    try:
        again = _tag(out, *paths)
    finally:
        del os.environ[HEALED]
    assert _statuses(again) == ["tagged", "tagged"]
    assert chunks.items() <= _chunk_files(out).items()
    attempts = _record(again.outcomes[0]).attempts
    assert [attempt.outcome for attempt in attempts] == ["interrupted", "complete"]


def test_a_thread_may_tag_too(tmp_path: Path, out: Path) -> None:
    reports: list[Report] = []
    path = _write(tmp_path, "a.mov", "ok")
    thread = threading.Thread(target=lambda: reports.append(_tag(out, path)))
    thread.start()
    thread.join()
    assert _statuses(reports[0]) == ["tagged"]


def test_the_tail_of_one_video_is_filled_with_the_next(tmp_path: Path, out: Path) -> None:
    paths = [_write(tmp_path, "a.mov", "slow slow slow"), _write(tmp_path, "b.mov", "slow")]
    recorder = Recorder()
    _tag(out, *paths, recorder=recorder, jobs=2)
    together = [(one.input, two.input) for one, two in pairwise(recorder.progress)]
    assert (paths[0], paths[1]) in together


def test_the_record_says_with_what_it_was_made(tmp_path: Path, out: Path) -> None:
    (outcome,) = _tag(out, _write(tmp_path, "a.mov", "ok ok"), jobs=1).outcomes
    record = _record(outcome)
    assert {"flowtag", "python", "numpy", "av", "ffmpeg"} <= record.versions.keys()
    assert record.platform.keys() == {"system", "release", "machine"}
    (attempt,) = record.attempts
    assert attempt.execution.jobs == 1
    assert attempt.analysed_chunks == (0, 1)
    assert 0 < attempt.wall_seconds < 60
    assert attempt.started_at <= datetime.now(UTC)
