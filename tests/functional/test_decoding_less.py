"""The fast preset leaves frames undecoded, and says nothing else for it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from flowtag.contracts.chunkfile import read_chunk
from flowtag.contracts.features import FRAME_CORRUPT, FRAME_SKIPPED, FrameTable
from flowtag.settings import AnalysisSettings, DecodingSettings
from flowtag.tables import write_frames_table
from flowtag.video.decoders import another_decoder, limit_decoder
from flowtag.video.windows import LONGEST_WINDOW_SECONDS
from tests.functional.filmed import CODINGS, FILM, RARE_KEYS, film_as
from tests.media.damaged import scatter_bits
from tests.rendering import (
    Cadence,
    CameraMove,
    Clip,
    Codec,
    Edit,
    Part,
    Picture,
    Shot,
    render_frames,
    write_video,
)
from tests.tagging import Tagged, tag

FAST = AnalysisSettings.for_preset("fast")
ALL_DECODED = FAST.model_copy(update={"decoding": DecodingSettings()})
WITH_B = ["h264-closed", "h264-open", "h264-varying", "mpeg2-open"]
NOTHING_TO_SKIP = {
    "h264-no-b": Codec("libx264", ".mp4", options={"bf": "0", "g": "12"}),
    "h264-intra": Codec("libx264", ".mp4", options={"bf": "0", "g": "1"}),
    "h264-transport": Codec("libx264", ".ts", options={"bf": "0", "g": "12"}),
    "mpeg4": Codec("mpeg4", ".mp4", options={"g": "12"}, bit_rate=800_000),
}


def rows_of(tagged: Tagged) -> FrameTable:
    return np.concatenate([read_chunk(tagged.chunks[at]).frames for at in sorted(tagged.chunks)])


def skipped(rows: FrameTable) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (rows["flags"] & FRAME_SKIPPED) > 0
    return found


def said(tagged: Tagged) -> dict[str, object]:
    """All of motion.json but what it was made with."""
    found = tagged.json
    del found["analysis"]["settings"], found["analysis"]["settings_digest"]
    return found


def film_with_cut_at(frame: int, folder: Path) -> Path:
    """A cut at a frame of a group of 24 whose middle no key frame marks."""
    options = {"x264-params": "keyint=24:min-keyint=24:scenecut=0:bframes=3:b-adapt=0"}
    rate = Fraction(25)
    shots = (
        Shot(Picture("coffee", span=1.5), (Part(float(frame / rate), CameraMove(pan=0.05)),)),
        Shot(Picture("rocket"), (Part(2.0),)),
    )
    clip = Clip("cut", shots, (Edit("cut"),), size=(320, 180), cadence=Cadence(rate))
    path = folder / f"cut-{frame}.mp4"
    codec = Codec("libx264", ".mp4", options=options)
    return write_video(path, render_frames(clip), codec=codec, frame_rate=rate)


@pytest.mark.parametrize("coding", WITH_B)
def test_frames_to_which_none_refers_are_skipped_and_accounted_for(
    coding: str, tmp_path: Path
) -> None:
    path = film_as(coding, tmp_path)
    sparse, full = tag(path, settings=FAST), tag(path, settings=ALL_DECODED)
    counts, everything = sparse.metadata.analysis.frames, full.metadata.analysis.frames
    assert counts.skipped > everything.decoded // 8
    assert counts.decoded + counts.skipped == everything.decoded
    assert (counts.expected, counts.dropped) == (everything.expected, everything.dropped)
    assert np.array_equal(rows_of(sparse)["pts"], rows_of(full)["pts"])
    assert np.array_equal(rows_of(sparse)["duration_pts"], rows_of(full)["duration_pts"])
    assert sparse.metadata.video == full.metadata.video
    assert sparse.metadata.analysis.status == "complete"


@pytest.mark.parametrize("coding", sorted(NOTHING_TO_SKIP))
def test_where_every_frame_is_referred_to_nothing_changes(coding: str, tmp_path: Path) -> None:
    codec = NOTHING_TO_SKIP[coding]
    path = tmp_path / f"film{codec.suffix}"
    write_video(path, render_frames(FILM), codec=codec, frame_rate=Fraction(25))
    sparse = tag(path, settings=FAST)
    assert sparse.metadata.analysis.frames.skipped == 0
    assert said(sparse) == said(tag(path, settings=ALL_DECODED))


@pytest.mark.parametrize("frame", range(24, 32))
def test_cuts_are_found_at_their_frame_wherever_they_lie_between_key_frames(
    frame: int, tmp_path: Path
) -> None:
    tagged = tag(film_with_cut_at(frame, tmp_path), settings=FAST)
    assert tagged.edits == [("cut", frame, frame)]
    assert tagged.metadata.analysis.frames.skipped > 0


def test_the_table_marks_skipped_frames_and_makes_nothing_up(tmp_path: Path) -> None:
    tagged = tag(film_as("h264-closed", tmp_path), settings=FAST)
    table = pq.read_table(io.BytesIO(write_frames_table(tagged.plan, tagged.chunks.get)))
    rows = table.to_pylist()
    never_seen = [row for row in rows if row["flags"] & FRAME_SKIPPED]
    assert len(never_seen) == tagged.metadata.analysis.frames.skipped > 0
    unknown = ("luma", "contrast", "detail", "difference", "match", "shift", "second_pts")
    assert all(row[name] is None for row in never_seen for name in unknown)


@pytest.mark.parametrize("seed", [0, 3])
def test_what_lies_between_the_same_key_frames_as_damage_is_decoded(
    seed: int, tmp_path: Path
) -> None:
    source = film_as("h264-closed", tmp_path)
    tagged = tag(scatter_bits(source, tmp_path / "d.mp4", seed, count=6), settings=FAST)
    rows = rows_of(tagged)
    group = np.searchsorted(key_pts(source), rows["pts"], side="right")
    damaged = set(group[(rows["flags"] & FRAME_CORRUPT) > 0].tolist())
    assert damaged
    assert not damaged & set(group[skipped(rows)].tolist())


def test_what_lies_far_from_its_key_frame_is_decoded(tmp_path: Path) -> None:
    rate = Fraction(15)
    shot = Shot(Picture("coffee", span=2.0), (Part(16.0, CameraMove(pan=0.03)),))
    clip = Clip("long", (shot,), (), size=(160, 90), cadence=Cadence(rate))
    path = write_video(
        tmp_path / "long.mp4",
        render_frames(clip),
        codec=RARE_KEYS["h264-one-key"],
        frame_rate=rate,
    )
    tagged = tag(path, settings=FAST)
    rows = rows_of(tagged)
    seconds = rows["pts"].astype(np.float64) * float(tagged.plan.probe.time_base)
    far = seconds >= float(LONGEST_WINDOW_SECONDS)
    assert skipped(rows)[~far].any()
    assert far.any()
    assert not skipped(rows)[far].any()


def test_a_range_keeps_its_ends(tmp_path: Path) -> None:
    path = film_as("h264-open", tmp_path)
    ends = (Fraction(7, 10), Fraction(31, 10))
    sparse = tag(path, settings=FAST.model_copy(update={"range_seconds": ends}))
    full = tag(path, settings=ALL_DECODED.model_copy(update={"range_seconds": ends}))
    assert np.array_equal(rows_of(sparse)["pts"], rows_of(full)["pts"])
    assert sparse.metadata.analysis.frames.skipped > 0
    assert sparse.edits == full.edits


def test_a_range_within_a_second_has_its_thumbnail(tmp_path: Path) -> None:
    path = film_as("h264-open", tmp_path)
    within = FAST.model_copy(update={"range_seconds": (Fraction(13, 10), Fraction(18, 10))})
    assert list(tag(path, settings=within).assembly.thumbnails) == ["thumbnails/0000.jpg"]


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_a_second_decoder_of_a_stream_gives_the_same_pictures(coding: str, tmp_path: Path) -> None:
    path = film_as(coding, tmp_path)
    assert list(pictures(path, second=True)) == list(pictures(path, second=False))


def key_pts(path: Path) -> list[int]:
    with av.open(str(path)) as file:
        packets = file.demux(file.streams.video[0])
        return sorted(one.pts for one in packets if one.is_keyframe and one.pts is not None)


def pictures(path: Path, second: bool) -> Iterator[tuple[int | None, int, bytes]]:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        limit_decoder(stream)
        decoder = stream.codec_context
        if second:
            decoder = another_decoder(stream, decoder.reorder_depth)
        for packet in file.demux(stream):
            for frame in decoder.decode(packet):
                yield frame.pts, int(frame.color_range), frame.to_ndarray().tobytes()
