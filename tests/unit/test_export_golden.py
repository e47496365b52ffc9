"""A file per format, which a person has checked against the format's description.

``tests/golden/README.md`` says of each why it is right. Whoever changes what is written checks the
new file as that page does, and takes it by ``python -m tests.unit.test_export_golden``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from flowtag.contracts.metadata import MotionMetadata
from flowtag.export import ExportOptions, Handles, Sound, export, export_thumbnails
from flowtag.export.formats import Format
from tests.unit.marked_video import NTSC_30, Rate, Span, marked_video
from tests.unit.test_export_lists import shade

GOLDEN = Path(__file__).parents[1] / "golden"
SELECTS = ExportOptions(shape="selects", handles=Handles(1), sound=Sound(2))
AVID = ExportOptions(flavor="avid")
FILES: dict[str, tuple[Format, ExportOptions]] = {
    "markers.otio": ("otio", ExportOptions()),
    "markers.edl": ("edl", ExportOptions()),
    "avid.edl": ("edl", AVID),
    "selects.edl": ("edl", SELECTS),
    "selects.fcp7.xml": ("fcp7xml", SELECTS),
    "markers.fcpxml": ("fcpxml", ExportOptions()),
    "selects.fcpxml": ("fcpxml", SELECTS),
    "segments.csv": ("csv", ExportOptions()),
    "segments.vtt": ("vtt", ExportOptions()),
    "chapters.txt": ("ffmetadata", ExportOptions()),
    "segments.jsonl": ("jsonl", ExportOptions()),
}


def take() -> MotionMetadata:
    """Two seconds of 29.97 drop-frame; the first number that is dropped lies at its third frame."""
    rate = Rate("29.97", NTSC_30, "01:00:59;28", True)
    spans = [
        Span(0, 2, "static", ("static",)),
        Span(2, 32, "high", ("pan_right", "zoom_in")),
        Span(32, 62, None, ()),
    ]
    return marked_video(rate, spans, "/rushes/Take <2> & é.mov", duration_seconds=2.068733)


def thumbnail_track() -> bytes:
    return export_thumbnails(take(), None, shade, "take 2.jpg").cues


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_written_as_it_was_checked_by_hand(name: str) -> None:
    kind, options = FILES[name]

    assert export(take(), kind, options).data == (GOLDEN / name).read_bytes()


def test_a_track_of_thumbnails_is_written_as_it_was_checked_by_hand() -> None:
    assert thumbnail_track() == (GOLDEN / "thumbnails.vtt").read_bytes()


def test_why_each_file_is_right_is_said() -> None:
    page = (GOLDEN / "README.md").read_text(encoding="utf-8")

    explained = {path.name for path in GOLDEN.iterdir() if f"`{path.name}`" in page}
    assert explained == {*FILES, "thumbnails.vtt"}


if __name__ == "__main__":
    for written, (its_kind, its_options) in FILES.items():
        (GOLDEN / written).write_bytes(export(take(), its_kind, its_options).data)
    (GOLDEN / "thumbnails.vtt").write_bytes(thumbnail_track())
