"""Decoding once more what was kept: frames that others refer to, and those that are wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from flowtag.video.reading import ReadErrors

Packet: TypeAlias = "av.Packet[VideoStream]"


class ChoosyDecoder:
    """Decodes what others refer to, and what is wanted."""

    def __init__(
        self,
        decoder: VideoCodecContext,
        is_wanted: Callable[[int], bool],
        errors: ReadErrors,
        attempt: Callable[[VideoCodecContext, Packet], list[av.VideoFrame]],
    ) -> None:
        """Takes what decodes, and what it is to choose by.

        Args:
            decoder: that has seen no packets.
            is_wanted: tells by a pts.
            errors: counts what could not be decoded.
            attempt: decodes a packet, and counts where that fails.
        """
        self.errors = errors
        self._decoder = decoder
        self._is_wanted = is_wanted
        self._attempt = attempt

    def decoded(self, packet: Packet) -> list[av.VideoFrame]:
        """The frames that come out when a packet goes in."""
        is_wanted = packet.pts is None or self._is_wanted(packet.pts)
        self._decoder.skip_frame = "DEFAULT" if is_wanted else "NONREF"
        return self._attempt(self._decoder, packet)
