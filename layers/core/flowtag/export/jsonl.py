"""JSON Lines: a segment a line, as motion.json has it, with the video that it is of."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flowtag.contracts.metadata import MotionMetadata, Segment


def lines(metadata: MotionMetadata, segments: Sequence[Segment]) -> str:
    """The lines, each with ``video`` (``id`` and ``uri``) before the segment's own fields."""
    video = {"id": metadata.video.id, "uri": metadata.video.uri}
    return "".join(
        json.dumps(
            {"video": video, **segment.model_dump(mode="json")}, ensure_ascii=False, allow_nan=False
        )
        + "\n"
        for segment in segments
    )
