"""What OpenTimelineIO's readers make of what was written, at every rate."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest
from opentimelineio.opentime import RationalTime, TimeRange

from flowtag.export import ExportOptions, Handles, Sound, export
from flowtag.export.formats import Format, Shape
from flowtag.timing import parse_timecode
from tests.unit.marked_video import FRAMES, RATES, SPANS, Rate, marked_video

SELECTED = [(max(span.start - 12, 0), min(span.end + 12, FRAMES)) for span in SPANS]
at_every_rate = pytest.mark.parametrize("rate", RATES, ids=str)
with_or_without_sound = pytest.mark.parametrize("sound", [None, Sound(2)], ids=["mute", "stereo"])


def written(rate: Rate, kind: Format, shape: Shape = "markers", sound: Sound | None = None) -> str:
    options = ExportOptions(shape=shape, handles=Handles(12), sound=sound)
    return export(marked_video(rate), kind, options).data.decode()


def start_of(rate: Rate) -> int:
    return parse_timecode(rate.start, rate.fps)[0]


def hour_of(rate: Rate) -> int:
    return parse_timecode("01:00:00;00" if rate.drop_frame else "01:00:00:00", rate.fps)[0]


def frames(found: TimeRange, rate: Rate) -> tuple[int, int]:
    """First and last of a range, if it is of that rate and on whole frames."""
    times = found.start_time, found.end_time_exclusive()
    for time in times:
        assert time.rate == pytest.approx(float(rate.fps), abs=1e-3)
        assert time.value == round(time.value)
    return int(times[0].value), int(times[1].value)


def clips(timeline: otio.schema.Timeline, kind: str = "Video") -> list[otio.schema.Clip]:
    return [clip for clip in timeline.find_clips() if clip.parent().kind == kind]


@at_every_rate
@pytest.mark.parametrize("kind", ["otio_json", "fcp_xml"])
@with_or_without_sound
def test_markers_come_back_at_their_frames(rate: Rate, kind: str, sound: Sound | None) -> None:
    ours: Format = "otio" if kind == "otio_json" else "fcp7xml"
    timeline = otio.adapters.read_from_string(written(rate, ours, sound=sound), kind)

    (clip,) = clips(timeline)
    first = start_of(rate)
    assert timeline.global_start_time == RationalTime(first, timeline.global_start_time.rate)
    assert frames(clip.media_reference.available_range, rate) == (first, first + FRAMES)
    assert frames(clip.source_range, rate) == (first, first + FRAMES)
    # The reader of FCP 7's XML leaves markers where the format counts them: from the first frame.
    origin = first if kind == "otio_json" else 0
    assert [frames(marker.marked_range, rate) for marker in clip.markers] == [
        (origin + span.start, origin + span.end) for span in SPANS
    ]
    assert [marker.name for marker in clip.markers][:2] == [
        "high: pan right",
        "static: static camera",
    ]


@at_every_rate
@pytest.mark.parametrize("kind", ["otio_json", "fcp_xml"])
@with_or_without_sound
def test_selects_come_back_with_their_handles(rate: Rate, kind: str, sound: Sound | None) -> None:
    ours: Format = "otio" if kind == "otio_json" else "fcp7xml"
    timeline = otio.adapters.read_from_string(written(rate, ours, "selects", sound), kind)

    first, at, places = start_of(rate), 0, []
    for start, end in SELECTED:
        places.append((at, at + end - start))
        at += end - start
    assert timeline.global_start_time.value == hour_of(rate)
    for heard in ["Video"] + (["Audio"] if sound else []):
        found = clips(timeline, heard)[: len(SPANS)]
        assert [frames(clip.source_range, rate) for clip in found] == [
            (first + start, first + end) for start, end in SELECTED
        ]
        assert [frames(clip.range_in_parent(), rate) for clip in found] == places
    assert {clip.media_reference.target_url for clip in timeline.find_clips()} == {
        "file:///rushes/Take%202.mov"
        if kind == "otio_json"
        else "file://localhost/rushes/Take%202.mov"
    }


@at_every_rate
def test_an_edls_markers_come_back_at_their_frames(rate: Rate) -> None:
    timeline = otio.adapters.read_from_string(
        written(rate, "edl"), "cmx_3600", rate=float(rate.fps)
    )

    first = start_of(rate)
    assert [frames(clip.source_range, rate) for clip in clips(timeline)] == [
        (first + span.start, first + span.start + 1) for span in SPANS
    ]


@at_every_rate
@with_or_without_sound
def test_an_edls_selects_come_back_with_their_handles(rate: Rate, sound: Sound | None) -> None:
    timeline = otio.adapters.read_from_string(
        written(rate, "edl", "selects", sound), "cmx_3600", rate=float(rate.fps)
    )

    first = start_of(rate)
    assert [frames(clip.source_range, rate) for clip in clips(timeline)] == [
        (first + start, first + end) for start, end in SELECTED
    ]
    assert {clip.name for clip in timeline.find_clips()} == {"Take 2.mov"}
    assert len(clips(timeline, "Audio")) == (2 * len(SPANS) if sound else 0)


@at_every_rate
def test_fcpxmls_times_are_exactly_on_frames(rate: Rate) -> None:
    for shape in ("markers", "selects"):
        root = ET.fromstring(written(rate, "fcpxml", shape))
        duration = Fraction(root.find(".//format").attrib["frameDuration"].rstrip("s"))  # type: ignore[union-attr]
        times = [
            Fraction(element.attrib[name].rstrip("s"))
            for element in root.iter()
            for name in ("start", "offset", "duration", "tcStart")
            if name in element.attrib
        ]

        assert duration == 1 / rate.fps
        assert {(time / duration).denominator for time in times} == {1}


@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
@pytest.mark.parametrize("rate", [rate for rate in RATES if rate.fps.denominator == 1], ids=str)
def test_fcpxmls_selects_come_back_with_their_handles(rate: Rate) -> None:
    """At whole rates: of 29.97 OpenTimelineIO's reader makes 29."""
    read = otio.adapters.read_from_string(written(rate, "fcpxml", "selects"), "fcpx_xml")

    found = read.find_children(descended_from_type=otio.schema.Clip)
    first = start_of(rate)
    assert [frames(clip.source_range, rate) for clip in found] == [
        (first + start, first + end) for start, end in SELECTED
    ]
    assert [marker.name for clip in found for marker in clip.markers][:1] == ["high: pan right"]


@at_every_rate
def test_drop_frame_is_said_wherever_timecode_is(rate: Rate) -> None:
    mode = "DF" if rate.drop_frame else "NDF"
    premiere = ET.fromstring(written(rate, "fcp7xml"))
    final_cut = ET.fromstring(written(rate, "fcpxml", "selects"))

    assert {each.text for each in premiere.iter("displayformat")} == {mode}
    assert {each.text for each in premiere.iterfind(".//timecode/string")} == {rate.start}
    assert {e.attrib["tcFormat"] for e in final_cut.iter() if "tcFormat" in e.attrib} == {mode}
