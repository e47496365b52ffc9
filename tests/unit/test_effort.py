from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flowtag.contracts.messages import SourceRef, VideoProbe
from flowtag.effort import (
    USUAL,
    WORST,
    chunk_seconds_within,
    cost_usd,
    cpu_seconds_per_second,
    video_cpu_seconds,
    without_clock,
    work_rate,
)
from flowtag.planning import plan_video
from flowtag.settings import AnalysisSettings, ExecutionSettings
from tests.media.movies import Movie, write_movie

BALANCED = AnalysisSettings()
HOUR_BYTES = 3_600_000_000
"""An hour at 8 Mb/s."""


def probed(
    codec: str = "h264",
    size: tuple[int, int] = (1920, 1080),
    rate: Fraction = Fraction(25),
    end_pts: int | None = 3600,
) -> VideoProbe:
    return VideoProbe(
        container="mov",
        codec=codec,
        stream_index=0,
        width=size[0],
        height=size[1],
        pixel_format="yuv420p",
        time_base=Fraction(1),
        frame_rate=rate,
        start_pts=0,
        end_pts=end_pts,
    )


def test_an_hour_of_common_video_takes_some_fifteen_minutes() -> None:
    seconds = video_cpu_seconds(probed(), BALANCED, HOUR_BYTES)
    assert seconds is not None
    # Decoding 6 ms a frame, making it small 0.5, flow 3.9 at every second one.
    assert seconds == pytest.approx(90_000 * (6.5e-3 + 3.9e-3 / 2), rel=0.2)


@pytest.mark.parametrize(
    "heavier",
    [probed("hevc"), probed(size=(3840, 2160)), probed(rate=Fraction(50)), probed("jpeg2000")],
)
def test_more_to_decode_is_more_work(heavier: VideoProbe) -> None:
    plain = cpu_seconds_per_second(probed(), BALANCED)
    assert cpu_seconds_per_second(heavier, BALANCED) > 1.1 * plain


def test_a_higher_bit_rate_is_more_work() -> None:
    low, high = (cpu_seconds_per_second(probed(), BALANCED, n * HOUR_BYTES) for n in (1, 5))
    assert high > 2 * low


def test_better_presets_are_more_work() -> None:
    fast, balanced, best = (
        cpu_seconds_per_second(probed(), AnalysisSettings.for_preset(preset))
        for preset in ("fast", "balanced", "best")
    )
    assert fast < balanced < best


def test_where_frames_are_left_out_there_is_less_to_decode_as_a_rule_and_more_at_worst() -> None:
    fast = AnalysisSettings.for_preset("fast")
    everything = fast.model_copy(update={"decoding": BALANCED.decoding})
    usual, worst, whole = (
        work_rate(probed(), settings, HOUR_BYTES, content=content).decoding
        for settings, content in ((fast, USUAL), (fast, WORST), (everything, WORST))
    )
    assert usual < whole < worst


def test_where_no_frame_can_be_left_out_all_are_decoded() -> None:
    fast, balanced = (
        work_rate(probed("av1"), AnalysisSettings.for_preset(preset)).decoding
        for preset in ("fast", "balanced")
    )
    assert fast == balanced


def test_an_unknown_codec_has_an_estimate_too() -> None:
    assert cpu_seconds_per_second(probed("unheard of"), BALANCED) > 0


@given(
    budget=st.floats(0.01, 1e5),
    width=st.integers(16, 8192),
    rate=st.fractions(Fraction(1), Fraction(240), max_denominator=1001),
)
def test_a_chunk_keeps_its_bound_or_lasts_a_second(
    budget: float, width: int, rate: Fraction
) -> None:
    probe = probed(size=(width, width), rate=rate)
    seconds = chunk_seconds_within(probe, BALANCED, budget)
    assert seconds >= 1
    each = cpu_seconds_per_second(probe, BALANCED)
    assert seconds == 1 or float(seconds) * each <= budget * (1 + 1e-9)
    assert (float(seconds) + 1) * each > budget * (1 - 1e-9)


def test_a_range_takes_its_share() -> None:
    settings = AnalysisSettings(range_seconds=(Fraction(600), Fraction(1200)))
    whole, part = (video_cpu_seconds(probed(), chosen) for chosen in (BALANCED, settings))
    assert whole is not None
    assert part == pytest.approx(whole / 6)


def test_a_video_of_unknown_length_has_no_estimate() -> None:
    assert video_cpu_seconds(probed(end_pts=None), BALANCED) is None
    until = AnalysisSettings(range_seconds=(Fraction(0), Fraction(10)))
    assert video_cpu_seconds(probed(end_pts=None), until) is not None


def test_a_video_that_ends_before_it_begins_is_no_work_known() -> None:
    assert video_cpu_seconds(probed(end_pts=0), BALANCED, HOUR_BYTES) is None


def test_cost_is_time_and_its_price() -> None:
    assert math.isclose(cost_usd(7200, 0.00005), 0.36)


@pytest.mark.parametrize("bound", [0, -1, math.nan, math.inf])
def test_a_bound_is_a_positive_number(bound: float) -> None:
    with pytest.raises(ValidationError):
        ExecutionSettings(chunk_cpu_seconds=bound)


def test_a_plan_has_shorter_chunks_where_they_are_bounded(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "film.mp4", Movie(count=150, gop=5))
    source = SourceRef(uri="/f", name="f", size_bytes=path.stat().st_size, content_id="c")
    plans = [
        plan_video(path, source, BALANCED, ExecutionSettings(chunk_cpu_seconds=bound))
        for bound in (None, 1000.0, 1e-6)
    ]
    assert [len(plan.chunks) for plan in plans] == [1, 1, 6]
    assert len({plan.run_id for plan in plans}) == 1


def seconds_of(probe: VideoProbe) -> float:
    assert probe.end_pts is not None
    return float((probe.end_pts - probe.start_pts) * probe.time_base)


def test_without_a_clock_the_frames_that_were_counted_tell_the_length() -> None:
    counted = probed(end_pts=90_000).model_copy(update={"frames_expected": 2500})
    assert seconds_of(without_clock(counted, HOUR_BYTES)) == 100


@pytest.mark.parametrize("clock", [None, 90_000])
def test_without_a_clock_and_a_count_the_bytes_tell_about_the_length(clock: int | None) -> None:
    # Of H.264 8 Mb/s are usual in 1080p at 25 fps.
    assert seconds_of(without_clock(probed(end_pts=clock), HOUR_BYTES)) == pytest.approx(3600, 0.05)


def test_a_clock_that_tells_of_less_than_the_bytes_is_heard() -> None:
    assert seconds_of(without_clock(probed(end_pts=600), HOUR_BYTES)) == 600


def test_a_length_that_nothing_tells_stays_unknown() -> None:
    assert without_clock(probed(end_pts=None)).end_pts is None


def test_a_model_that_takes_longer_makes_shorter_chunks() -> None:
    settings = BALANCED.with_model("tiny", "0" * 64, 320)
    light, heavy, unknown = (
        chunk_seconds_within(probed(), settings, 60, model_seconds=each) for each in (0.5, 50, None)
    )

    assert heavy < unknown < light


def test_refining_takes_more_than_dis_and_less_than_the_model_for_all() -> None:
    refined = BALANCED.with_refining("tiny", "0" * 64)
    all_by_model = BALANCED.with_model("tiny", "0" * 64, BALANCED.flow.working_size_px)
    dis, some, every = (
        cpu_seconds_per_second(probed(), settings, model_seconds=5.0)
        for settings in (BALANCED, refined, all_by_model)
    )

    assert dis < some < every


def test_chunks_are_short_enough_for_every_pair_to_be_refined() -> None:
    refined = BALANCED.with_refining("tiny", "0" * 64)
    all_by_model = BALANCED.with_model("tiny", "0" * 64, BALANCED.flow.working_size_px)
    some, every = (
        chunk_seconds_within(probed(), settings, 600, model_seconds=5.0)
        for settings in (refined, all_by_model)
    )

    assert 0.9 * every < some <= every


def test_what_a_model_takes_grows_with_the_area_of_its_pictures() -> None:
    small, large = (
        cpu_seconds_per_second(
            probed(), BALANCED.with_model("tiny", "0" * 64, size), model_seconds=1e4
        )
        for size in (160, 320)
    )

    assert large == pytest.approx(4 * small, rel=0.01)
