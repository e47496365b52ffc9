from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowtag.local.inputs import find_inputs


def _make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def _found(named: list[Path], output: Path, root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_inputs(named, output).files]


def test_a_folder_is_walked_in_order_for_videos(tmp_path: Path) -> None:
    _make(tmp_path, "b/2.MOV", "b/1.mp4", "a/x.mxf", "z.mkv", "notes.txt", "a/cover.jpg")
    assert _found([tmp_path], tmp_path / "out", tmp_path) == [
        "z.mkv",
        "a/x.mxf",
        "b/1.mp4",
        "b/2.MOV",
    ]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    _make(tmp_path, "._clip.mov", ".trash/clip.mov", "clip.mov")
    assert _found([tmp_path], tmp_path / "out", tmp_path) == ["clip.mov"]


def test_the_output_folder_is_left_out(tmp_path: Path) -> None:
    _make(tmp_path, "clip.mov", "out/clip.mov", "out/run/clip.mov")
    (tmp_path / "link").symlink_to(tmp_path / "out", target_is_directory=True)
    assert _found([tmp_path], tmp_path / "link", tmp_path) == ["clip.mov"]


def test_a_folder_may_be_its_own_output(tmp_path: Path) -> None:
    _make(tmp_path, "clip.mov")
    assert _found([tmp_path], tmp_path, tmp_path) == ["clip.mov"]


def test_a_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    _make(tmp_path, ".hidden.txt", "clip.mov")
    named = [tmp_path / "missing.mov", tmp_path / ".hidden.txt", tmp_path / "clip.mov"]
    assert find_inputs(named, tmp_path / "out").files == named


def test_a_file_counts_once_where_it_turns_up_first(tmp_path: Path) -> None:
    _make(tmp_path, "a/clip.mov")
    (tmp_path / "z.mov").symlink_to(tmp_path / "a" / "clip.mov")
    named = [tmp_path / "a" / ".." / "a" / "clip.mov", tmp_path, tmp_path / "a"]
    assert find_inputs(named, tmp_path / "out").files == named[:1]


def test_a_circle_of_links_has_an_end(tmp_path: Path) -> None:
    _make(tmp_path, "a/clip.mov")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "broken.mov").symlink_to(tmp_path / "nowhere")
    assert _found([tmp_path], tmp_path / "out", tmp_path) == ["a/clip.mov"]


def test_a_folder_that_cannot_be_listed_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(tmp_path, "a/clip.mov", "locked/clip.mov")
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_inputs([tmp_path], tmp_path / "out")
    assert found.files == [tmp_path / "a" / "clip.mov"]
    assert found.unreadable == [(tmp_path / "locked", "Permission denied")]
