"""A film that is fetched by ranges gives what the local file gives, for few bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from flowtag.contracts.chunkfile import read_chunk
from flowtag.contracts.messages import Plan, SourceRef
from flowtag.errors import RefusedMediaError, StorageError
from flowtag.pipeline import analyze_chunk, plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings
from flowtag.video.media import Media
from flowtag.video.opening import open_video
from tests.media.endless import (
    EndlessFilm,
    endless_clusters,
    endless_fragments,
    endless_transport,
)
from tests.media.fetched import FetchedFile
from tests.media.hostile import external_reference
from tests.media.lengthy import write_lengthy
from tests.media.movies import Movie, write_movie
from tests.media.patching import box, boxes

GIGABYTES_50 = 50 << 30
MOST_BYTES = 16 << 20

FILMS: dict[str, tuple[str, Movie]] = {
    "mp4, index at the tail": ("film.mp4", Movie(count=120, b_frames=2)),
    "mp4, index at the head": (
        "film.mp4",
        Movie(count=120, b_frames=2, muxing={"movflags": "faststart"}),
    ),
    "mp4, fragmented": (
        "film.mp4",
        Movie(count=120, muxing={"movflags": "frag_keyframe+empty_moov"}),
    ),
    "mkv": ("film.mkv", Movie(count=120)),
    "transport stream": ("film.ts", Movie(count=120, b_frames=2)),
    "mxf": ("film.mxf", Movie("mpeg2video", count=120, pixel_format="yuv420p", size=(256, 144))),
}


@pytest.mark.parametrize("name", FILMS)
def test_plan_and_features_are_those_of_the_local_file(name: str, tmp_path: Path) -> None:
    file_name, movie = FILMS[name]
    path = write_movie(tmp_path / file_name, movie)
    near, far = plan_of(path, path), plan_of(FetchedFile(path), path)
    assert far == near
    for index in range(len(near.chunks)):
        task = near.task(index)
        assert analyze_chunk(task, FetchedFile(path)) == analyze_chunk(task, path)


@pytest.mark.parametrize("place", ["head", "tail"])
def test_planning_fifty_gigabytes_reads_little(place: str, tmp_path: Path) -> None:
    path = write_lengthy(tmp_path / "film.mov", frames=180_000)
    index_bytes = stretch(path, GIGABYTES_50, place)
    media = FetchedFile(path)
    plan = plan_of(media, path)
    assert path.stat().st_size > GIGABYTES_50
    assert plan.index_source == "container"
    assert len(plan.chunks) > 100
    assert media.fetched_bytes <= max(MOST_BYTES, 1.2 * index_bytes)


def test_a_chunk_fetches_its_own_part(tmp_path: Path) -> None:
    movie = Movie(count=1500, size=(640, 360), options={"crf": "1", "preset": "ultrafast"})
    path = write_movie(tmp_path / "film.mp4", movie)
    plan = plan_of(path, path, chunk_seconds=6)
    size = path.stat().st_size
    media = FetchedFile(path)
    analyze_chunk(plan.task(4), media)
    assert len(plan.chunks) == 10
    assert size > 20 << 20
    assert media.fetched_bytes < 0.4 * size


@pytest.mark.parametrize("fetches", range(6))
def test_a_fetch_that_fails_is_never_the_end_of_the_film(fetches: int, tmp_path: Path) -> None:
    movie = Movie(count=100, size=(640, 360), options={"crf": "1", "preset": "ultrafast"})
    path = write_movie(tmp_path / "film.mp4", movie)
    task = plan_of(path, path).task(0)
    media = FetchedFile(path, fail_after=fetches, failure=lambda: StorageError("away"))
    with pytest.raises(StorageError, match="away"):
        analyze_chunk(task, media)


@pytest.mark.parametrize("look", [True, False])
def test_a_reference_to_another_file_is_refused(
    look: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbour = write_movie(tmp_path / "neighbour.mp4", Movie(count=5))
    path = external_reference(tmp_path / "film.mov", neighbour)
    if not look:
        monkeypatch.setattr("flowtag.video.opening.external_references", lambda file: ())
        with open_video(FetchedFile(path)) as container:
            assert not list(container.decode(video=0))
        return
    with pytest.raises(RefusedMediaError), open_video(FetchedFile(path)):
        pass


def plan_of(media: Media, path: Path, chunk_seconds: int = 2) -> Plan:
    size = path.stat().st_size
    source = SourceRef(uri=str(path), name=path.name, size_bytes=size, content_id="1")
    execution = ExecutionSettings(chunk_seconds=Fraction(chunk_seconds))
    return plan_video(media, source, AnalysisSettings(), execution)


def stretch(path: Path, hole_bytes: int, place: str) -> int:
    """Puts a hole into a film, and its index before or after it; returns the index's length."""
    parts = dict(boxes(path.read_bytes()))
    index = box(b"moov", parts[b"moov"])
    hole = struct.pack(">I4sQ", 1, b"free", 16 + hole_bytes)
    samples = len(path.read_bytes()) - len(index)
    with path.open("r+b") as file:
        file.seek(samples)
        order: list[Callable[[], object]] = [
            lambda: file.write(index),
            lambda: (file.write(hole), file.truncate(file.tell() + hole_bytes), file.seek(0, 2)),
        ]
        for write in order if place == "head" else reversed(order):
            write()
    return len(index)


ENDLESS: dict[str, Callable[[Path, int], EndlessFilm]] = {
    "transport stream": endless_transport,
    "mp4, fragmented": endless_fragments,
    "mkv without cues": endless_clusters,
    "mkv with cues": lambda folder, size: endless_clusters(folder, size, cues=True),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_planning_fifty_gigabytes_without_an_index_reads_little(name: str, tmp_path: Path) -> None:
    film = ENDLESS[name](tmp_path, GIGABYTES_50)
    plan = plan_of_endless(film)
    assert film.size_bytes > 0.99 * GIGABYTES_50
    assert plan.index_source == "none"
    assert not plan.sequential
    assert len(plan.chunks) == pytest.approx(film.seconds / 60, abs=1)
    assert film.fetched_bytes <= MOST_BYTES


@pytest.mark.parametrize("name", ENDLESS)
def test_a_chunk_amid_fifty_gigabytes_fetches_little_more_than_itself(
    name: str, tmp_path: Path
) -> None:
    film = ENDLESS[name](tmp_path, GIGABYTES_50)
    task = plan_of_endless(film, chunk_seconds=2).task(9000)
    before = film.fetched_bytes
    chunk = read_chunk(analyze_chunk(task, film))
    assert len(chunk.frames) == 50
    assert film.fetched_bytes - before <= 12 * film.second_bytes + MOST_BYTES


def plan_of_endless(film: EndlessFilm, chunk_seconds: int = 60) -> Plan:
    source = SourceRef(uri="s3://b/k", name=film.name, size_bytes=film.size_bytes, content_id="1")
    execution = ExecutionSettings(chunk_seconds=Fraction(chunk_seconds))
    return plan_video(film, source, AnalysisSettings(), execution)
