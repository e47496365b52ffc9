"""What is kept of a frame once it is decoded: its measures, and a still where one is due."""

from __future__ import annotations

from dataclasses import dataclass

from flowtag.contracts.features import FRAME_CORRUPT, FRAME_RESIZED, FRAME_SKIPPED
from flowtag.contracts.messages import ChunkTask
from flowtag.motion.evidence import FrameMeasures, measure_frame
from flowtag.pair_clock import PairClock
from flowtag.video.decoding import DecodedFrame
from flowtag.video.pictures import small_colour_jpeg, small_luma, working_size

STILL_LONG_SIDE_PX = 320


@dataclass(frozen=True, slots=True)
class MeasuredFrame:
    """A frame; ``flags`` as in ``FRAME_DTYPE``.

    Nothing is measured in a frame that damage has spoiled, as what it looks like depends on where
    decoding began, and nothing in one that was skipped.

    Attributes:
        still: JPEG, if a whole second has begun since the frame decoded before, or none was.
        ends_cell: it is certain that the next frame lies in another cell of the pair clock.
    """

    pts: int
    duration_pts: int
    measures: FrameMeasures | None
    flags: int
    still: bytes | None = None
    ends_cell: bool = False

    @property
    def was_skipped(self) -> bool:
        """Whether the frame was never decoded."""
        return bool(self.flags & FRAME_SKIPPED)


class FrameMeasurer:
    """Makes each frame small and measures it. Remembers nothing of any."""

    def __init__(self, task: ChunkTask, clock: PairClock) -> None:
        self._probe = task.probe
        self._clock = clock
        self.size = working_size(task.probe, task.settings.flow.working_size_px)

    def measure(self, decoded: DecodedFrame, previous_pts: int | None) -> MeasuredFrame:
        """Measures a frame.

        Args:
            decoded: the frame; its picture is not kept.
            previous_pts: of the frame decoded before it; None: unknown.
        """
        stored = (decoded.picture.width, decoded.picture.height)
        flags = FRAME_CORRUPT if decoded.corrupt else 0
        if stored != (self._probe.width, self._probe.height):
            flags |= FRAME_RESIZED
        if decoded.corrupt:
            return MeasuredFrame(decoded.pts, decoded.duration_pts, None, flags)
        image = small_luma(decoded.picture, self.size, self._probe.rotation)
        due = previous_pts is None or self._clock.crosses_second(previous_pts, decoded.pts)
        still = self._still(decoded) if due else None
        return MeasuredFrame(decoded.pts, decoded.duration_pts, measure_frame(image), flags, still)

    def _still(self, decoded: DecodedFrame) -> bytes:
        probe = self._probe
        return small_colour_jpeg(
            decoded.picture, STILL_LONG_SIDE_PX, probe.rotation, probe.sample_aspect_ratio
        )
