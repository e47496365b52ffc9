"""OpenTimelineIO's own files, which Resolve, Premiere's beta and many tools read."""

from __future__ import annotations

import opentimelineio as otio

from flowtag.export.marks import Handles, Marking
from flowtag.export.timeline import marker_timeline, select_timeline


def marker_document(marking: Marking) -> str:
    """Markers on the source."""
    return _text(marker_timeline(marking))


def select_document(marking: Marking, handles: Handles) -> str:
    """Selects end to end."""
    return _text(select_timeline(marking, handles))


def _text(timeline: otio.schema.Timeline) -> str:
    return f"{timeline.to_json_string(indent=1)}\n"
