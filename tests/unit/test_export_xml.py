"""What the XML of Final Cut Pro and of Premiere is built like, and what stands where in it.

No package ships Apple's DTDs. The part of FCPXML's that is used here is told again below, from the
page "Document Type Definition" of Apple's documentation.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from flowtag.export import ExportOptions, Handles, Sound, export
from flowtag.export.fcp7xml import path_url
from flowtag.export.formats import Format, Shape
from tests.unit.marked_video import RATES, SPANS, Rate, marked_video

# Attributes that must be there, those that may, and the children in order.
FCPXML = {
    "fcpxml": ("version", "", "(resources )?(event )*"),
    "resources": ("", "", "(format |asset )*"),
    "format": ("id", "name frameDuration width height", ""),
    "asset": (
        "id",
        "name start duration hasVideo format hasAudio audioSources audioChannels audioRate",
        "(media-rep )+",
    ),
    "media-rep": ("src", "kind", ""),
    "event": ("", "name", "(asset-clip |project )*"),
    "project": ("", "name", "sequence "),
    "sequence": ("format", "duration tcStart tcFormat", "(note )?spine "),
    "spine": ("", "name", "(asset-clip )*"),
    "asset-clip": (
        "ref",
        "offset name start duration format tcFormat",
        "(note )?(marker |keyword )*",
    ),
    "note": ("", "", ""),
    "marker": ("start value", "duration note completed", ""),
    "keyword": ("value", "start duration note", ""),
}
TIME = re.compile(r"^\d+(/\d+)?s$")


def document(
    kind: Format,
    shape: Shape = "markers",
    rate: Rate = RATES[2],
    sound: Sound | None = None,
    uri: str = "/rushes/Take 2.mov",
) -> ET.Element:
    options = ExportOptions(shape=shape, handles=Handles(12), sound=sound)
    return ET.fromstring(export(marked_video(rate, uri=uri), kind, options).data)


@pytest.mark.parametrize("shape", ["markers", "selects"])
@pytest.mark.parametrize("sound", [None, Sound(2)], ids=["mute", "stereo"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_fcpxml_is_as_its_dtd_wants_it(shape: Shape, sound: Sound | None, rate: Rate) -> None:
    root = document("fcpxml", shape, rate, sound)
    ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}

    for element in root.iter():
        required, allowed, children = FCPXML[element.tag]
        attributes = set(element.attrib)
        assert set(required.split()) <= attributes <= {*required.split(), *allowed.split()}
        assert re.fullmatch(children, "".join(f"{child.tag} " for child in element)), element.tag
        assert {element.attrib[name] for name in ("ref", "format") if name in attributes} <= ids
        for name in attributes & {"start", "duration", "offset", "tcStart", "frameDuration"}:
            assert TIME.match(element.attrib[name])


@pytest.mark.parametrize("shape", ["markers", "selects"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_final_cut_finds_no_range_outside_of_the_asset(shape: Shape, rate: Rate) -> None:
    root = document("fcpxml", shape, rate)
    asset = root.find(".//asset")
    assert asset is not None
    first, length = seconds(asset, "start"), seconds(asset, "duration")

    for clip in root.iter("asset-clip"):
        start, end = seconds(clip, "start"), seconds(clip, "start") + seconds(clip, "duration")
        assert first <= start < end <= first + length + 1e-9
        for marker in clip:
            if marker.tag != "note":
                assert start <= seconds(marker, "start")
                assert seconds(marker, "start") + seconds(marker, "duration") <= end + 1e-9


def seconds(element: ET.Element, name: str) -> float:
    numerator, _, denominator = element.attrib[name].rstrip("s").partition("/")
    return int(numerator) / int(denominator or 1)


def test_final_cut_gets_a_keyword_range_for_level_and_camera() -> None:
    keywords = [each.attrib for each in document("fcpxml").iter("keyword")]

    assert [each["value"] for each in keywords] == [
        "motion high, camera pan right",
        "motion static, camera static",
        "motion unknown",
        "motion extreme, camera tilt up, camera zoom in, camera handheld",
        "motion low",
    ]
    # 47 frames at 25, from 00:59:30:00, which is 3570 s.
    assert (keywords[0]["start"], keywords[0]["duration"]) == ("3570s", "47/25s")


def test_final_cut_is_told_of_the_sound() -> None:
    asset = document("fcpxml", sound=Sound(6, 3, 44_100)).find(".//asset")

    assert asset is not None
    told = {name: asset.attrib[name] for name in asset.attrib if "udio" in name}
    assert told == {
        "hasAudio": "1",
        "audioSources": "3",
        "audioChannels": "6",
        "audioRate": "44100",
    }


def test_premieres_markers_count_from_the_medias_first_frame() -> None:
    markers = list(document("fcp7xml").iter("marker"))

    places = [(int(texts(each, "in")), int(texts(each, "out"))) for each in markers]
    assert places == [(span.start, span.end) for span in SPANS]
    assert texts(markers[0], "comment").startswith("camera smooth; pan +0.31 w/s; ")


def test_premieres_markers_have_its_own_colours() -> None:
    colours = [each.findtext("pproColor") for each in document("fcp7xml").iter("marker")]

    # Premiere writes alpha, blue, green and red, a byte each, from the highest on.
    channels = [None if c is None else f"{int(c):08x}" for c in colours]
    assert channels == ["ff2ba1d0", "fffc8d42", "ffffffff", "ff362cd2", "ffd6f419"]


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_premieres_selects_have_their_sound_linked(channels: int) -> None:
    root = document("fcp7xml", "selects", sound=Sound(channels))
    tracks = [*root.iterfind(".//video/track"), *root.iterfind(".//audio/track")]

    assert len(tracks) == 1 + channels
    columns = zip(*(track.findall("clipitem") for track in tracks), strict=True)
    for index, column in enumerate(columns, 1):
        ids = [item.attrib["id"] for item in column]
        for item in column:
            assert [link.findtext("linkclipref") for link in item.iter("link")] == ids
            assert {link.findtext("clipindex") for link in item.iter("link")} == {str(index)}
    sources = [track.findtext(".//sourcetrack/trackindex") for track in tracks[1:]]
    assert sources == [str(n) for n in range(1, channels + 1)]


def test_premiere_is_told_of_no_sound_that_nobody_knows_of() -> None:
    root = document("fcp7xml", "selects")

    assert root.find(".//file/media/audio") is None
    assert root.find(".//sequence/media/audio/track") is None


@pytest.mark.parametrize("shape", ["markers", "selects"])
def test_premieres_clips_lie_within_their_media(shape: Shape) -> None:
    for item in document("fcp7xml", shape, sound=Sound(2)).iter("clipitem"):
        start, end = int(texts(item, "in")), int(texts(item, "out"))
        assert 0 <= start < end <= int(texts(item, "duration"))
        assert int(texts(item, "end")) - int(texts(item, "start")) == end - start
        assert len(item.findall("rate")) == 1


def test_premiere_is_told_of_the_picture() -> None:
    root = document("fcp7xml", rate=RATES[4])

    for where in (".//sequence/media/video/format", ".//file/media/video"):
        picture = root.find(f"{where}/samplecharacteristics")
        assert picture is not None
        assert [picture.findtext(name) for name in ("width", "height", "pixelaspectratio")] == [
            "1920",
            "1080",
            "square",
        ]
        assert (picture.findtext("rate/timebase"), picture.findtext("rate/ntsc")) == ("30", "TRUE")


@pytest.mark.parametrize(
    ("place", "premiere", "final_cut"),
    [
        (
            "/a b/é#&.mov",
            "file://localhost/a%20b/%C3%A9%23%26.mov",
            "file:///a%20b/%C3%A9%23%26.mov",
        ),
        (r"C:\a b\c.mov", "file://localhost/C%3a/a%20b/c.mov", "file:///C:/a%20b/c.mov"),
        ("https://cdn.example/a.mov", "https://cdn.example/a.mov", "https://cdn.example/a.mov"),
    ],
)
def test_each_gets_the_url_that_it_reads(place: str, premiere: str, final_cut: str) -> None:
    source = document("fcpxml", uri=place).find(".//media-rep")

    assert source is not None
    assert source.attrib["src"] == final_cut
    assert document("fcp7xml", uri=place).findtext(".//pathurl") == premiere
    assert path_url(final_cut) == premiere


def texts(element: ET.Element, name: str) -> str:
    found = element.findtext(name)
    assert found is not None
    return found
