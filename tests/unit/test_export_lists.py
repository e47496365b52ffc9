"""Tables, lines, cues and chapters: every segment, with what is unknown left open."""

from __future__ import annotations

import csv
import io
import json
import re

import cv2
import numpy as np
import pytest

from flowtag.contracts.metadata import MotionMetadata, Segment
from flowtag.errors import ContractError, InputError, ObjectNotFoundError, SettingsError
from flowtag.export import ExportOptions, export, export_thumbnails
from flowtag.export.formats import Format
from flowtag.export.sprites import TILE_WIDTH_PX
from flowtag.filtering import parse_filter
from tests.unit.marked_video import RATES, SPANS, Span, marked_video


def text(metadata: MotionMetadata, kind: Format, where: str | None = None) -> str:
    options = ExportOptions(where=parse_filter(where) if where else None)
    return export(metadata, kind, options).data.decode()


def rows(metadata: MotionMetadata) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(metadata, "csv"), newline="")))


def test_a_table_has_a_row_a_segment_and_an_empty_cell_for_what_is_unknown() -> None:
    found = rows(marked_video(RATES[4]))

    assert [row["segment"] for row in found] == ["0", "1", "2", "3", "4"]
    assert (found[1]["start_timecode"], found[1]["start_frame"]) == ("00:59:31;17", "47")
    assert (found[3]["camera"], found[3]["pan"]) == ("tilt_up zoom_in handheld", "0.31")
    assert (found[2]["level"], found[2]["peak_timecode"]) == ("", "")
    assert text(marked_video(), "csv").count("\r\n") == 6


def test_lines_are_the_segments_of_motion_json() -> None:
    metadata = marked_video()

    found = [json.loads(line) for line in text(metadata, "jsonl").splitlines()]

    assert [line.pop("video")["uri"] for line in found] == ["/rushes/Take 2.mov"] * 5
    assert [Segment.model_validate(line) for line in found] == metadata.segments


def test_cues_have_times_names_and_figures() -> None:
    blocks = text(marked_video(), "vtt").split("\n\n")

    assert blocks[:2] == ["WEBVTT", "NOTE /rushes/Take 2.mov"]
    assert blocks[2].splitlines()[:3] == ["0", "00:00:00.000 --> 00:00:01.880", "high: pan right"]
    assert blocks[3].splitlines()[1] == "00:00:01.880 --> 00:01:11.960"


def test_a_cue_of_less_than_a_millisecond_is_seen_none_the_less() -> None:
    (segment,) = marked_video(spans=[Span(25, 26)]).segments
    short = segment.model_copy(update={"end": segment.start})
    metadata = marked_video().model_copy(update={"segments": [short]})

    assert "00:00:01.000 --> 00:00:01.001" in text(metadata, "vtt")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "vtt", "ffmetadata"])
def test_lists_are_filtered_and_have_no_selects(kind: Format) -> None:
    metadata = marked_video()

    chosen = text(metadata, kind, "level = static or level is unknown")

    assert len(chosen) < len(text(metadata, kind))
    with pytest.raises(SettingsError, match="has no selects"):
        export(metadata, kind, ExportOptions(shape="selects"))
    with pytest.raises(InputError, match="matches --where"):
        text(metadata, kind, "length > 1h")


def jpeg(grey: int, width: int = 320, height: int = 180) -> bytes:
    _, data = cv2.imencode(".jpg", np.full((height, width, 3), grey, np.uint8))
    return data.tobytes()


SHADES = [20, 70, 120, 170, 220]


def shade(name: str) -> bytes:
    return jpeg(SHADES[int(name.removeprefix("thumbnails/").removesuffix(".jpg"))])


def test_every_cue_shows_its_own_picture_of_the_sheet() -> None:
    track = export_thumbnails(marked_video(), None, shade, "Take 2 #1.jpg")

    sheet = cv2.imdecode(np.frombuffer(track.sheet, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    cues = re.findall(r"^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$", track.cues.decode(), re.MULTILINE)
    assert {cue[0] for cue in cues} == {"Take%202%20%231.jpg"}
    places = [tuple(map(int, cue[1:])) for cue in cues]
    assert {place[2:] for place in places} == {(TILE_WIDTH_PX, 90)}
    found = [sheet[y : y + h, x : x + w] for x, y, w, h in places]
    assert [tile.shape for tile in found] == [(90, TILE_WIDTH_PX)] * 5
    assert [int(tile.mean()) for tile in found] == pytest.approx(SHADES, abs=2)
    assert track.warnings == ()


def test_segments_without_a_picture_have_no_cue_and_are_told_of() -> None:
    metadata = marked_video()
    bare = metadata.segments[2].model_copy(update={"thumbnail": None})
    some = metadata.model_copy(update={"segments": [*metadata.segments[:2], bare]})

    track = export_thumbnails(some, None, shade, "a.jpg")

    assert track.cues.decode().count("-->") == 2
    assert track.warnings == ("1 of 3 segments have no thumbnail",)
    with pytest.raises(InputError, match=r"no segment of .* has a thumbnail"):
        export_thumbnails(metadata.model_copy(update={"segments": [bare]}), None, shade, "a.jpg")


def test_a_portrait_is_no_wider_than_it_is_high() -> None:
    track = export_thumbnails(marked_video(), None, lambda _: jpeg(50, 180, 320), "a.jpg")

    assert "a.jpg#xywh=0,0,90,160" in track.cues.decode()


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg(50)[:40]])
def test_a_damaged_picture_is_named(data: bytes) -> None:
    with pytest.raises(ContractError, match="thumbnail of segment 0 is damaged"):
        export_thumbnails(marked_video(), None, lambda _: data, "a.jpg")


def test_a_picture_that_is_gone_is_an_error() -> None:
    def gone(name: str) -> bytes:
        raise ObjectNotFoundError(f"there is no {name}")

    with pytest.raises(ObjectNotFoundError, match=r"thumbnails/0000\.jpg"):
        export_thumbnails(marked_video(), None, gone, "a.jpg")


def test_chapters_are_exact_in_the_videos_own_time_base() -> None:
    chapters = text(marked_video(RATES[0]), "ffmetadata").split("[CHAPTER]\n")

    assert chapters[0] == ";FFMETADATA1\n"
    # 23.976 fps: a frame is 1001 ticks of 1/24000 s.
    start, end = SPANS[1].start * 1001, SPANS[1].end * 1001
    assert chapters[2] == (
        f"TIMEBASE=1/24000\nSTART={start}\nEND={end}\ntitle=static: static camera\n"
    )
