"""Of which videos frames can be left undecoded; without PyAV, for whoever only estimates."""

from __future__ import annotations

from flowtag.contracts.messages import VideoProbe

SKIPPING_CODECS = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})
"""Their decoders can tell frames to which no other refers."""


def can_skip(probe: VideoProbe, sequential: bool) -> bool:
    """Whether the decoder of a video can tell frames to which no other refers.

    Args:
        probe: what the video is.
        sequential: it can be read from its start alone; as the plan says.
    """
    return probe.codec in SKIPPING_CODECS and not sequential
