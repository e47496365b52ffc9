from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from flowtag import __version__
from flowtag.cli import main
from flowtag.cli.probe import describe
from flowtag.cli.schema import motion_schema
from flowtag.runs import readable_json
from tests.unit.run_objects import make_metadata, make_plan, make_probe

_HEAVY = ("av", "cv2", "boto3", "pyarrow")
_PUBLISHED_SCHEMA = Path(__file__).parents[2] / "docs" / "formats" / "motion.schema.json"


def _imported_by(code: str, *watched: str) -> set[str]:
    """Which of the watched packages a fresh interpreter has imported after some code."""
    probe = f"{code}\nimport sys; print(*[m for m in {watched!r} if m in sys.modules])"
    command = [sys.executable, "-c", probe]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "module",
    [
        "flowtag",
        "flowtag.settings",
        "flowtag.timing",
        "flowtag.identity",
        "flowtag.storage",
        "flowtag.runs",
        "flowtag.latest",
        "flowtag.contracts.messages",
        "flowtag.contracts.metadata",
        "flowtag.contracts.features",
        "flowtag.contracts.chunkfile",
    ],
)
def test_the_contracts_need_no_codec_and_no_command_line(module: str) -> None:
    assert _imported_by(f"import {module}", *_HEAVY, "click", "rich", "pebble") == set()


def test_help_is_given_without_codecs_and_arrays() -> None:
    code = (
        "from flowtag.cli import main\n"
        "for words in (['--help'], ['tag', '--help'], ['run', '--help'], ['--version']):\n"
        "    main(words, standalone_mode=False)"
    )
    assert _imported_by(code, *_HEAVY, "numpy", "pebble", "rich") == set()


def test_tagging_itself_opens_no_media() -> None:
    code = "import flowtag.local.runner, flowtag.cli.reporting"
    assert _imported_by(code, *_HEAVY) == set()


def test_help_teaches_by_example() -> None:
    overview = CliRunner().invoke(main, ["--help"]).stdout
    for word in ("tag", "run", "show", "probe", "schema", "flowtag tag clip.mov --out tags"):
        assert word in overview
    tagging = CliRunner().invoke(main, ["tag", "--help"]).stdout
    for word in ("--range START END", "Exit status", "130", "flowtag tag /media/card"):
        assert word in tagging


def test_version() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).stdout


def test_the_published_schema_is_in_step() -> None:
    printed = CliRunner().invoke(main, ["schema"]).stdout
    assert json.loads(printed) == motion_schema()
    assert _PUBLISHED_SCHEMA.read_text() == printed


def test_the_schema_knows_every_field_that_is_written() -> None:
    schema = motion_schema()
    written = json.loads(readable_json(make_metadata(make_plan())))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["properties"]) == set(written) == set(schema["required"])
    segment = schema["$defs"]["Segment"]
    assert set(segment["properties"]) == set(written["segments"][0])
    assert segment["additionalProperties"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tag"], "Missing argument"),
        (["tag", "a.mov"], "--out"),
        (["tag", "a.mov", "--out", "out"], "There is no a.mov"),
        (["tag", "empty", "--out", "out"], "No video found in empty"),
        (["tag", "b.mov", "--out", "b.mov"], "--out"),
        (["tag", "b.mov", "--out", "b.mov/out"], "--out"),
        (["tag", "b.mov", "--out", "out", "--jobs", "0"], "--jobs"),
        (["tag", "b.mov", "--out", "out", "--preset", "finest"], "--preset"),
        (["tag", "b.mov", "--out", "out", "--chunk-seconds", "0"], "--chunk-seconds"),
        (["tag", "b.mov", "--out", "out", "--range", "5", "2"], "START must lie before END"),
        (["tag", "b.mov", "--out", "out", "--range", "soon", "end"], "HH:MM:SS"),
        (["tag", "b.mov", "--out", "out", "--range", "5"], "--range"),
        (["tag", "b.mov", "--out", "out", "--speed", "9"], "--speed"),
        (["run", "s3://films/a.mov"], "--out"),
        (["run", "s3://films/a.mov", "--out", "out", "--range", "5", "2"], "START must lie"),
        (["run", "a.mov", "--out", "out"], "s3://bucket/key"),
        (["dance"], "dance"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_status_two(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "b.mov").write_bytes(b"")
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_probe_is_described_in_words() -> None:
    found = make_probe().model_copy(
        update={
            "rotation": 90,
            "sample_aspect_ratio": Fraction(4, 3),
            "variable_frame_rate": True,
            "timecode": "01:00:00;00",
            "drop_frame": True,
            "color_transfer": "smpte2084",
            "warnings": ("two video streams",),
        }
    )
    assert describe(found) == {
        "container": "mov",
        "codec": "h264, yuv420p, progressive",
        "picture": "64 x 36, shown as 36 x 85, rotated 90 degrees",
        "rate": "25 frames per second, variable",
        "length": "12 s (12.000 s), 300 frames",
        "timecode": "01:00:00;00, drop-frame",
        "transfer": "smpte2084",
        "warnings": "two video streams",
    }
    bare = make_probe().model_copy(update={"end_pts": None, "frames_expected": None})
    assert describe(bare)["length"] == "unknown"
    assert describe(bare)["timecode"] == "none"
