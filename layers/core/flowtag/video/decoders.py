"""Decoders of a stream: bounded, in one thread, and with no more deblocking than is seen."""

from __future__ import annotations

from typing import cast

from av.codec.context import CodecContext, ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from flowtag.video.opening import MAX_PIXELS

_NEEDS_NO_DEBLOCKING_PIXELS = 1280 * 720

# Their decoders show damaged frames unmarked, unless told to give them up.
_SILENT_CODECS = {"hevc"}


def limit_decoder(stream: VideoStream, drifts: bool = False) -> None:
    """Binds a stream's decoder to one thread and to :data:`MAX_PIXELS`; before its first packet.

    A process per core is flowtag's parallelism; threads within one would only contend.

    Args:
        stream: of an open container.
        drifts: nothing of a large picture is deblocked, not even what others are predicted from.
    """
    stream.codec_context.options = _options(stream, drifts)
    stream.thread_count = 1
    stream.thread_type = ThreadType.NONE


def another_decoder(
    stream: VideoStream, reorder_depth: int, drifts: bool = False
) -> VideoCodecContext:
    """A second decoder of a stream, bound like the first, that has seen none of its packets.

    Args:
        stream: of an open container.
        reorder_depth: how many frames the stream reorders, as its head says.
        drifts: as of :func:`limit_decoder`.
    """
    first = stream.codec_context
    decoder = cast(VideoCodecContext, CodecContext.create(first.codec, "r"))
    decoder.extradata = first.extradata
    decoder.codec_tag = first.codec_tag
    decoder.width, decoder.height = first.width, first.height
    decoder.pix_fmt = first.pix_fmt
    decoder.color_range = first.color_range
    decoder.options = _options(stream, drifts)
    decoder.thread_count = 1
    decoder.thread_type = ThreadType.NONE
    decoder.reorder_depth = reorder_depth
    return decoder


def _options(stream: VideoStream, drifts: bool) -> dict[str, str]:
    options = {"max_pixels": str(MAX_PIXELS)}
    if stream.width * stream.height >= _NEEDS_NO_DEBLOCKING_PIXELS:
        # As a rule only in frames that no other is predicted from, so that nothing drifts. A large
        # picture is looked at so small that a block is hardly a pixel; in a small one, block edges
        # that stay in place would be taken for the picture's.
        options["skip_loop_filter"] = "all" if drifts else "noref"
    if stream.codec_context.codec.canonical_name in _SILENT_CODECS:
        options["err_detect"] = "explode"
    return options
