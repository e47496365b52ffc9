"""Where windows are left in their middle, every frame still comes once, and in its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.frame_measuring import FrameMeasurer
from flowtag.pair_clock import PairClock
from flowtag.settings import AnalysisSettings
from flowtag.video import sparse_reading
from flowtag.video.decoding import FrameDecoder
from flowtag.video.frame_account import DecodeReport
from flowtag.video.windows import WindowDecoder
from flowtag.window_judging import RememberingComparer, WindowEvidence
from tests.functional.filmed import CODINGS, FILM, film_as
from tests.rendering import Codec, render_frames, write_video
from tests.tagging import plan_of, tag

FAST = AnalysisSettings.for_preset("fast")
WHOLE = ChunkRange(start_pts=None, end_pts=None)
TRANSPORT = {
    "h264": Codec(
        "libx264", ".ts", options={"x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=3"}
    ),
    "h264-one-key": Codec(
        "libx264", ".ts", options={"x264-params": "keyint=infinite:scenecut=0:bframes=3"}
    ),
    "mpeg2": CODINGS["mpeg2-open"],
}


def in_transport(coding: str, folder: Path) -> Path:
    frames = render_frames(FILM)
    return write_video(
        folder / f"{coding}.ts", frames, codec=TRANSPORT[coding], frame_rate=Fraction(25)
    )


def seen_sparsely(path: Path) -> tuple[list[int], list[int], DecodeReport]:
    """The pts of all frames, those of damaged ones, and what was said of them."""
    task = plan_of(path, settings=FAST).task(0)
    clock = PairClock(task.probe.timeline(), FAST.flow)
    judge = WindowEvidence(task, clock, FrameMeasurer(task, clock), RememberingComparer())
    with WindowDecoder(path, task.probe, WHOLE, judge) as windows:
        frames = [(frame.pts, frame.corrupt) for frame in windows]
        return [pts for pts, _ in frames], [pts for pts, bad in frames if bad], windows.report


def seen_wholly(path: Path, probe: VideoProbe) -> tuple[list[int], list[int], DecodeReport]:
    with FrameDecoder(path, probe, WHOLE, sequential=False) as decoder:
        frames = [(frame.pts, frame.corrupt) for frame in decoder]
        return [pts for pts, _ in frames], [pts for pts, bad in frames if bad], decoder.report


@pytest.mark.parametrize("coding", ["h264-open", "h264-varying", "h264-one-key", "mpeg2-open"])
@pytest.mark.parametrize("most_bytes", [1500, 6000])
def test_a_window_of_too_many_bytes_loses_no_frame(
    coding: str, most_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparse_reading, "_MOST_BYTES", most_bytes)
    path = film_as(coding, tmp_path)
    pts, _, report = seen_sparsely(path)
    assert pts == seen_wholly(path, plan_of(path).probe)[0]
    assert (report.repeated_pts, report.jumps) == (0, [])


def test_no_clock_is_said_to_be_reset_where_a_long_window_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowtag.video.windows.LONGEST_WINDOW_SECONDS", Fraction(13, 10))
    path = in_transport("h264-one-key", tmp_path)
    pts, _, report = seen_sparsely(path)
    assert pts == seen_wholly(path, plan_of(path).probe)[0]
    assert (report.repeated_pts, report.jumps) == (0, [])


@pytest.mark.parametrize("after", sorted(TRANSPORT))
@pytest.mark.parametrize("cut_short", [False, True])
def test_after_a_clock_was_reset_all_is_as_when_every_frame_is_decoded(
    after: str, cut_short: bool, tmp_path: Path
) -> None:
    first = in_transport("mpeg2" if after == "mpeg2" else "h264", tmp_path).read_bytes()
    again = in_transport(after, tmp_path).read_bytes()
    if cut_short:
        first = first[: len(first) // 188 // 2 * 188]
    path = tmp_path / "reset.ts"
    path.write_bytes(first + again)
    probe = plan_of(path).probe
    pts, damaged, report = seen_sparsely(path)
    assert (pts, damaged) == seen_wholly(path, probe)[:2]
    assert report.jumps == seen_wholly(path, probe)[2].jumps


def with_hole(source: Path, path: Path) -> Path:
    """A copy of which most is zeros, as of a download that was cut short."""
    data = bytearray(source.read_bytes())
    first, last = len(data) * 3 // 10, len(data) * 9 // 10
    data[first:last] = bytes(last - first)
    path.write_bytes(data)
    return path


def test_what_fails_once_more_spoils_nothing_behind_it(tmp_path: Path) -> None:
    path = with_hole(film_as("h264-closed", tmp_path), tmp_path / "hole.mp4")
    assert seen_sparsely(path)[1] == seen_wholly(path, plan_of(path).probe)[1]
    whole = tag(path, settings=FAST)
    for chunk_seconds in (Fraction(1, 2), Fraction(4, 3)):
        assert tag(path, chunk_seconds, FAST).motion_json == whole.motion_json


def test_packets_of_which_no_frame_comes_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_MOST_BYTES", "_MOST_AWAITED_BYTES"):
        monkeypatch.setattr(sparse_reading, name, 3000)
    path = with_hole(film_as("h264-closed", tmp_path), tmp_path / "hole.mp4")
    assert 0 < most_bytes_kept(path) < 12_000


def test_packets_after_a_reset_clock_are_not_kept_for_want_of_a_key_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparse_reading, "_MOST_BYTES", 80_000)
    monkeypatch.setattr(sparse_reading, "_MOST_AWAITED_BYTES", 160_000)
    film = in_transport("h264-one-key", tmp_path).read_bytes()
    behind_the_key = len(film) // 188 // 2 * 188
    path = tmp_path / "reset.ts"
    path.write_bytes(film + film[behind_the_key:] * 20)

    assert 0 < most_bytes_kept(path) < 200_000


def most_bytes_kept(path: Path) -> int:
    """Of packets at a time, where windows are taken as soon as the next one begins."""
    reader = sparse_reading.SparseReader(path, 0, lambda key, pts: False, 1 << 40)
    most = 0
    with reader:
        for packet in reader.packets():
            reader.decoded(packet)
            for key in [*reader.marks][:-1]:
                del reader.marks[key]
                reader.take(key, None)
            most = max(most, sum(one.size for log in reader._logs.values() for one in log))
    return most
