"""What goes where, and with which exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.command import make_clip, run_flowtag


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", frames=50)


@pytest.fixture(scope="module")
def out(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder in which the clip is tagged."""
    folder = tmp_path_factory.mktemp("out")
    assert run_flowtag("tag", clip, "--out", folder).status == 0
    return folder


def test_stdout_has_the_path_and_nothing_else(clip: Path, tmp_path: Path) -> None:
    ran = run_flowtag("tag", clip, "--out", tmp_path)
    assert ran.status == 0
    assert ran.out == f"{ran.motion}\n"
    assert ran.motion.is_file()
    assert "1 of 1 input tagged" in ran.err
    assert "frames" not in ran.err
    assert "\x1b" not in ran.err


def test_quiet_is_silent_where_all_is_well(clip: Path, tmp_path: Path) -> None:
    ran = run_flowtag("tag", clip, "--out", tmp_path, "--quiet")
    assert (ran.status, ran.err) == (0, "")
    assert ran.motion.is_file()
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"")
    failed = run_flowtag("tag", bad, "--out", tmp_path, "--quiet")
    assert (failed.status, failed.out) == (1, "")
    assert failed.err.startswith(f"{bad}: failed: ")


def test_json_has_a_line_for_each_input(clip: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video at all")
    ran = run_flowtag("tag", bad, clip, "--out", tmp_path / "out", "--json")
    assert ran.status == 1
    lines = {Path(line["input"]).name: line for line in ran.json_lines}
    assert lines["clip.mp4"]["status"] == "tagged"
    assert Path(lines["clip.mp4"]["motion"]).is_file()
    assert lines["clip.mp4"]["code"] is None
    assert lines["bad.mp4"]["status"] == "failed"
    assert lines["bad.mp4"]["motion"] is None
    assert lines["bad.mp4"]["code"] == "not_a_video"
    assert lines["bad.mp4"]["reason"]


def test_usage_is_status_two(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for words in (
        ("tag", clip),
        ("tag", tmp_path / "empty", "--out", tmp_path / "out"),
        ("tag", tmp_path / "missing.mp4", "--out", tmp_path / "out"),
        ("tag", clip, "--out", clip),
        ("tag", clip, "--out", tmp_path / "out", "--range", "3", "1"),
    ):
        ran = run_flowtag(*words)
        assert ran.status == 2
        assert ran.out == ""
        assert "Usage:" in ran.err or "Error:" in ran.err


def test_files_are_tagged_without_boto3_and_videos_in_buckets_are_not(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("boto3", "botocore"):
        (tmp_path / name).mkdir()
        absent = f"raise ModuleNotFoundError('no {name}', name='{name}')"
        (tmp_path / name / "__init__.py").write_text(absent)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)

    tagged = run_flowtag("tag", clip, "--out", tmp_path / "out", "--chunk-seconds", "1")
    refused = run_flowtag("run", "s3://films/a.mp4", "--out", tmp_path / "out")

    assert tagged.status == 0, tagged.err
    assert refused.status == 2
    assert "no module boto3" in refused.err
    assert "flowtag[aws]" in refused.err


def test_show_reads_what_tag_wrote(out: Path) -> None:
    ran = run_flowtag("show", out)
    assert ran.status == 0, ran.err
    assert ran.lines[0].startswith("clip.mp4, 96 x 64, 1 shot, 1 segment")
    assert set(ran.lines[1]) <= set("▁▂▃▄▅▆▇█·")
    assert any("pan_right" in line for line in ran.lines)


def test_show_of_nothing_is_an_error(tmp_path: Path) -> None:
    ran = run_flowtag("show", tmp_path)
    assert ran.status == 1
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1


def test_probe_says_what_the_container_says(clip: Path) -> None:
    ran = run_flowtag("probe", clip)
    assert ran.status == 0, ran.err
    assert "96 x 64" in ran.out
    assert "25 frames per second" in ran.out
    found = json.loads(run_flowtag("probe", clip, "--json").out)
    assert (found["width"], found["height"], found["codec"]) == (96, 64, "h264")


def test_probe_of_what_is_no_video_is_one_line(tmp_path: Path) -> None:
    for content in (b"", b"plain text"):
        (tmp_path / "bad.mp4").write_bytes(content)
        ran = run_flowtag("probe", tmp_path / "bad.mp4")
        assert ran.status == 1
        assert ran.err.startswith("Error: ")
        assert len(ran.err.splitlines()) == 1


def test_on_a_terminal_there_is_progress(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=300)
    words = ["tag", str(clip), "--out", str(tmp_path / "out"), "--chunk-seconds", "2"]
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-m", "flowtag.cli", *words],
        stdout=subprocess.PIPE,
        stderr=writer,
        env=environment,
    ) as process:
        os.close(writer)
        seen = _read_all(reader)
        assert process.stdout is not None
        assert process.stdout.read().decode().endswith("motion.json\n")
    assert process.returncode == 0
    assert "clip.mp4" in seen
    assert "/300 frames" in seen
    assert "1 of 1 input tagged" in seen


def _read_all(terminal: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            # How a terminal says that the other end is closed.
            break
        if not part:
            break
        parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode("utf-8", "replace")
