"""The command ``flowtag export``: what it takes, where it writes, what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from flowtag.cli import main
from flowtag.export import FORMATS
from flowtag.latest import SourceOrder, update_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import put_plan, readable_json
from flowtag.storage import FolderStore
from tests.unit.marked_video import RATES, marked_video
from tests.unit.run_objects import make_plan, make_source
from tests.unit.test_export_lists import shade

_NOW = SourceOrder(modified_at=datetime(2026, 1, 1, tzinfo=UTC))


def publish(root: Path, name: str = "Take 2.mov") -> Path:
    """Puts a run of a video of 29.97 drop-frame where ``flowtag tag`` would; its motion.json."""
    store, plan = FolderStore(root), make_plan(source=make_source(name))
    keys = RunKeys.of(plan)
    metadata = marked_video(RATES[4], uri=f"/rushes/{name}")
    put_plan(store, plan)
    for segment in metadata.segments:
        store.put(keys.beside(str(segment.thumbnail)), shade(str(segment.thumbnail)))
    store.put(keys.motion, readable_json(metadata))
    update_latest(store, keys, _NOW)
    return store.path(keys.motion)


def export(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, words)])


def test_a_run_may_be_named_by_file_run_video_or_output(tmp_path: Path) -> None:
    motion = publish(tmp_path)

    results = [
        export(path, "--format", "edl")
        for path in (motion, motion.parent, motion.parent.parent, tmp_path)
    ]

    assert [result.exit_code for result in results] == [0] * 4
    assert len({result.stdout for result in results}) == 1
    assert results[0].stdout.startswith("TITLE: Take 2.mov motion\nFCM: DROP FRAME\n")
    assert results[0].stderr == ""


def test_one_of_several_videos_must_be_named(tmp_path: Path) -> None:
    publish(tmp_path, "a.mov")
    publish(tmp_path, "b.mov")

    result = export(tmp_path, "--format", "csv")

    assert result.exit_code == 2
    assert "holds several videos (a-" in result.stderr
    assert "name one of them" in result.stderr


@pytest.mark.parametrize("kind", ["otio", "edl", "fcp7xml", "fcpxml", "csv", "vtt", "jsonl"])
def test_a_file_is_written_whole_and_named(tmp_path: Path, kind: str) -> None:
    publish(tmp_path / "tags")
    out = tmp_path / "out" / f"a.{kind}"
    out.parent.mkdir()
    out.write_text("what stood there")

    result = export(tmp_path / "tags", "--format", kind, "-o", out)

    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    printed = export(tmp_path / "tags", "--format", kind)
    assert out.read_bytes() == printed.stdout_bytes
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_thumbnails_are_two_files_of_which_one_names_the_other(tmp_path: Path) -> None:
    publish(tmp_path / "tags")
    out = tmp_path / "thumbs.vtt"

    result = export(tmp_path / "tags", "--format", "vtt", "--thumbnails", "-o", out)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [str(tmp_path / "thumbs.jpg"), str(out)]
    assert (tmp_path / "thumbs.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert "\nthumbs.jpg#xywh=" in out.read_text()


@pytest.mark.parametrize(
    ("handles", "start"), [("12f", "01:00:29;18"), ("1s", "01:00:29;00"), ("0s", "01:00:30;00")]
)
def test_selects_have_handles_and_the_sound_that_is_named(
    tmp_path: Path, handles: str, start: str
) -> None:
    publish(tmp_path)

    result = export(
        tmp_path,
        *("--format", "edl", "--shape", "selects", "--handles", handles),
        *("--where", "camera has tilt", "--audio-channels", "2"),
    )

    # Frame 1800 is a minute on from 00:59:30;00, and on the hour no number is dropped.
    assert result.exit_code == 0
    assert f"001  TAKE2    AA/V  C        {start} " in result.stdout


def test_that_the_sound_is_not_known_is_said_of_selects(tmp_path: Path) -> None:
    publish(tmp_path)

    selects = export(tmp_path, "--format", "fcpxml", "--shape", "selects")
    markers = export(tmp_path, "--format", "fcpxml")

    assert selects.stderr.startswith("warning: selects have no sound: Take 2.mov: it is not on")
    assert markers.stderr == ""


def test_media_may_be_named_anew(tmp_path: Path) -> None:
    publish(tmp_path)

    result = export(tmp_path, "--format", "fcp7xml", "--media", "/Volumes/day 1/b.mov")

    assert "<pathurl>file://localhost/Volumes/day%201/b.mov</pathurl>" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Missing option '--format'"),
        (["--format", "aaf"], "'aaf' is not one of"),
        (["--format", "edl", "--where", "level>=hihg"], "did you mean 'high'?"),
        (["--format", "csv", "--shape", "selects"], "--shape selects is for otio, edl"),
        (["--format", "edl", "--handles", "12f"], "--handles goes with --shape selects"),
        (["--format", "edl", "--shape", "selects", "--handles", "12"], "neither frames"),
        (["--format", "vtt", "--thumbnails"], "--thumbnails goes with --format vtt and -o"),
        (["--format", "csv", "--thumbnails", "-o", "a.csv"], "--thumbnails goes with"),
        (["--format", "csv", "-o", "/nowhere/at/all.csv"], "/nowhere/at/all.csv: No such file"),
    ],
)
def test_what_cannot_be_carried_out_is_explained(
    tmp_path: Path, words: list[str], said: str
) -> None:
    publish(tmp_path)

    result = export(tmp_path, *words)

    assert result.exit_code == 2
    assert said in result.stderr


def test_where_there_is_nothing_to_write_nothing_is_written(tmp_path: Path) -> None:
    publish(tmp_path / "tags")
    out = tmp_path / "a.edl"

    result = export(tmp_path / "tags", "--format", "edl", "--where", "length > 1h", "-o", out)

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: none of the 5 segments of /rushes/Take 2.mov matches --where\n"
    )
    assert not out.exists()
    assert export(tmp_path / "nowhere", "--format", "edl").exit_code == 1


def test_the_command_offers_all_formats() -> None:
    (kind,) = (option for option in main.commands["export"].params if option.name == "kind")

    assert isinstance(kind.type, click.Choice)
    assert tuple(kind.type.choices) == FORMATS


def test_a_motion_json_of_any_name_is_read(tmp_path: Path) -> None:
    moved = tmp_path / "take 2.json"
    moved.write_bytes(publish(tmp_path / "tags").read_bytes())

    result = export(moved, "--format", "jsonl", "--where", "index = 3")

    assert json.loads(result.stdout)["camera"]["labels"] == ["tilt_up", "zoom_in", "handheld"]
