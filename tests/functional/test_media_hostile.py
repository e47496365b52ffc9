"""Files that reach for others, or for all of the memory: refused, and nothing else is touched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowtag.errors import NotAVideoError, RefusedMediaError
from flowtag.video.boxes import external_references
from flowtag.video.opening import FORMATS, MAX_PIXELS, MAX_STREAMS, open_video
from flowtag.video.probing import probe_video
from tests.media.fetched import WAYS
from tests.media.hostile import (
    concat_script,
    dash_manifest,
    external_reference,
    hls_playlist,
    many_streams,
    picture_bomb,
    sequence_bomb,
    session_description,
)
from tests.media.movies import Movie, write_movie
from tests.media.viewing import see
from tests.media.watching import Listener, OpenWatch, listening, watching

Maker = Callable[[Path, str, int], Path]

SCRIPTS: dict[str, Maker] = {
    "hls": lambda path, target, port: hls_playlist(path, target),
    "ffconcat": lambda path, target, port: concat_script(path, target),
    "sdp": lambda path, target, port: session_description(path, port),
    "dash": lambda path, target, port: dash_manifest(path, target),
}
SUFFIXES = (".mp4", ".mkv", ".txt", ".ts", ".m3u8", ".ffconcat", ".sdp", ".mpd")


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def neighbour(tmp_path: Path) -> Path:
    return write_movie(tmp_path / "neighbour.mp4", Movie(count=5, size=(64, 64)))


@pytest.fixture
def watch(neighbour: Path) -> Iterator[OpenWatch]:
    with watching(neighbour) as watch:
        yield watch


def test_the_watchers_see_what_they_should(
    server: Listener, neighbour: Path, watch: OpenWatch
) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.recv(64)
    neighbour.read_bytes()
    assert server.connections == 1
    assert watch.opened() == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_that_name_hosts_are_refused(
    script: str, suffix: str, tmp_path: Path, server: Listener
) -> None:
    url = f"http://127.0.0.1:{server.port}/film.ts"
    path = SCRIPTS[script](tmp_path / f"film{suffix}", url, server.port)
    with pytest.raises(RefusedMediaError, match="playlist"):
        probe_video(path)
    assert server.connections == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("script", ["hls", "ffconcat", "dash"])
def test_scripts_that_name_files_are_refused(
    script: str, suffix: str, tmp_path: Path, neighbour: Path, watch: OpenWatch
) -> None:
    path = SCRIPTS[script](tmp_path / f"film{suffix}", neighbour.name, 0)
    with pytest.raises(RefusedMediaError, match="playlist"):
        probe_video(path)
    assert watch.opened() == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_that_hide_from_the_first_look_reach_nothing(
    script: str, way: str, tmp_path: Path, server: Listener, neighbour: Path, watch: OpenWatch
) -> None:
    for target in (f"http://127.0.0.1:{server.port}/film.ts", neighbour.name):
        path = SCRIPTS[script](tmp_path / "film.mp4", target, server.port)
        path.write_bytes(b"; \n" * 2000 + path.read_bytes())
        with pytest.raises((NotAVideoError, RefusedMediaError)):
            probe_video(WAYS[way](path))
    assert (server.connections, watch.opened()) == (0, 0)


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ffconcat", ".sdp", ".mpd"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_without_the_first_look_the_library_itself_reaches_nothing(
    script: str,
    suffix: str,
    way: str,
    tmp_path: Path,
    server: Listener,
    neighbour: Path,
    watch: OpenWatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flowtag.video.opening.sniff", lambda head: "unknown")
    for target in (f"http://127.0.0.1:{server.port}/film.ts", neighbour.name):
        path = SCRIPTS[script](tmp_path / f"film{suffix}", target, server.port)
        with pytest.raises(NotAVideoError):
            probe_video(WAYS[way](path))
    assert (server.connections, watch.opened()) == (0, 0)


@pytest.mark.parametrize("kind", [b"alis", b"url "])
def test_movies_whose_pictures_lie_elsewhere_are_refused(
    kind: bytes, tmp_path: Path, neighbour: Path, watch: OpenWatch
) -> None:
    path = external_reference(tmp_path / "film.mov", neighbour, kind)
    with pytest.raises(RefusedMediaError, match=r"another file.*neighbour\.mp4"):
        probe_video(path)
    assert watch.opened() == 0


def test_without_that_refusal_the_library_opens_no_reference_either(
    tmp_path: Path, neighbour: Path, watch: OpenWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowtag.video.opening.external_references", lambda file: ())
    path = external_reference(tmp_path / "film.mov", neighbour)
    probe_video(path)
    assert watch.opened() == 0


def test_self_contained_movies_have_no_references(neighbour: Path) -> None:
    with neighbour.open("rb") as file:
        assert external_references(file) == ()


@pytest.mark.parametrize("name", ["concat:a|b.mp4", "http:film.mp4", "subfile,,start,0,:x.mp4"])
def test_a_name_is_never_an_address(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_movie(tmp_path / "film.mp4", Movie(count=3, size=(64, 64))).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe_video(Path(name)).frames_expected == 3


def test_the_library_is_told_of_the_limits(neighbour: Path) -> None:
    with open_video(neighbour) as container:
        assert container.options["protocol_whitelist"] == "file"
        assert int(container.options["max_pixels"]) == MAX_PIXELS


@pytest.mark.parametrize("honest", [True, False])
def test_decompression_bombs_are_refused(honest: bool, tmp_path: Path) -> None:
    path = picture_bomb(tmp_path / "film.mov", honest)
    assert path.stat().st_size < 500_000
    with pytest.raises(RefusedMediaError, match="pixels"):
        probe_video(path)


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    path = sequence_bomb(tmp_path / "film.ts")
    with pytest.raises(RefusedMediaError, match="pixels"):
        probe_video(path)
    small = write_movie(tmp_path / "small.mp4", Movie(count=3, size=(64, 64)))
    taken = _peak_memory_mb(path) - _peak_memory_mb(small)
    # The luma of one frame of 16000x16000 pixels is 244 MB.
    assert taken < 60


def test_a_bomb_in_the_middle_is_left_out(tmp_path: Path) -> None:
    path = picture_bomb(tmp_path / "film.mov", honest=False, after=2)
    seen = see(path)
    assert seen.sizes == [(64, 64)] * 2
    assert seen.report.errors.packets > 0


def test_thousands_of_streams_are_refused(tmp_path: Path) -> None:
    path = many_streams(tmp_path / "film.mp4", 3000)
    with pytest.raises(RefusedMediaError, match="streams"):
        probe_video(path)


def test_one_stream_too_many_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedMediaError, match="streams"):
        probe_video(many_streams(tmp_path / "film.mp4", MAX_STREAMS + 1))


def test_as_many_streams_as_allowed_are_read(tmp_path: Path) -> None:
    path = many_streams(tmp_path / "film.mp4", MAX_STREAMS)
    with open_video(path) as container:
        assert len(container.streams) == MAX_STREAMS


def test_no_format_that_opens_others_is_allowed() -> None:
    assert not set(FORMATS.split(",")) & {"hls", "concat", "sdp", "rtsp", "dash", "imf", "image2"}


def _peak_memory_mb(path: Path) -> float:
    """Peak resident memory of a process that probes a file."""
    program = (
        "import sys; from pathlib import Path\n"
        "from flowtag.errors import InputError\n"
        "from flowtag.video.probing import probe_video\n"
        "try: probe_video(Path(sys.argv[1]))\n"
        "except InputError: pass\n"
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, os.fspath(path)], capture_output=True, check=True, text=True
    )
    return int(done.stdout) / 1024
