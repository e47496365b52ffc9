"""Any name at all comes through every format: escaped, on one line, and cut where it must be."""

from __future__ import annotations

import csv
import io
import json
import re
from fractions import Fraction
from xml.etree import ElementTree as ET

import av
import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flowtag.contracts.metadata import MotionMetadata
from flowtag.export import FORMATS, ExportOptions, Handles, export
from flowtag.export.formats import Format
from flowtag.export.wording import ascii_only, one_line
from tests.unit.marked_video import SPANS, marked_video

HOSTILE = "<>&\"'\n;|*=#\\ \r\t\0\x85\u2028 -->]]>🎬 M:C:"
NO_UTF_8 = "\ud800"
NAMES = st.text(alphabet=st.one_of(st.sampled_from(HOSTILE), st.characters()), max_size=60)
# Of a label that flowtag knows it says more than its name.
KNOWN = ("static",)
a_name = given(name=st.one_of(NAMES, st.just("é" * 1000)).filter(lambda name: name not in KNOWN))


def called(name: str) -> MotionMetadata:
    # A file is called so, and a label that no version of flowtag knows yet is called so too.
    made = marked_video(uri=f"/rushes/{name}")
    first = made.segments[0]
    camera = first.camera.model_copy(update={"labels": [name]})
    segments = [first.model_copy(update={"camera": camera}), *made.segments[1:]]
    return made.model_copy(update={"segments": segments})


def written(name: str, kind: Format, options: ExportOptions | None = None) -> str:
    return export(called(name), kind, options or ExportOptions()).data.decode()


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
def test_a_line_is_one_line_of_that_length_at_most(name: str) -> None:
    line = one_line(name, 20, "|")

    assert len(line) <= 20
    assert len(f"a{line}b".splitlines()) == 1
    assert "|" not in line
    line.encode()


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
@pytest.mark.parametrize("shape", ["markers", "selects"])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
def test_xml_is_well_formed_and_says_the_name(name: str, shape: str) -> None:
    options = ExportOptions(shape="selects" if shape == "selects" else "markers")

    final_cut = ET.fromstring(written(name, "fcpxml", options))
    premiere = ET.fromstring(written(name, "fcp7xml", options))

    said = one_line(f"high: {name}".replace("_", " "), 255)
    assert next(each.attrib["value"] for each in final_cut.iter("marker")) == said
    assert next(each.findtext("name") for each in premiere.iter("marker")) == said


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
@settings(deadline=None, max_examples=40)
def test_otio_says_the_name(name: str) -> None:
    timeline = otio.adapters.read_from_string(written(name, "otio"), "otio_json")

    (clip,) = timeline.find_clips()
    assert clip.markers[0].name == one_line(f"high: {name}".replace("_", " "), 255)


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
@pytest.mark.parametrize("flavor", ["resolve", "avid"])
@pytest.mark.parametrize("shape", ["markers", "selects"])
@settings(deadline=None, max_examples=40)
def test_an_edl_has_as_many_lines_whatever_the_name(name: str, flavor: str, shape: str) -> None:
    options = ExportOptions(
        shape="selects" if shape == "selects" else "markers",
        flavor="avid" if flavor == "avid" else "resolve",
        handles=Handles(5),
    )

    plain, hostile = written("a.mov", "edl", options), written(name, "edl", options)

    kinds = [[_kind(line) for line in text.split("\n")] for text in (plain, hostile)]
    assert kinds[0] == kinds[1]
    # A clip's name stays as it is, for by that the file is found.
    lines = [line for line in hostile.split("\n") if not line.startswith("* FROM CLIP NAME")]
    assert "\n".join(lines).count("|") == plain.count("|")
    otio.adapters.read_from_string(hostile, "cmx_3600", rate=25)


def _kind(line: str) -> str:
    return re.sub(r"^(\d{3}  |\* LOC|\* FROM|\* COMMENT|TITLE|FCM)?.*", r"\1", line)


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
@settings(deadline=None, max_examples=40)
def test_a_cue_has_as_many_lines_whatever_the_name(name: str) -> None:
    text = written(name, "vtt")

    assert len(text.splitlines()) == len(written("a.mov", "vtt").splitlines())
    assert text.count("-->") == 5
    assert not re.search(r"<|&(?!amp;|lt;|gt;)", text)


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
@settings(deadline=None, max_examples=40)
def test_tables_give_the_name_back(name: str) -> None:
    (row, *_) = csv.DictReader(io.StringIO(written(name, "csv"), newline=""))
    line = json.loads(written(name, "jsonl").split("\n")[0])

    sent = f"/rushes/{name}".encode("utf-8", "replace").decode()
    assert row["video"] == sent
    assert line["video"]["uri"] == sent


@a_name
@example(name=HOSTILE)
@example(name=NO_UTF_8)
@example(name="ends in \\")
@settings(deadline=None, max_examples=40)
def test_ffmpegs_reader_gives_chapters_back(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    path = tmp_path_factory.mktemp("chapters") / "a.txt"
    path.write_text(written(name, "ffmetadata"), encoding="utf-8")

    with av.open(str(path), format="ffmetadata") as container:
        found = container.chapters()

    assert [(chapter["start"], chapter["end"]) for chapter in found] == [
        (span.start, span.end) for span in SPANS
    ]
    assert found[0]["time_base"] == Fraction(1, 25)
    title = one_line(f"high: {name}".replace("_", " "), 255, "\\")
    assert found[0]["metadata"]["title"] == title


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_carries_out_no_name(formula: str) -> None:
    metadata = marked_video(uri=formula)

    (row, *_) = csv.DictReader(io.StringIO(export(metadata, "csv", ExportOptions()).data.decode()))

    assert row["video"] == f"'{formula}"


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_input_gives_the_same_bytes(kind: Format) -> None:
    assert written("a.mov", kind) == written("a.mov", kind)


@given(st.text())
def test_ascii_is_no_longer_than_a_line_that_is_read(text: str) -> None:
    assert ascii_only(text).isascii()
