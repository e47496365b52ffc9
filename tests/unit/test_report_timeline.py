from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from flowtag.contracts.metadata import MotionMetadata
from flowtag.report.curves import read_samples
from flowtag.report.linking import film_of, url_from
from flowtag.report.timeline import CURVE_WIDTH, Timeline, timeline_of
from flowtag.report.wording import FLAGS, clock, frame_rate, storage, subject_words, why_unknown
from flowtag.whole_files import is_current
from tests.unit.run_objects import make_gap, make_metadata, make_plan

_FORMATS = Path(__file__).parents[2] / "docs/formats/motion-json.md"


def _timeline(metadata: MotionMetadata) -> Timeline:
    timeline = timeline_of(metadata, read_samples(Path("/nowhere/motion.json"), metadata))
    assert timeline is not None
    return timeline


def _filmed(**video: Any) -> MotionMetadata:
    metadata = make_metadata(make_plan())
    return metadata.model_copy(update={"video": metadata.video.model_copy(update=video)})


def test_places_are_shares_of_the_length() -> None:
    timeline = _timeline(make_metadata(make_plan(), failed=(1,)))

    (bar,) = timeline.bars
    assert (bar.place.x, bar.place.width, bar.level) == ("0.000%", "100.000%", "high")
    ((gap, words),) = timeline.gaps
    assert (gap.x, gap.width) == ("33.333%", "33.333%")
    assert "00:00:04:00 to 00:00:08:00, chunk_failed" in words


def test_a_move_lies_in_its_lane_as_opaque_as_it_is_sure() -> None:
    (move,) = _timeline(make_metadata(make_plan())).moves

    assert (move.lane, move.offset) == (0, 0)
    assert move.opacity == "0.98"
    assert move.words == "0: pan right +0.31 w/s"


def test_the_ruler_counts_in_the_timecode_of_the_file() -> None:
    drop = _filmed(
        frame_rate="30000/1001",
        timecode="00:59:58;00",
        drop_frame=True,
        duration_seconds=12.012,
    )

    assert [tick.text for tick in _timeline(drop).ticks] == [
        "00:59:58;00",
        "01:00:00;00",
        "01:00:02;00",
        "01:00:04;00",
        "01:00:06;00",
        "01:00:08;00",
    ]


@pytest.mark.parametrize("timecode", [None, "no timecode"])
def test_a_file_without_timecode_has_no_ruler(timecode: str | None) -> None:
    assert _timeline(_filmed(timecode=timecode)).ticks == ()


def test_curves_stay_in_their_box() -> None:
    path = _timeline(make_metadata(make_plan())).curves.camera_most
    points = [(int(x), float(y)) for x, y in re.findall(r"[ML](\d+) ([\d.]+)", path)]

    # The fastest reaches the top of the scale, which is 3 px short of the box.
    assert points == [(0, 48), (0, 3), *[(CURVE_WIDTH, 3)] * 2, (CURVE_WIDTH, 48)]


def test_every_flag_of_the_format_is_told_in_words() -> None:
    flags = _FORMATS.read_text(encoding="utf-8").partition("## Flags")[2]

    assert set(re.findall(r"`(\w+)`(?=.*\|)", flags.split("\n\n")[1])) >= set(FLAGS)
    assert {flag for flag in FLAGS if f"`{flag}`" not in flags} == set()


def test_a_level_is_unknown_for_the_reasons_that_are_there() -> None:
    segment = make_metadata(make_plan()).segments[0].model_copy(update={"flags": ["not_analyzed"]})
    gaps = [make_gap(0, 100, "truncated: no index"), make_gap(300, 400, "elsewhere")]

    assert why_unknown(segment, gaps) == (
        "nothing of this span could be decoded; truncated: no index"
    )
    plain = segment.model_copy(update={"flags": []})
    assert why_unknown(plain, []) == "too little can be trusted"


def test_figures_are_written_as_people_read_them() -> None:
    assert [clock(each) for each in (0.32, 59.9, 59.97, 3725.4, None)] == [
        "0.3 s", "59.9 s", "1:00", "1:02:05", "–",  # noqa: RUF001
    ]  # fmt: skip
    assert [storage(each) for each in (7, 999_600, 24_100_000, 5 * 10**12)] == [
        "7 bytes",
        "1.0 MB",
        "24.1 MB",
        "5.0 TB",
    ]
    video = make_metadata(make_plan()).video
    assert frame_rate(video) == "25 fps"
    ntsc = video.model_copy(update={"frame_rate": "30000/1001", "variable_frame_rate": True})
    assert frame_rate(ntsc) == "29.97 fps, variable"
    subject = make_metadata(make_plan()).segments[0].subject
    assert subject_words(subject.model_copy(update={"area": 0.0})) == "none"


def test_an_address_holds_nothing_that_a_browser_reads_otherwise(tmp_path: Path) -> None:
    film = tmp_path / "a:b" / "100% #1?.mp4"
    film.parent.mkdir()
    film.touch()

    assert url_from(tmp_path, film) == "a%3Ab/100%25%20%231%3F.mp4"
    assert url_from(tmp_path / "out", film) == "../a%3Ab/100%25%20%231%3F.mp4"


@pytest.mark.parametrize("uri", ["s3://bucket/a.mp4", "javascript:alert(1)", "a.mp4", "/\0"])
def test_what_is_no_file_here_is_not_played(uri: str, tmp_path: Path) -> None:
    video = _filmed(uri=uri).video

    assert film_of(tmp_path / "motion.json", video, tmp_path / "report.html") is None


def test_a_report_is_current_while_nothing_it_shows_is_newer(tmp_path: Path) -> None:
    motion, report = tmp_path / "motion.json", tmp_path / "report.html"
    motion.touch()
    assert not is_current(report, motion)
    report.touch()
    assert is_current(report, motion, tmp_path / "proxy.mp4")
    (tmp_path / "proxy.mp4").touch()
    later = report.stat().st_mtime_ns + 1
    os.utime(tmp_path / "proxy.mp4", ns=(later, later))
    assert not is_current(report, motion, tmp_path / "proxy.mp4")
