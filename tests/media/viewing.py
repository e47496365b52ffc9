"""What flowtag makes of a file, gathered for assertions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av

from flowtag.contracts.messages import ChunkRange, VideoProbe
from flowtag.video.decoding import DecodedFrame, FrameDecoder
from flowtag.video.frame_account import DecodeReport
from flowtag.video.indexing import PacketIndex, read_index, refined
from flowtag.video.pictures import small_luma
from flowtag.video.probing import probe_video
from tests.media.movies import read_number

WHOLE = ChunkRange(start_pts=None, end_pts=None)


@dataclass(frozen=True)
class Seen:
    """All frames of a file as flowtag decodes it.

    Attributes:
        probe: refined by the index.
        index: of its packets.
        pts: of every frame.
        numbers: that the frames carry.
        ends: pts plus stored duration of every frame.
        sizes: width and height of every frame.
        corrupt: whether damage was concealed in each.
        report: of the decoder.
    """

    probe: VideoProbe
    index: PacketIndex
    pts: list[int]
    numbers: list[int]
    ends: list[int]
    sizes: list[tuple[int, int]]
    corrupt: list[bool]
    report: DecodeReport


def see(path: Path) -> Seen:
    """Probes, indexes and decodes a file as a plan of one chunk would."""
    headers = probe_video(path)
    index = read_index(path, headers)
    probe = refined(headers, index)
    seen = Seen(probe, index, [], [], [], [], [], DecodeReport())
    with FrameDecoder(path, probe, WHOLE, not index.clean) as decoder:
        for frame in decoder:
            _add(seen, frame)
        return Seen(**{**vars(seen), "report": decoder.report})


def hashes(
    path: Path, probe: VideoProbe, start_pts: int | None, limit: int
) -> list[tuple[int, int, int | None]]:
    """Pts, duration and a hash of the pixels of frames from a start on; None of spoiled pixels."""
    wanted = ChunkRange(start_pts=start_pts, end_pts=None)
    with FrameDecoder(path, probe, wanted, sequential=False) as decoder:
        return [_hashed(frame) for frame in islice(decoder, limit)]


def _hashed(frame: DecodedFrame) -> tuple[int, int, int | None]:
    pixels = None if frame.corrupt else zlib.crc32(frame.picture.to_ndarray().tobytes())
    return frame.pts, frame.duration_pts, pixels


def _add(seen: Seen, frame: DecodedFrame) -> None:
    size = (frame.picture.width, frame.picture.height)
    seen.pts.append(frame.pts)
    seen.numbers.append(read_number(small_luma(frame.picture, size, 0)))
    seen.ends.append(frame.pts + frame.duration_pts)
    seen.sizes.append(size)
    seen.corrupt.append(frame.corrupt)


def frames_from_start(path: Path) -> Iterator[av.VideoFrame]:
    """The pictures of a file, as they are stored."""
    with FrameDecoder(path, probe_video(path), WHOLE, sequential=False) as decoder:
        for frame in decoder:
            yield frame.picture
