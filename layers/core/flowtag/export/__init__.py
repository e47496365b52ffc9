"""Segments as what editing programs, players and tables take.

    from flowtag.export import ExportOptions, export

    export(metadata, "edl", ExportOptions(shape="selects", handles=Handles(12))).data

Described in ``docs/formats/export.md``. No format is imported before it is asked for.
"""

from flowtag.export.formats import (
    FORMATS,
    TIMELINES,
    Exported,
    ExportOptions,
    export,
    export_thumbnails,
)
from flowtag.export.marks import Handles
from flowtag.export.sound import Sound

__all__ = [
    "FORMATS",
    "TIMELINES",
    "ExportOptions",
    "Exported",
    "Handles",
    "Sound",
    "export",
    "export_thumbnails",
]
