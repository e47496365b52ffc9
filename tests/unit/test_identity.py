from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtag.errors import NotAVideoError, SourceNotFoundError
from flowtag.identity import SLUG_LENGTH, local_source, run_id, slug, video_id
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.storage import checked_key
from tests.unit.run_objects import make_plan, make_source

_BLOCK = 1 << 16


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Take 2.mov", "take-2"),
        ("Take 2 (final)_v03.MOV", "take-2-final-v03"),
        ("archive.tar.mp4", "archive-tar"),
        ("Ünïcødé Straße.mxf", "unicode-strasse"),
        ("日本語.mov", "video"),
        ("", "video"),
        ("...", "video"),
        (".mov", "mov"),
        ("../../etc/passwd", "passwd"),
        ("a" * 300 + ".mp4", "a" * SLUG_LENGTH),
        ("-" * 10 + "x" + "-" * 10 + ".mp4", "x"),
        ("new\nline [red].mp4", "new-line-red"),
        ("\udcff\udcfe.mp4", "video"),
    ],
)
def test_slug(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text())
def test_a_slug_is_a_part_of_a_key_whatever_the_name(name: str) -> None:
    word = slug(name)
    assert checked_key(word) == word
    assert word.isascii()
    assert 1 <= len(word) <= SLUG_LENGTH


def test_ids_are_a_slug_and_twelve_digits() -> None:
    source = make_source("Take 2.mov")
    for name in (video_id(source), run_id(source, AnalysisSettings(), 1)):
        word, _, digest = name.rpartition("-")
        assert word == "take-2"
        assert len(digest) == 12
        assert int(digest, 16) >= 0


def test_a_video_is_its_location_whatever_stands_there() -> None:
    first = make_source(content="first")
    assert video_id(first) == video_id(make_source(content="second"))
    assert video_id(first) != video_id(make_source(name="Take 3.mov"))


def test_a_run_is_location_content_settings_and_algorithm() -> None:
    source, settings = make_source(), AnalysisSettings()
    ids = {
        run_id(source, settings, 1),
        run_id(make_source(name="Take 3.mov"), settings, 1),
        run_id(make_source(content="second"), settings, 1),
        run_id(source, AnalysisSettings.for_preset("fast"), 1),
        run_id(source, AnalysisSettings(range_seconds=(Fraction(1), None)), 1),
        run_id(source, AnalysisSettings(model_sha256="0" * 64), 1),
        run_id(source, settings, 2),
    }
    assert len(ids) == 7
    assert run_id(make_source(), AnalysisSettings(), 1) in ids


def test_execution_settings_are_in_no_id() -> None:
    plans = [make_plan(execution=ExecutionSettings(jobs=jobs)) for jobs in (1, 8)]
    assert plans[0].run_id == plans[1].run_id
    assert plans[0].task(0).digest() == plans[1].task(0).digest()


def test_local_source_names_place_and_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.mov").write_bytes(b"content")
    monkeypatch.chdir(tmp_path)
    source = local_source(Path("sub/../a.mov"))
    assert source.uri == str(tmp_path / "a.mov")
    assert source.name == "a.mov"
    assert source.size_bytes == 7


def test_the_time_of_modification_is_no_identity(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(b"content")
    before = local_source(path)
    os.utime(path, (1, 1))
    assert local_source(path) == before


@pytest.mark.parametrize("size", [0, 1, _BLOCK, 5 << 20, 6 << 20, (6 << 20) + 1, 20 << 20])
def test_a_change_at_either_end_or_in_length_changes_content(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.mov"
    contents = [bytes(size), b"\x01" * size, bytes(size + 1)]
    if size > 1:
        contents += [b"\x01" + bytes(size - 1), bytes(size - 1) + b"\x01"]
    found = set()
    for content in contents:
        path.write_bytes(content)
        found.add(local_source(path).content_id)
    assert len(found) == len(set(contents))


def test_a_file_below_six_mib_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    content = bytearray(5 << 20)
    ids = set()
    for at in range(0, len(content), 500_000):
        content[at] ^= 1
        path.write_bytes(content)
        ids.add(local_source(path).content_id)
        content[at] ^= 1
    assert len(ids) == len(range(0, len(content), 500_000))


def test_a_large_file_is_sampled_at_its_64_blocks(tmp_path: Path) -> None:
    path, size = tmp_path / "a.mov", 64 << 20
    content = bytearray(size)
    path.write_bytes(content)
    before = local_source(path).content_id
    spacing = size - _BLOCK
    for index in (3, 31, 60):
        content[spacing * index // 63 + 5] ^= 1
        path.write_bytes(content)
        assert local_source(path).content_id != before
        content[spacing * index // 63 + 5] ^= 1
    unseen = spacing * 10 // 63 + _BLOCK + 1
    content[unseen] ^= 1
    path.write_bytes(content)
    assert local_source(path).content_id == before


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mov")
    for path in (tmp_path, tmp_path / "pipe.mov", Path("/dev/null")):
        with pytest.raises(NotAVideoError, match="not a regular file"):
            local_source(path)


@pytest.mark.parametrize("name", ["missing.mov", "a" * 300, "nul\0.mov"])
def test_what_is_not_there_is_not_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceNotFoundError, match="cannot be read"):
        local_source(tmp_path / name)


def test_a_name_that_is_no_text_has_an_identity(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mov"))
    path.write_bytes(b"x")
    source = local_source(path)
    assert source.name == r"caf\xe9.mov"
    assert source.model_dump_json().encode()
    assert video_id(source).startswith("caf-xe9-")


def test_a_link_keeps_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "0a1b2c").write_bytes(b"x")
    (tmp_path / "Take 2.mov").symlink_to(tmp_path / "0a1b2c")
    assert local_source(tmp_path / "Take 2.mov").name == "Take 2.mov"
