"""Proxies: what a player sees is what was tagged, at the same times."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from flowtag.errors import InputError, StorageError
from flowtag.video.probing import probe_video
from flowtag.video.proxying import write_proxy
from tests.functional.command import (
    half_written,
    make_clip,
    read_json,
    run_flowtag,
    start_flowtag,
    wait_for,
)
from tests.media.damaged import flip_bits, join, remux
from tests.media.movies import ENCODINGS, Movie, read_number, write_movie, x264
from tests.media.patching import append_box, edit_list
from tests.media.sounding import beep_seconds, write_with_beep

_GOP = "keyint=12:min-keyint=12:scenecut=0:bframes=2"
_VARYING = [0, 40, 80, 81, 200, 1400, 1440, 3000, 3033, 3066]


def _vfr(path: Path) -> Path:
    times = {"pts": _VARYING, "time_base": Fraction(1, 1000)}
    return write_movie(path, x264(len(_VARYING), _GOP, **times))


def _edited(path: Path) -> Path:
    movie = write_movie(path, x264(50, "keyint=12:bframes=0"))
    return append_box(movie, "moov/trak", edit_list((1600, 10 * 512)))


def _late(path: Path) -> Path:
    return remux(write_movie(path.with_name("plain.ts"), ENCODINGS["h264-open.ts"]), path, 50)


FILMS: dict[str, Callable[[Path], Path]] = {
    "b-frames.mp4": lambda path: write_movie(path, ENCODINGS["h264-open.mp4"]),
    "varying.mp4": _vfr,
    "edited.mp4": _edited,
    "late.ts": _late,
    "ntsc.mov": lambda path: write_movie(path, Movie(rate=Fraction(30000, 1001), b_frames=2)),
    "interlaced.mp4": lambda path: write_movie(path, ENCODINGS["h264-interlaced.mp4"]),
    "sparse.mkv": lambda path: write_movie(path, x264(8, _GOP, rate=Fraction(1, 2))),
    "one.mp4": lambda path: write_movie(path, Movie(count=1)),
    "vp9.webm": lambda path: write_movie(path, ENCODINGS["vp9.webm"]),
    "ten-bit.mov": lambda path: write_movie(path, ENCODINGS["hevc-10bit.mov"]),
    "b-frames.avi": lambda path: write_movie(path, ENCODINGS["mpeg4-b.avi"]),
    "pictures.mkv": lambda path: write_movie(path, Movie("ffv1", pixel_format="bgr0")),
}


def _proxy(film: Path, out: Path) -> Path:
    ran = run_flowtag("tag", film, "--out", out, "--proxy")
    assert ran.status == 0, ran.err
    return ran.motion.with_name("proxy.mp4")


def _times(film: Path) -> list[Fraction]:
    """When each frame is shown, since the first one, as FFmpeg alone says."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        shown = [frame.pts for frame in container.decode(stream)]
        assert stream.time_base is not None
        known = [pts for pts in shown if pts is not None]
        assert len(known) == len(shown)
        return [(pts - known[0]) * stream.time_base for pts in known]


def _pictures(film: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    with av.open(str(film)) as container:
        decoded = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in decoded]


@pytest.mark.parametrize("name", FILMS)
def test_each_frame_is_there_at_its_time(name: str, tmp_path: Path) -> None:
    film = FILMS[name](tmp_path / name)
    proxy = _proxy(film, tmp_path / "out")
    expected, numbers = _times(film), [read_number(picture) for picture in _pictures(film)]
    assert _times(proxy) == expected
    assert [read_number(picture) for picture in _pictures(proxy)] == numbers
    with av.open(str(proxy)) as container:
        assert container.streams.video[0].start_time == 0


@pytest.mark.parametrize("name", ["varying.mp4", "edited.mp4", "late.ts", "sparse.mkv"])
def test_a_proxy_is_as_long_as_the_metadata_says(name: str, tmp_path: Path) -> None:
    proxy = _proxy(FILMS[name](tmp_path / name), tmp_path / "out")
    seconds = read_json(proxy.with_name("motion.json"))["video"]["duration_seconds"]
    with av.open(str(proxy)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_film_is_upright(rotation: int, tmp_path: Path) -> None:
    movie = x264(10, _GOP, rotation=rotation)
    film = write_movie(tmp_path / "film.mp4", movie)
    pictures = _pictures(_proxy(film, tmp_path / "out"))
    # A rotation of 90 turns the stored picture clockwise: turned back, its number can be read.
    stored = [np.rot90(picture, rotation // 90) for picture in pictures]
    assert {picture.shape for picture in stored} == {(112, 192)}
    assert [read_number(picture) for picture in stored] == list(range(10))


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        ((1920, 1080), None, (960, 540)),
        ((1080, 1920), None, (540, 960)),
        ((192, 112), None, (192, 112)),
        ((180, 144), Fraction(16, 15), (192, 144)),
    ],
)
def test_it_is_small_and_in_square_pixels(
    size: tuple[int, int], aspect: Fraction | None, shown: tuple[int, int], tmp_path: Path
) -> None:
    movie = replace(Movie(count=3), size=size, aspect=aspect)
    proxy = _proxy(write_movie(tmp_path / "film.mp4", movie), tmp_path / "out")
    with av.open(str(proxy)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == shown
        assert stream.sample_aspect_ratio in (None, 1)
        assert stream.codec_context.name in ("vp9", "libvpx-vp9")


@pytest.mark.parametrize("name", ["b-frames.mp4", "varying.mp4", "ntsc.mov"])
def test_a_player_finds_a_key_frame_within_each_second(name: str, tmp_path: Path) -> None:
    film = FILMS[name](tmp_path / name)
    proxy = _proxy(film, tmp_path / "out")
    with av.open(str(proxy)) as container:
        frames = list(container.decode(video=0))
    assert frames[0].key_frame
    assert not all(frame.key_frame for frame in frames)
    key = 0.0
    for frame in frames:
        key = frame.time if frame.key_frame else key
        assert frame.time - key < 1


def test_colours_keep_their_names(tmp_path: Path) -> None:
    film = write_movie(tmp_path / "film.mp4", x264(5, _GOP + ":colormatrix=bt709:transfer=bt709"))
    with av.open(str(_proxy(film, tmp_path / "out"))) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_trc, context.color_range) == (1, 1, 1)


@pytest.mark.parametrize(
    ("name", "sound", "layout"),
    [
        ("film.mp4", "aac", "stereo"),
        ("film.mkv", "flac", "5.1"),
        ("film.ts", "mp2", "mono"),
        ("film.mov", "pcm_s16le", "stereo"),
    ],
)
def test_sound_stays_with_the_picture(name: str, sound: str, layout: str, tmp_path: Path) -> None:
    beep = (Fraction(2), Fraction(5, 2))
    film = write_with_beep(tmp_path / name, 4, beep, sound=sound, layout=layout)
    with av.open(str(film)) as container:
        start = next(container.decode(video=0)).time
    proxy = _proxy(film, tmp_path / "out")
    expected = [seconds - start for seconds in beep_seconds(film)]
    assert beep_seconds(proxy) == pytest.approx(expected, abs=0.003)
    with av.open(str(proxy)) as container:
        heard = container.streams.audio[0]
        assert heard.codec_context.name in ("opus", "libopus")
        assert heard.codec_context.layout.nb_channels == (1 if layout == "mono" else 2)


def test_sound_that_begins_late_stays_late(tmp_path: Path) -> None:
    beep = (Fraction(3), Fraction(7, 2))
    film = write_with_beep(
        tmp_path / "film.mkv", 4, beep, sound="flac", silent_until=Fraction(5, 2)
    )
    expected = beep_seconds(film)
    assert expected == pytest.approx([3, 3.5], abs=0.003)
    assert beep_seconds(_proxy(film, tmp_path / "out")) == pytest.approx(expected, abs=0.003)


def test_sound_ends_with_the_picture(tmp_path: Path) -> None:
    film = write_with_beep(tmp_path / "film.mkv", 2, (Fraction(1), Fraction(2)), sound="flac")
    with av.open(str(_proxy(film, tmp_path / "out"))) as container:
        assert container.duration == 2 * av.time_base
        frames = list(container.decode(audio=0))
    assert frames[-1].time is not None
    assert frames[-1].time + frames[-1].samples / frames[-1].rate == pytest.approx(2, abs=0.03)


def test_a_proxy_is_no_video_to_be_tagged(tmp_path: Path) -> None:
    _proxy(make_clip(tmp_path / "a.mp4", frames=30), tmp_path / "out")
    ran = run_flowtag("tag", tmp_path, "--out", tmp_path / "other", "--json")
    assert [Path(line["input"]).name for line in ran.json_lines] == ["a.mp4"]


def test_one_that_was_stopped_is_never_half_there(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=1500), tmp_path / "out"
    with start_flowtag("tag", clip, "--out", out, "--proxy") as process:
        wait_for(out, ".proxy.mp4.*")
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert list(out.rglob("motion.json"))
    assert not list(out.rglob("proxy.mp4"))
    (left,) = half_written(out)
    left.unlink()
    with start_flowtag("tag", clip, "--out", out, "--proxy") as process:
        wait_for(out, ".proxy.mp4.*")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "its proxy is not made yet" in err.decode()
    assert half_written(out) == []
    assert len(_times(_proxy(clip, out))) == 1500


def test_what_could_not_be_copied_is_tagged_and_told(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=30), tmp_path / "out"
    motion = run_flowtag("tag", clip, "--out", out).motion
    (motion.with_name("proxy.mp4") / "in the way").mkdir(parents=True)
    ran = run_flowtag("tag", clip, "--out", out, "--proxy", "--json")
    assert ran.status == 1
    (line,) = ran.json_lines
    assert (line["status"], line["code"]) == ("already_done", "no_proxy")
    assert line["motion"] == str(motion)
    assert "proxy" in line["reason"]
    assert half_written(out) == []


def test_where_the_clock_is_reset_pictures_run_on_without_sound(tmp_path: Path) -> None:
    beep = (Fraction(1, 2), Fraction(1))
    plain = write_with_beep(tmp_path / "plain.ts", 2, beep, sound="mp2")
    film = join(tmp_path / "film.ts", plain, plain)
    ran = run_flowtag("tag", film, "--out", tmp_path / "out", "--proxy", "--json")
    assert ran.status == 0, ran.err
    (line,) = ran.json_lines
    assert "no sound" in line["reason"]
    assert _times(Path(line["proxy"])) == [Fraction(number, 25) for number in range(100)]
    with av.open(line["proxy"]) as container:
        assert not container.streams.audio


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    film = write_movie(tmp_path / "film.mp4", Movie())
    with pytest.raises(StorageError, match="cannot write the proxy: No space left"):
        write_proxy(Path("/dev/full"), film, probe_video(film), False, lambda frames: None)


def test_what_does_not_decode_has_no_proxy(tmp_path: Path) -> None:
    film = write_movie(tmp_path / "film.mp4", Movie())
    probe = probe_video(film)
    flip_bits(film, film, 0.01, 0.75, every=3)
    with pytest.raises(InputError):
        write_proxy(tmp_path / "proxy.mp4", film, probe, False, lambda frames: None)


def test_steps_between_frames_are_what_they_were(tmp_path: Path) -> None:
    proxy = _proxy(_vfr(tmp_path / "film.mp4"), tmp_path / "out")
    steps = [second - first for first, second in pairwise(_times(proxy))]
    told = [Fraction(second - first, 1000) for first, second in pairwise(_VARYING)]
    assert steps == told
