"""Stopping in the middle, in every way, and going on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from flowtag.chunk_results import chunk_states
from flowtag.run_keys import RunKeys
from flowtag.runs import read_plan
from flowtag.storage import FolderStore
from tests.functional.command import (
    fingerprints,
    half_written,
    make_clip,
    read_json,
    run_flowtag,
    start_flowtag,
    wait_for,
)

_OPTIONS = ("--chunk-seconds", "1", "--jobs", "1")
_FRAMES = 1500


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute, so that there is time to stop it."""
    return make_clip(tmp_path_factory.mktemp("clips") / "long.mp4", frames=_FRAMES)


@pytest.fixture(scope="module")
def untouched(long_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The result of a run that nobody stopped."""
    ran = run_flowtag("tag", long_clip, "--out", tmp_path_factory.mktemp("whole"), *_OPTIONS)
    assert ran.status == 0, ran.err
    return ran.motion.read_bytes()


def _stop_after_chunks(clip: Path, out: Path, number: signal.Signals) -> tuple[int, str]:
    """Starts tagging, sends a signal once two chunks are there; gives status and stderr."""
    with start_flowtag("tag", clip, "--out", out, *_OPTIONS) as process:
        wait_for(out, "*.npz", 2)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        return process.returncode, err.decode()


def _assert_continues(clip: Path, out: Path, untouched: bytes) -> None:
    kept = fingerprints(out)
    assert not list(out.rglob("motion.json"))
    ran = run_flowtag("tag", clip, "--out", out, *_OPTIONS)
    assert ran.status == 0, ran.err
    after = fingerprints(out)
    assert len(kept) >= 2
    assert kept.items() <= after.items()
    assert len(after) > len(kept)
    assert ran.motion.read_bytes() == untouched
    assert half_written(out) == []


def test_after_a_kill_that_cannot_be_caught(
    long_clip: Path, untouched: bytes, tmp_path: Path
) -> None:
    status, _ = _stop_after_chunks(long_clip, tmp_path, signal.SIGKILL)
    assert status == -signal.SIGKILL
    _assert_continues(long_clip, tmp_path, untouched)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_after_ctrl_c_and_kill(
    long_clip: Path, untouched: bytes, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    found, err = _stop_after_chunks(long_clip, tmp_path, number)
    assert found == status
    assert "same command continues" in err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert half_written(tmp_path) == []
    _assert_continues(long_clip, tmp_path, untouched)


def test_a_chunk_that_was_begun_is_not_waited_for(long_clip: Path, tmp_path: Path) -> None:
    with start_flowtag("tag", long_clip, "--out", tmp_path, "--chunk-seconds", "60") as process:
        wait_for(tmp_path, "plan.json")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert not list(tmp_path.rglob("*.npz"))


def test_ctrl_c_in_a_terminal_reaches_the_workers_too(long_clip: Path, tmp_path: Path) -> None:
    with start_flowtag("tag", long_clip, "--out", tmp_path, *_OPTIONS) as process:
        wait_for(tmp_path, "plan.json")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    assert not list(tmp_path.rglob("*.failed.json"))


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.3])
def test_ctrl_c_while_it_starts_is_quiet_too(
    long_clip: Path, tmp_path: Path, seconds: float
) -> None:
    out = tmp_path / "out"
    with start_flowtag("tag", long_clip, "--out", out, *_OPTIONS) as process:
        wait_for(tmp_path, "out")
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err.decode()


def test_a_chunk_of_another_task_is_computed_again(
    long_clip: Path, untouched: bytes, tmp_path: Path
) -> None:
    _stop_after_chunks(long_clip, tmp_path, signal.SIGTERM)
    first, second = sorted(tmp_path.rglob("*.npz"))[:2]
    before = fingerprints(tmp_path)
    first.write_bytes(second.read_bytes())
    second.write_bytes(second.read_bytes()[:100])
    ran = run_flowtag("tag", long_clip, "--out", tmp_path, *_OPTIONS)
    assert ran.status == 0, ran.err
    after = fingerprints(tmp_path)
    assert {path for path in before if before[path] != after[path]} >= {first, second}
    assert ran.motion.read_bytes() == untouched
    store = FolderStore(tmp_path)
    keys = RunKeys(ran.motion.parents[1].name, ran.motion.parent.name)
    assert set(chunk_states(store, read_plan(store, keys))) == {"done"}


def test_what_is_complete_is_skipped_and_force_does_it_over(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=75), tmp_path / "out"
    first = run_flowtag("tag", clip, "--out", out, *_OPTIONS).motion
    before = fingerprints(out, "*.*")
    again = run_flowtag("tag", clip, "--out", out, *_OPTIONS)
    assert again.status == 0
    assert again.motion == first
    assert "already done" in again.err
    assert fingerprints(out, "*.*") == before
    content = first.read_bytes()
    forced = run_flowtag("tag", clip, "--out", out, *_OPTIONS, "--force")
    assert forced.motion == first
    after = fingerprints(out)
    assert after.keys() <= before.keys()
    assert all(after[path] != before[path] for path in after)
    assert first.read_bytes() == content


def test_new_content_under_an_old_name_is_a_new_run(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=50), tmp_path / "out"
    first = run_flowtag("tag", clip, "--out", out).motion
    make_clip(clip, frames=60, step=2)
    second = run_flowtag("tag", clip, "--out", out).motion
    assert second.parents[1] == first.parents[1]
    assert second.parent != first.parent
    assert read_json(first.parents[1] / "latest.json")["run_id"] == second.parent.name
    shown = run_flowtag("show", out)
    assert shown.status == 0
    assert len([line for line in shown.lines if "a.mp4" in line]) == 1


def test_a_chunk_that_failed_is_tried_again(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=100), tmp_path / "out"
    whole = run_flowtag("tag", clip, "--out", tmp_path / "whole", *_OPTIONS).motion
    broken = run_flowtag("tag", clip, "--out", out, *_OPTIONS).motion
    chunk = broken.parent / "chunks" / "00001.npz"
    chunk.rename(tmp_path / "00001.npz")
    broken.unlink()
    again = run_flowtag("tag", clip, "--out", out, *_OPTIONS)
    assert again.status == 0, again.err
    assert np.load(chunk).files == np.load(tmp_path / "00001.npz").files
    assert chunk.read_bytes() == (tmp_path / "00001.npz").read_bytes()
    assert again.motion.read_bytes() == whole.read_bytes()
