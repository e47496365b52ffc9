"""``flowtag export`` of real clips, and of runs in a bucket."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest

from flowtag.latest import SourceOrder, update_latest
from local_cloud.s3_server import S3Server
from tests.functional.command import make_clip, run_flowtag
from tests.functional.shelf import NOON, Shelf
from tests.unit.test_export_lists import jpeg


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with a start timecode and stereo sound, tagged."""
    folder = tmp_path_factory.mktemp("export")
    silent = make_clip(folder / "silent.mp4", frames=75)
    with_sound(silent, folder / "take 2.mov")
    assert run_flowtag("tag", folder / "take 2.mov", "--out", folder / "tags").status == 0
    return folder / "tags"


def with_sound(silent: Path, path: Path) -> None:
    """Adds a start timecode, and a second of stereo silence."""
    with (
        av.open(str(silent)) as source,
        av.open(str(path), "w") as target,
    ):
        picture = source.streams.video[0]
        video = target.add_stream_from_template(picture)
        video.metadata["timecode"] = "10:00:00:00"
        audio = target.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        for packet in source.demux(picture):
            if packet.dts is not None:
                packet.stream = video
                target.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 96_000), np.int16), layout="stereo")
        frame.sample_rate = 48_000
        target.mux(audio.encode(frame))
        target.mux(audio.encode(None))


def test_selects_of_a_tagged_clip_have_its_timecode_and_sound(tags: Path) -> None:
    ran = run_flowtag("export", tags, "--format", "otio", "--shape", "selects")

    assert (ran.status, ran.err) == (0, "")
    timeline = otio.adapters.read_from_string(ran.out, "otio_json")
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]
    (clip, *_) = timeline.find_clips()
    assert clip.source_range.start_time.to_timecode() == "10:00:00:00"
    assert clip.media_reference.target_url.endswith("/take%202.mov")


def test_the_sprite_sheet_shows_the_thumbnails_of_the_run(tags: Path, tmp_path: Path) -> None:
    ran = run_flowtag(
        "export", tags, "--format", "vtt", "--thumbnails", "-o", tmp_path / "thumbs.vtt"
    )

    assert ran.lines == [str(tmp_path / "thumbs.jpg"), str(tmp_path / "thumbs.vtt")]
    with av.open(str(tmp_path / "thumbs.jpg")) as sheet:
        assert sheet.streams.video[0].width >= 96


def test_chapters_go_into_a_file(tags: Path, tmp_path: Path) -> None:
    run_flowtag("export", tags, "--format", "ffmetadata", "-o", tmp_path / "c.txt")

    with av.open(str(tmp_path / "c.txt"), format="ffmetadata") as container:
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]

    assert titles
    assert all("pan right" in title for title in titles)


@pytest.mark.parametrize("below", ["", "/", "/{video}", "/{video}/", "/{video}/{run}/motion.json"])
def test_a_run_in_a_bucket_is_read_where_it_is(shelf: Shelf, s3: S3Server, below: str) -> None:
    keys = shelf.put("rushes/a.mov")
    place = f"s3://{shelf.store.bucket}/motion{below.format(video=keys.video_id, run=keys.run_id)}"

    update_latest(shelf.store, keys, SourceOrder(modified_at=NOON))

    ran = run_flowtag("export", place, "--format", "jsonl", "--endpoint-url", s3.endpoint_url)

    assert (ran.status, [line["index"] for line in ran.json_lines]) == (0, [0])


def test_one_of_several_videos_in_a_bucket_must_be_named(shelf: Shelf, s3: S3Server) -> None:
    for key in ("rushes/a.mov", "rushes/b.mov"):
        update_latest(shelf.store, shelf.put(key), SourceOrder(modified_at=NOON))

    place = f"s3://{shelf.store.bucket}/motion"
    ran = run_flowtag("export", place, "--format", "csv", "--endpoint-url", s3.endpoint_url)

    assert (ran.status, ran.out) == (2, "")
    assert f"{place} holds several videos (a-" in ran.err


def test_thumbnails_of_a_run_in_a_bucket_are_fetched(
    shelf: Shelf, s3: S3Server, tmp_path: Path
) -> None:
    keys = shelf.put("rushes/a.mov", segments=2)
    for index in range(2):
        shelf.store.put(keys.beside(f"thumbnails/{index:04d}.jpg"), jpeg(100))

    place = f"s3://{shelf.store.bucket}/motion/{keys.folder}/"
    words = ("--format", "vtt", "--thumbnails", "-o", tmp_path / "a.vtt")
    ran = run_flowtag("export", place, *words, "--endpoint-url", s3.endpoint_url)

    assert ran.status == 0, ran.err
    assert (tmp_path / "a.vtt").read_text().count("a.jpg#xywh=") == 2


def test_the_bare_package_exports_what_needs_no_other(tags: Path) -> None:
    (motion,) = tags.glob("*/*/motion.json")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from flowtag.export import ExportOptions, export\n"
        "from flowtag.runs import read_motion\n"
        f"metadata = read_motion(Path({str(motion)!r}).read_bytes())\n"
        "for kind in ('edl', 'fcpxml', 'csv', 'vtt', 'ffmetadata', 'jsonl'):\n"
        "    export(metadata, kind, ExportOptions())\n"
        "print(*{'opentimelineio', 'cv2', 'av', 'boto3', 'numpy'} & set(sys.modules))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "\n"
