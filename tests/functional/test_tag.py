"""The main job, end to end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flowtag.contracts.metadata import MotionMetadata
from flowtag.run_record import RunRecord
from tests.functional.command import make_clip, read_json, run_flowtag

_CHUNKED = ("--chunk-seconds", "1")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "Take 2.mp4")


@pytest.fixture(scope="module")
def motion(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of tagging the clip, in six chunks."""
    out = tmp_path_factory.mktemp("out")
    ran = run_flowtag("tag", clip, "--out", out, *_CHUNKED, "--jobs", "2")
    assert ran.status == 0, ran.err
    return ran.motion


def test_all_objects_of_the_contract_are_there(motion: Path, clip: Path) -> None:
    run, video = motion.parent, motion.parents[1]
    assert video.name.startswith("take-2-")
    assert run.name.startswith("take-2-")
    written = {p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file()}
    chunks = {name for name in written if name.startswith("chunks/")}
    thumbnails = {name for name in written if name.startswith("thumbnails/")}
    evidence = {name for name in written if name.startswith("evidence/")}
    assert "evidence/index.json" in evidence
    assert written - chunks - thumbnails - evidence == {
        "plan.json",
        "frames.parquet",
        "run.json",
        "motion.json",
    }
    assert chunks == {f"chunks/{index:05d}.npz" for index in range(len(chunks))}
    assert len(chunks) == len(read_json(run / "plan.json")["chunks"]) > 1
    latest = read_json(video / "latest.json")
    assert latest["run_id"] == run.name
    assert latest["motion"] == f"{video.name}/{run.name}/motion.json"


def test_the_result_says_what_the_clip_shows(motion: Path, clip: Path) -> None:
    metadata = MotionMetadata.model_validate_json(motion.read_bytes())
    assert metadata.analysis.status == "complete"
    assert metadata.video.uri == str(clip)
    assert metadata.video.id == motion.parents[1].name
    assert metadata.analysis.frames.decoded == 150
    assert [segment.camera.labels for segment in metadata.segments] == [["pan_right"]]
    assert metadata.segments[0].camera.pan == pytest.approx(25 / 96, abs=0.03)
    assert metadata.segments[-1].end.frame == 150


def test_named_thumbnails_are_pictures(motion: Path) -> None:
    segments = MotionMetadata.model_validate_json(motion.read_bytes()).segments
    names = [segment.thumbnail for segment in segments if segment.thumbnail]
    assert names
    assert {f"thumbnails/{p.name}" for p in motion.parent.glob("thumbnails/*")} == set(names)
    for name in names:
        assert (motion.parent / name).read_bytes()[:2] == b"\xff\xd8"


def test_the_table_has_a_row_for_each_frame(motion: Path) -> None:
    table = pq.read_table(motion.with_name("frames.parquet"))
    assert table.num_rows == 150
    assert table.schema.metadata[b"schema"].startswith(b"flowtag.features/")


def test_the_record_says_how_it_went(motion: Path) -> None:
    record = RunRecord.model_validate_json(motion.with_name("run.json").read_bytes())
    (attempt,) = record.attempts
    assert attempt.outcome == "complete"
    assert attempt.execution.jobs == 2
    assert attempt.analysed_chunks == record.analysed_chunks == tuple(range(record.chunks))
    assert attempt.cpu_seconds is not None
    assert attempt.cpu_seconds > 0
    assert attempt.engines == ()


def test_nothing_of_the_clock_or_the_machine_stands_in_the_result(
    motion: Path, clip: Path, tmp_path: Path
) -> None:
    ran = run_flowtag("tag", clip, "--out", tmp_path / "again", *_CHUNKED, "--jobs", "2")
    assert ran.motion.read_bytes() == motion.read_bytes()


@pytest.mark.parametrize(("jobs", "seconds"), [("1", "1"), ("2", "2.5"), ("1", "60")])
def test_neither_jobs_nor_chunks_change_a_byte(
    motion: Path, clip: Path, tmp_path: Path, jobs: str, seconds: str
) -> None:
    ran = run_flowtag(
        "tag", clip, "--out", tmp_path / "out", "--jobs", jobs, "--chunk-seconds", seconds
    )
    assert ran.status == 0, ran.err
    assert ran.motion.read_bytes() == motion.read_bytes()
    pictures = sorted(p.name for p in motion.parent.glob("thumbnails/*"))
    assert pictures == sorted(p.name for p in ran.motion.parent.glob("thumbnails/*"))
    for name in pictures:
        one, two = (p.parent / "thumbnails" / name for p in (motion, ran.motion))
        assert one.read_bytes() == two.read_bytes()


def test_a_range_is_a_run_of_its_own(motion: Path, clip: Path, tmp_path: Path) -> None:
    ran = run_flowtag("tag", clip, "--out", tmp_path, "--range", "00:00:02", "4.0")
    assert ran.status == 0, ran.err
    assert ran.motion.parent.name != motion.parent.name
    assert ran.motion.parents[1].name == motion.parents[1].name
    metadata = MotionMetadata.model_validate_json(ran.motion.read_bytes())
    assert metadata.segments[0].start.seconds == pytest.approx(2.0, abs=0.05)
    assert metadata.segments[-1].end.seconds == pytest.approx(4.0, abs=0.05)
    tail = run_flowtag("tag", clip, "--out", tmp_path, "--range", "4", "end")
    metadata = MotionMetadata.model_validate_json(tail.motion.read_bytes())
    assert metadata.segments[-1].end.frame == 150


def test_a_preset_is_a_run_of_its_own_and_the_last_planned_is_shown(
    motion: Path, clip: Path, tmp_path: Path
) -> None:
    first = run_flowtag("tag", clip, "--out", tmp_path, "--preset", "fast").motion
    second = run_flowtag("tag", clip, "--out", tmp_path).motion
    assert first.parent != second.parent
    assert second.parent.name == motion.parent.name
    latest = second.parents[1] / "latest.json"
    assert read_json(latest)["run_id"] == second.parent.name
    run_flowtag("tag", clip, "--out", tmp_path, "--preset", "fast")
    assert read_json(latest)["run_id"] == second.parent.name


def test_a_folder_is_walked_and_its_output_left_out(tmp_path: Path) -> None:
    card = tmp_path / "card"
    for name in ("b/2.mp4", "a.MP4", "._a.mp4"):
        make_clip(card / name, frames=30)
    (card / "notes.txt").write_text("no video")
    out = card / "tags"
    ran = run_flowtag("tag", card, "--out", out, "--json")
    assert ran.status == 0, ran.err
    found = sorted(str(Path(line["input"]).relative_to(card)) for line in ran.json_lines)
    assert found == ["a.MP4", "b/2.mp4"]
    again = run_flowtag("tag", card, "--out", out, "--json")
    assert [line["status"] for line in again.json_lines] == ["already_done"] * 2


def test_one_bad_file_of_several_stops_no_other(tmp_path: Path) -> None:
    good = [make_clip(tmp_path / f"{index}.mp4", frames=30 + index) for index in range(3)]
    bad = tmp_path / "bad.mp4"
    bad.write_text("this is no video")
    missing = tmp_path / "missing.mp4"
    ran = run_flowtag("tag", bad, *good, missing, "--out", tmp_path / "out")
    assert ran.status == 1
    assert len(ran.lines) == 3
    assert all(Path(line).name == "motion.json" for line in ran.lines)
    assert "3 of 5 inputs tagged" in ran.err
    assert "Traceback" not in ran.err
    for name in ("bad.mp4", "missing.mp4"):
        assert any("failed" in line and name in line for line in ran.err.splitlines())


def test_a_truncated_file_is_partial_and_counts_as_tagged(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", frames=150)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for expected in ("partial", "partial"):
        ran = run_flowtag("tag", cut, "--out", tmp_path / "out", "--json", *_CHUNKED)
        assert ran.status == 0, ran.err
        assert ran.json_lines[0]["status"] == expected
        assert ran.json_lines[0]["reason"]
    motion = read_json(Path(ran.json_lines[0]["motion"]))
    assert motion["analysis"]["status"] == "partial"
    assert motion["analysis"]["gaps"]


@pytest.mark.parametrize(
    "name",
    [b"with space.mp4", b"[red]take[bold].mp4", b"two\nlines.mp4", b"caf\xe9.mp4", b"-x.mp4"],
)
def test_any_file_name_can_be_tagged_and_shown(tmp_path: Path, name: bytes) -> None:
    clip = make_clip(tmp_path / "plain.mp4", frames=30)
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    clip.rename(odd)
    out = tmp_path / "out"
    ran = run_flowtag("tag", odd, "--out", out, "--json")
    assert ran.status == 0, ran.err
    (line,) = ran.json_lines
    assert json.loads(Path(line["motion"]).read_bytes())["video"]["uri"]
    shown = run_flowtag("show", out)
    assert shown.status == 0, shown.err
    expected = name.decode("utf-8", "backslashreplace").replace("\n", "\\n")
    assert shown.out.splitlines()[0].startswith(expected.removesuffix(".mp4"))
