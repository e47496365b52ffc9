"""The same input twice: the same bytes; under another Python the same tags."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.filmed import CODINGS, film_as
from tests.tagging import tag

OTHER_PYTHON = os.environ.get("FLOWTAG_OTHER_PYTHON")
_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film_as("h264-open", tmp_path_factory.mktemp("films"))


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_twice_the_same_file_gives_the_same_bytes(coding: str, tmp_path: Path) -> None:
    path = film_as(coding, tmp_path)
    one, two = tag(path), tag(path)
    assert one.chunks == two.chunks
    assert one.motion_json == two.motion_json
    assert one.assembly.thumbnails == two.assembly.thumbnails
    assert one.assembly.evidence == two.assembly.evidence


def tagged_by(python: str, video: Path, out: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What the command writes under an interpreter."""
    ran = subprocess.run(
        [python, "-m", "flowtag.cli", "tag", video, "--out", out],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        env={**os.environ, **environment},
        cwd=out.parent,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    motion = json.loads(Path(ran.stdout.strip()).read_bytes())
    assert isinstance(motion, dict)
    return motion


def differences(value: Any, other: Any, place: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(value, dict) and isinstance(other, dict):
        keys = sorted(value.keys() | other.keys())
        inner = [(f"{place}.{key}", value.get(key), other.get(key)) for key in keys]
    elif isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        both = enumerate(zip(value, other, strict=True))
        inner = [(f"{place}[{index}]", one, two) for index, (one, two) in both]
    else:
        return [] if value == other else [f"{place}: {value!r} and {other!r}"]
    return [found for where, one, two in inner for found in differences(one, two, where)]


def test_hashing_locale_and_time_zone_of_the_process_do_not_show(
    video: Path, tmp_path: Path
) -> None:
    here = {"PYTHONHASHSEED": "1", "LC_ALL": "C"}
    there = {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}
    one = tagged_by(sys.executable, video, tmp_path / "one", here)
    two = tagged_by(sys.executable, video, tmp_path / "two", there)
    assert differences(one, two) == []


if OTHER_PYTHON is not None:

    def test_another_python_gives_the_same_to_the_printed_precision(
        video: Path, tmp_path: Path
    ) -> None:
        assert OTHER_PYTHON is not None
        own = tagged_by(sys.executable, video, tmp_path / "own", {})
        other = tagged_by(OTHER_PYTHON, video, tmp_path / "other", {})
        assert differences(own, other) == []
