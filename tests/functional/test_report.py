"""Reports: one page that says all of a result, needs nothing but the video, and obeys no name."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from flowtag.contracts.metadata import MotionMetadata
from flowtag.latest import SourceOrder, update_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import put_motion, put_plan
from flowtag.storage import FolderStore
from tests.functional.command import make_clip, read_json, run_flowtag
from tests.unit.run_objects import make_metadata, make_plan, make_source

_VOID = {"meta", "link", "img", "br", "hr", "input", "source", "wbr"}
_REFERRING = ("src", "href", "poster", "srcset", "action", "data", "xlink:href")


class Page(HTMLParser):
    """A page as read by a parser that closes nothing by itself.

    Attributes:
        tags: name and attributes of all elements.
        ill: end tags that end nothing, and elements that were never ended.
        texts: what stands in each element of a name.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ill: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.bytes = path.read_bytes()
        self.feed(self.bytes.decode())
        self.close()
        self.ill += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.ill.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data

    @property
    def text(self) -> str:
        """All that can be read."""
        (body,) = self.texts["body"]
        return " ".join(body.replace(self.texts["script"][0], "").split())

    @property
    def rows(self) -> list[str]:
        """The text of each row of the segments' table."""
        rows = self.texts["tr"]
        found = [attributes for tag, attributes in self.tags if tag == "tr"]
        return [
            " ".join(row.split())
            for row, attributes in zip(rows, found, strict=True)
            if "data-start" in attributes
        ]

    @property
    def references(self) -> set[str]:
        """All addresses, but those of places within the page."""
        named = {
            value
            for _, attributes in self.tags
            for name, value in attributes.items()
            if name in _REFERRING and value is not None
        }
        return {each for each in named if not each.startswith("#")}

    def only(self, tag: str) -> dict[str, str | None]:
        """The attributes of the one element of a name."""
        (attributes,) = [attributes for name, attributes in self.tags if name == tag]
        return attributes

    @property
    def policy(self) -> dict[str, list[str]]:
        """The page's Content-Security-Policy, by directive."""
        (content,) = [
            str(attributes["content"])
            for tag, attributes in self.tags
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        return {
            words[0]: words[1:] for words in (part.split() for part in content.split(";")) if words
        }


def _tagged(clip: Path, out: Path, *options: str) -> Path:
    ran = run_flowtag("tag", clip, "--out", out, "--report", *options)
    assert ran.status == 0, ran.err
    return ran.motion.with_name("report.html")


def _published(
    root: Path, failed: Sequence[int] = (), name: str = "Take 2.mov", **changed: Any
) -> Path:
    """A result as assembly would publish it, with other values in its one segment."""
    plan = make_plan(source=make_source(name))
    metadata = make_metadata(plan, failed)
    segment = metadata.segments[0].model_copy(update=changed)
    store, keys = FolderStore(root), RunKeys.of(plan)
    put_plan(store, plan)
    put_motion(store, plan, metadata.model_copy(update={"segments": [segment]}))
    update_latest(store, keys, SourceOrder(modified_at=datetime(2026, 3, 1, tzinfo=UTC)))
    return store.path(keys.motion)


def _reported(path: Path, *options: str | Path) -> Page:
    ran = run_flowtag("report", path, *options)
    assert ran.status == 0, ran.err
    return Page(Path(os.fsdecode(ran.lines[0].encode("utf-8", "surrogateescape"))))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a clip, made as it was tagged."""
    folder = tmp_path_factory.mktemp("report")
    return _tagged(make_clip(folder / "a clip.mp4", frames=100), folder / "out")


def test_each_segment_stands_in_it(report: Path) -> None:
    segments = read_json(report.with_name("motion.json"))["segments"]
    page = Page(report)
    assert page.ill == []
    assert len(page.rows) == len(segments) > 0
    for row, segment in zip(page.rows, segments, strict=True):
        assert segment["start"]["timecode"] in row
        assert f"to {segment['end']['timecode']}" in row
        assert segment["motion"]["level"] in row
        assert f"{segment['motion']['speed']:.3f}" in row
        assert f"{segment['confidence']['mean']:.0%}" in row
        for label in segment["camera"]["labels"]:
            assert label.replace("_", " ") in row


def test_it_refers_to_the_video_and_to_nothing_else(report: Path) -> None:
    page = Page(report)
    outside = {each for each in page.references if not each.startswith("data:image/jpeg;base64,")}
    assert {each.partition("#")[0] for each in outside} == {"../../../a%20clip.mp4"}
    assert page.only("video")["src"] == "../../../a%20clip.mp4"
    video = report.parent / unquote(str(page.only("video")["src"]))
    assert video.resolve() == (report.parents[3] / "a clip.mp4").resolve()
    assert not re.search(rb"https?://|@import|url\((?!#)", page.bytes)


def test_stills_are_held_in_the_page(report: Path) -> None:
    stills = sorted((report.parent / "thumbnails").iterdir())
    page = Page(report)
    held = [
        base64.b64decode(str(attributes["src"]).partition(",")[2])
        for tag, attributes in page.tags
        if tag == "img"
    ]
    assert held == [still.read_bytes() for still in stills]
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")


def test_its_policy_admits_just_its_own_style_and_script(report: Path) -> None:
    page = Page(report)
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (inlined,) = re.findall(rb"<%b>(.*?)</%b>" % ((element.encode(),) * 2), page.bytes, re.S)
        digest = base64.b64encode(hashlib.sha256(inlined).digest()).decode()
        assert page.policy[directive] == [f"'sha256-{digest}'"]
    assert page.policy["default-src"] == ["'none'"]
    assert page.policy["img-src"] == ["data:"]
    assert page.policy["media-src"] == ["'self'", "file:"]
    named = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in named if name == "style" or name.startswith("on")}


def test_a_name_is_text(tmp_path: Path) -> None:
    name = "<script>alert(1)<!-- \"'><img src=x onerror=alert(2)>&amp; #%3F\n\u202e.mp4"
    page = Page(_tagged(make_clip(tmp_path / name, frames=25), tmp_path / "out"))
    assert page.ill == []
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [attributes for tag, attributes in page.tags if attributes.get("src") == "x"]
    shown = name.replace("\n", r"\n").replace("\u202e", r"\u202e")
    (heading,) = page.texts["h1"]
    assert heading.strip() == shown
    link = str(page.only("video")["src"])
    assert unquote(link.rpartition("/")[2]) == name
    assert not set(link) & set("<>\"' \n#?")


def test_a_hostile_motion_json_is_text_and_reads_no_file(tmp_path: Path) -> None:
    script = "</script></style><script>alert(1)</script>"
    motion = _published(tmp_path, failed=(1,), flags=[script], thumbnail="../../../secret.jpg")
    (tmp_path / "secret.jpg").write_bytes(b"\xff\xd8\xff secret")
    metadata = read_json(motion)
    metadata["video"] |= {"uri": f"javascript:{script}", "codec": script}
    metadata["analysis"] |= {"warnings": [script], "reason": script}
    metadata["analysis"]["gaps"][0]["reason"] = script
    motion.write_text(json.dumps(metadata))
    page = _reported(motion)
    assert page.ill == []
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert page.references == set()
    assert base64.b64encode(b"\xff\xd8\xff secret") not in page.bytes
    assert page.text.count("</script>") >= 6


def test_a_partial_result_shows_its_gap_and_the_reason(tmp_path: Path) -> None:
    page = _reported(_published(tmp_path, failed=(1,)))
    assert page.ill == []
    assert "partial" in page.text
    (gap,) = [row for row in page.texts["tr"] if "chunk_failed: no reason" in row]
    assert "00:00:04:00" in gap
    assert "00:00:08:00" in gap
    (hatched,) = [
        attributes
        for tag, attributes in page.tags
        if tag == "rect" and attributes.get("class") == "gap" and "x" in attributes
    ]
    assert (hatched["x"], hatched["width"]) == ("33.333%", "33.333%")


def test_a_level_that_is_null_is_unknown_with_its_reason(tmp_path: Path) -> None:
    metadata = make_metadata(make_plan())
    motion = metadata.segments[0].motion.model_copy(update={"level": None, "speed": None})
    page = _reported(_published(tmp_path, motion=motion, flags=["low_coverage"]))
    (row,) = page.rows
    assert "unknown" in row
    assert "too little of the picture can be trusted" in row
    assert "0.000" not in row


def test_a_result_of_which_nothing_is_known_has_a_page(tmp_path: Path) -> None:
    motion = _published(tmp_path)
    metadata = read_json(motion)
    kept = {"id", "uri", "version_id", "etag", "size_bytes"}
    metadata["video"] |= dict.fromkeys(metadata["video"].keys() - kept)
    metadata["analysis"] |= {"status": "failed", "reason": "nothing decodes"}
    metadata |= {"shots": [], "segments": []}
    motion.write_text(json.dumps(metadata))
    MotionMetadata.model_validate(metadata)
    page = _reported(motion)
    assert page.ill == []
    assert "nothing decodes" in page.text
    assert "There are no segments." in page.text


def test_the_same_result_gives_the_same_bytes(report: Path, tmp_path: Path) -> None:
    made = report.read_bytes()
    again = _reported(report.parent)
    assert again.bytes == made
    other = tmp_path / "other.html"
    assert _reported(report.parent, "-o", other).bytes.count(b"<tr") == made.count(b"<tr")


def test_a_watched_folder_gets_reports(tmp_path: Path) -> None:
    make_clip(tmp_path / "in/a.mp4", frames=30)
    options = ("--once", "--settle", "100ms", "--report", "--json")
    ran = run_flowtag("watch", tmp_path / "in", "--out", tmp_path / "out", *options)
    assert ran.status == 0, ran.err
    (line,) = ran.json_lines
    assert len(Page(Path(line["report"])).rows) > 0


def test_a_newer_result_gets_a_newer_report(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=30), tmp_path / "out"
    report = _tagged(clip, out)
    made = report.read_bytes()
    report.write_bytes(b"of an earlier result")
    os.utime(report, (0, 0))
    assert _tagged(clip, out) == report
    assert report.read_bytes() == made


def test_it_plays_the_proxy_where_there_is_one(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=30), tmp_path / "out"
    report = _tagged(clip, out)
    assert Page(report).only("video")["src"] == "../../../a.mp4"
    assert _tagged(clip, out, "--proxy") == report
    assert Page(report).only("video")["src"] == "proxy.mp4"


def test_what_has_no_report_is_tagged_and_told(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=30), tmp_path / "out"
    motion = run_flowtag("tag", clip, "--out", out).motion
    before = motion.read_bytes()
    (motion.with_name("report.html") / "in the way").mkdir(parents=True)
    ran = run_flowtag("tag", clip, "--out", out, "--report", "--json")
    assert ran.status == 1
    (line,) = ran.json_lines
    assert (line["status"], line["code"]) == ("already_done", "no_report")
    assert line["motion"] == str(motion)
    assert "report.html" in line["reason"]
    assert motion.read_bytes() == before


def test_a_video_that_is_gone_is_told_and_not_linked(tmp_path: Path) -> None:
    page = _reported(_published(tmp_path))
    assert not [tag for tag, _ in page.tags if tag == "video"]
    assert "The video was not there when this page was made" in page.text


def test_one_page_may_lie_elsewhere(report: Path, tmp_path: Path) -> None:
    page = _reported(report.parent, "-o", tmp_path / "to send.html")
    linked = tmp_path / unquote(str(page.only("video")["src"]))
    assert linked.resolve() == (report.parents[3] / "a clip.mp4").resolve()


def test_o_spares_what_is_no_page_and_takes_one_result(tmp_path: Path) -> None:
    motion = _published(tmp_path / "out")
    _published(tmp_path / "out", name="Take 3.mov")
    before = motion.read_bytes()
    ran = run_flowtag("report", motion, "-o", motion)
    assert ran.status == 2
    assert "does not end in .html" in ran.err
    assert motion.read_bytes() == before
    both = run_flowtag("report", tmp_path / "out", "-o", tmp_path / "all.html")
    assert both.status == 2
    assert "takes one result, and 2 are meant" in both.err


def test_one_damaged_result_does_not_stop_the_others(tmp_path: Path) -> None:
    damaged = _published(tmp_path, name="A.mov")
    good = _published(tmp_path, name="B.mov")
    damaged.write_text("{}")
    ran = run_flowtag("report", tmp_path)
    assert ran.status == 1
    assert ran.lines == [str(good.with_name("report.html"))]
    assert f"{damaged}: not a readable motion.json" in ran.err
