"""Decoded pictures as a proxy shows them: small, upright, in square pixels of 8 bit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import av
import av.error
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange

from flowtag.contracts.messages import VideoProbe

LONG_SIDE_PX = 960

_LEAST_SIDE_PX = 16
_TURNS: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    90: (("transpose", "clock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "cclock"),),
}
_BT709, _BT601, _UNKNOWN = 1, 5, 2
# ITU-T H.273 numbers of the matrices that VP9 can name, as the scaler calls them.
_MATRICES: Final[dict[int, str]] = {
    1: "bt709",
    4: "fcc",
    5: "bt470",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
}
_HIGH_DEFINITION_LINES = 720


@dataclass(frozen=True, slots=True)
class TimedPicture:
    """A frame with its place in the proxy.

    Attributes:
        picture: as decoded, or as it is encoded.
        pts, duration: in ticks of the proxy, whose zero is the first frame.
        is_key: whether a player must be able to begin here.
    """

    picture: av.VideoFrame
    pts: int
    duration: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a chain of filters is made for."""

    width: int
    height: int
    format: str
    matrix: int
    color_range: int


class ProxyPictures:
    """Makes pictures small and upright; interlaced ones are deinterlaced, a frame for a frame."""

    def __init__(self, probe: VideoProbe) -> None:
        """Takes size, rotation and pixel aspect from a probe."""
        self.size = proxy_size(probe)
        self._probe = probe
        self._waiting: deque[TimedPicture] = deque()
        self._kind: _Kind | None = None
        self._graph: Graph | None = None

    def made_of(self, timed: TimedPicture) -> Iterator[TimedPicture]:
        """Takes the next picture; yields those that are ready, in order."""
        kind = self._kind_of(timed.picture)
        if kind != self._kind or self._graph is None:
            yield from self.rest()
            self._kind, self._graph = kind, self._new_graph(kind)
        self._waiting.append(timed)
        self._graph.vpush(timed.picture)
        yield from self._pulled(self._graph)

    def rest(self) -> Iterator[TimedPicture]:
        """Yields what is still held, at the end or before pictures of another kind."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._pulled(self._graph)
        self._graph = None
        self._waiting.clear()

    def describe(self, context: VideoCodecContext, first: av.VideoFrame) -> None:
        """Tells an encoder which colours the pictures are in.

        Args:
            context: of the encoder, not open yet.
            first: the first picture, as decoded.
        """
        context.colorspace = _stored_matrix(self._kind_of(first).matrix)
        context.color_range = int(ColorRange.MPEG)
        context.color_primaries = first.color_primaries
        context.color_trc = first.color_trc

    def _kind_of(self, picture: av.VideoFrame) -> _Kind:
        matrix = int(picture.colorspace)
        if matrix == _UNKNOWN:
            # Players guess by the number of lines, which is another in the proxy.
            high = picture.height >= _HIGH_DEFINITION_LINES or _is_rgb(picture)
            matrix = _BT709 if high else _BT601
        return _Kind(
            picture.width,
            picture.height,
            picture.format.name,
            0 if _is_rgb(picture) else matrix,
            int(picture.color_range),
        )

    def _new_graph(self, kind: _Kind) -> Graph:
        graph = Graph()
        graph.threads = 1
        source = graph.add(
            "buffer",
            video_size=f"{kind.width}x{kind.height}",
            pix_fmt=kind.format,
            time_base=str(self._probe.time_base),
            pixel_aspect="1/1",
            colorspace=str(kind.matrix),
            range=str(kind.color_range),
        )
        chain = [source, *(graph.add(name, options) for name, options in self._filters(kind))]
        graph.link_nodes(*chain, graph.add("buffersink")).configure()
        return graph

    def _filters(self, kind: _Kind) -> Iterator[tuple[str, str]]:
        if self._probe.field_order != "progressive" and min(kind.width, kind.height) >= 16:
            yield "bwdif", "mode=send_frame:deint=interlaced"
        turned = self._probe.rotation in (90, 270)
        width, height = self.size[::-1] if turned else self.size
        way = "area" if width <= kind.width and height <= kind.height else "bicubic"
        matrix = _MATRICES[_stored_matrix(kind.matrix)]
        yield "scale", f"{width}:{height}:flags={way}:out_range=tv:out_color_matrix={matrix}"
        yield "format", "yuv420p"
        yield from _TURNS.get(self._probe.rotation, ())

    def _pulled(self, graph: Graph) -> Iterator[TimedPicture]:
        # A filter may hold a picture back, but gives one for each, in order.
        while self._waiting:
            try:
                picture = graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield replace(self._waiting.popleft(), picture=picture)


def proxy_size(probe: VideoProbe) -> tuple[int, int]:
    """Upright width and height in px: never enlarged, even, the longer at most LONG_SIDE_PX."""
    width, height = probe.display_size()
    scale = min(Fraction(LONG_SIDE_PX, max(width, height)), Fraction(1))
    return _even(width * scale), _even(height * scale)


def _even(side: Fraction) -> int:
    return max(_LEAST_SIDE_PX, 2 * round(side / 2))


def _is_rgb(picture: av.VideoFrame) -> bool:
    return picture.format.is_rgb


def _stored_matrix(matrix: int) -> int:
    return matrix if matrix in _MATRICES else _BT709
