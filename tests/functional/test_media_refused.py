"""Files that hold no video, or none that can be read: which error says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowtag.errors import (
    BrokenMediaError,
    NotAVideoError,
    SourceNotFoundError,
)
from flowtag.video.probing import probe_video
from tests.media.damaged import cut
from tests.media.movies import Movie, numbered_picture, write_movie
from tests.media.unusual import (
    encoded_picture,
    write_sound,
)
from tests.media.viewing import see


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"film\.mp4 does not exist"):
        probe_video(tmp_path / "film.mp4")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="not a file"):
        probe_video(tmp_path)


def test_a_name_with_a_zero_byte() -> None:
    with pytest.raises(SourceNotFoundError):
        probe_video(Path("film\0.mp4"))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_movie(tmp_path / "film.mp4", Movie(count=1))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceNotFoundError, match="Permission denied"):
        probe_video(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"Dear editor,\nsee you tomorrow.\n", "text"),
        (bytes(range(1, 256)) * 40, "format that flowtag does not read"),
        (b"\0" * 5000, "format that flowtag does not read"),
    ],
)
def test_files_that_are_no_video(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(NotAVideoError, match=says):
        probe_video(path)


@pytest.mark.parametrize("codec", ["png", "mjpeg"])
def test_still_pictures(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(encoded_picture(numbered_picture(1, (64, 64)), codec))
    with pytest.raises(NotAVideoError, match="still picture"):
        probe_video(path)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.mka", "aac"), ("a.mp4", "aac")],
)
def test_sound_alone(name: str, codec: str, tmp_path: Path) -> None:
    path = write_sound(tmp_path / name, codec)
    with pytest.raises(NotAVideoError, match=r"sound only|no video stream"):
        probe_video(path)


@pytest.mark.parametrize(
    ("name", "codec", "says"),
    [("a.mp3", "libmp3lame", "sound only"), ("a.mp4", "aac", "only cover art")],
)
def test_sound_with_cover_art_is_no_video(name: str, codec: str, says: str, tmp_path: Path) -> None:
    path = write_sound(tmp_path / name, codec, cover=numbered_picture(1, (64, 64)))
    with pytest.raises(NotAVideoError, match=says):
        probe_video(path)


@pytest.mark.parametrize("fraction", [0.2, 0.9])
def test_a_movie_without_its_index_is_broken(fraction: float, tmp_path: Path) -> None:
    path = cut(write_movie(tmp_path / "a.mp4", Movie()), tmp_path / "film.mp4", fraction)
    with pytest.raises(BrokenMediaError, match="cut short"):
        probe_video(path)


def test_headers_without_a_frame(tmp_path: Path) -> None:
    plain = write_movie(tmp_path / "a.mp4", Movie(muxing={"movflags": "faststart"}))
    data = bytearray(plain.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(data))
    probe = probe_video(path)
    assert probe.frames_expected == 30
    assert any("no frame could be decoded" in warning for warning in probe.warnings)
    seen = see(path)
    assert seen.pts == []
    assert seen.report.errors.packets > 0
    assert seen.report.truncated
