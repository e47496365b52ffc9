"""Watching a folder: what people and programs do to files while it is watched."""

from __future__ import annotations

import json
import queue
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pytest

from tests.functional.command import (
    fingerprints,
    half_written,
    make_clip,
    read_json,
    run_flowtag,
    start_flowtag,
    wait_for,
)

_WAIT_SECONDS = 120
_QUICK = ("--settle", "300ms")


class Watch:
    """``flowtag watch --json``, with its results as they come."""

    def __init__(self, folder: Path, out: Path, *options: str) -> None:
        self._words: tuple[str | Path, ...] = ("watch", folder, "--out", out, "--json", *options)
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._said: list[bytes] = []

    def __enter__(self) -> Self:
        self._process = start_flowtag(*self._words)
        self._readers = [
            threading.Thread(target=self._read, args=(sink,)) for sink in self._sinks()
        ]
        for reader in self._readers:
            reader.start()
        self.wait_until_said("Watching")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._join()

    @property
    def said(self) -> str:
        """What it wrote to stderr so far."""
        return b"".join(self._said).decode()

    def next(self) -> dict[str, Any]:
        """The next result."""
        line: dict[str, Any] = json.loads(self._lines.get(timeout=_WAIT_SECONDS))
        return line

    def wait_until_said(self, words: str) -> None:
        """Waits until stderr has some words."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while words not in self.said:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{words!r} was never said, but {self.said!r}")
            time.sleep(0.01)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Sends a signal and waits; gives the exit status. No result may be left unread."""
        self._process.send_signal(number)
        status = self._join()
        assert self._lines.empty()
        return status

    def _join(self) -> int:
        status = self._process.wait(_WAIT_SECONDS)
        for reader in self._readers:
            reader.join()
        return status

    def _sinks(self) -> list[tuple[IO[bytes], Callable[[bytes], None]]]:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        return [
            (self._process.stdout, self._lines.put),
            (self._process.stderr, self._said.append),
        ]

    @staticmethod
    def _read(sink: tuple[IO[bytes], Callable[[bytes], None]]) -> None:
        stream, take = sink
        with stream:
            for line in stream:
                take(line)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", frames=50)


def test_what_is_there_is_tagged_and_then_what_arrives(card: Path, out: Path, clip: Path) -> None:
    shutil.copy(clip, card / "there.mp4")
    with Watch(card, out, *_QUICK) as watch:
        first = watch.next()
        (card / "day 2" / "reel").mkdir(parents=True)
        shutil.copy(clip, card / "day 2" / "reel" / "new.MOV")
        (card / "notes.txt").write_text("no video")
        second = watch.next()
        assert watch.end() == 130
        assert "2 results" in watch.said
        assert "Stopped. The same command continues from here." in watch.said
    assert [Path(line["input"]).name for line in (first, second)] == ["there.mp4", "new.MOV"]
    assert [line["status"] for line in (first, second)] == ["tagged", "tagged"]
    assert read_json(Path(second["motion"]))["analysis"]["status"] == "complete"


def test_stdout_has_a_path_a_result(card: Path, out: Path, clip: Path) -> None:
    shutil.copy(clip, card / "a.mp4")
    ran = run_flowtag("watch", card, "--out", out, "--once", *_QUICK)
    assert ran.status == 0, ran.err
    assert ran.motion.is_file()
    assert ran.err.splitlines() == ["1 result"]


def test_a_file_that_is_still_copied_is_waited_for(card: Path, out: Path, clip: Path) -> None:
    data = clip.read_bytes()
    piece = len(data) // 10 + 1
    with Watch(card, out, "--settle", "3s") as watch:
        with (card / "a.mp4").open("wb") as copy:
            for start in range(0, len(data), piece):
                copy.write(data[start : start + piece])
                copy.flush()
                time.sleep(0.2)
        line = watch.next()
        assert watch.end() == 130
    assert line["status"] == "tagged"
    assert len(list(out.glob("*/*/plan.json"))) == 1


@pytest.mark.parametrize("name", ["a.mp4.part", "a.mp4.crdownload", "a.mp4.tmp", ".a.mp4.Xy7"])
def test_a_file_is_taken_up_when_it_gets_its_name(
    card: Path, out: Path, clip: Path, name: str
) -> None:
    with Watch(card, out, *_QUICK) as watch:
        shutil.copy(clip, card / name)
        # One that comes after it is tagged before it.
        shutil.copy(clip, card / "other.mp4")
        first = watch.next()
        (card / name).rename(card / "a.mp4")
        second = watch.next()
        assert watch.end() == 130
    assert [Path(line["input"]).name for line in (first, second)] == ["other.mp4", "a.mp4"]


def test_a_place_that_a_browser_holds_for_a_download_is_no_video(
    card: Path, out: Path, clip: Path
) -> None:
    with Watch(card, out, *_QUICK) as watch:
        (card / "a.mp4").touch()
        shutil.copy(clip, card / "a.mp4.part")
        shutil.copy(clip, card / "other.mp4")
        assert Path(watch.next()["input"]).name == "other.mp4"
        (card / "a.mp4.part").replace(card / "a.mp4")
        line = watch.next()
        assert watch.end() == 130
    assert (Path(line["input"]).name, line["status"]) == ("a.mp4", "tagged")


def test_a_bad_file_stops_no_other_and_is_tried_again_when_it_changes(
    card: Path, out: Path, clip: Path
) -> None:
    (card / "bad.mp4").write_text("this is no video")
    shutil.copy(clip, card / "good.mp4")
    with Watch(card, out, *_QUICK) as watch:
        lines = {Path(line["input"]).name: line for line in (watch.next(), watch.next())}
        assert (lines["bad.mp4"]["status"], lines["bad.mp4"]["code"]) == ("failed", "not_a_video")
        assert lines["good.mp4"]["status"] == "tagged"
        watch.wait_until_said(f"{card / 'bad.mp4'}: failed: ")
        shutil.copy(clip, card / "another.mp4")
        assert Path(watch.next()["input"]).name == "another.mp4"
        shutil.copy(clip, card / "bad.mp4")
        line = watch.next()
        assert watch.end() == 130
        assert "3 results" in watch.said
    assert (Path(line["input"]).name, line["status"]) == ("bad.mp4", "tagged")


def test_a_file_that_is_replaced_is_a_new_run(card: Path, out: Path, clip: Path) -> None:
    shutil.copy(clip, card / "a.mp4")
    with Watch(card, out, *_QUICK) as watch:
        first = watch.next()
        make_clip(card / ".new.mp4", frames=60, step=2).replace(card / "a.mp4")
        second = watch.next()
        assert watch.end() == 130
    assert second["video_id"] == first["video_id"]
    assert second["run_id"] != first["run_id"]
    latest = Path(second["motion"]).parents[1] / "latest.json"
    assert read_json(latest)["run_id"] == second["run_id"]


def test_one_that_is_touched_is_not_done_over(card: Path, out: Path, clip: Path) -> None:
    shutil.copy(clip, card / "a.mp4")
    with Watch(card, out, *_QUICK) as watch:
        first = Path(watch.next()["motion"])
        before = fingerprints(first.parent, "*.*")
        (card / "a.mp4").touch()
        shutil.copy(clip, card / "b.mp4")
        second = Path(watch.next()["motion"])
        assert watch.end() == 130
    assert first != second
    assert before == fingerprints(first.parent, "*.*")


def test_after_a_kill_it_goes_on_where_it_was(card: Path, out: Path) -> None:
    options = ("--chunk-seconds", "1", "--jobs", "1", *_QUICK)
    make_clip(card / "long.mp4", frames=1500)
    with Watch(card, out, *options) as watch:
        wait_for(out, "*.npz", 2)
        assert watch.end(signal.SIGKILL) == -signal.SIGKILL
    kept = fingerprints(out)
    assert not list(out.rglob("motion.json"))
    ran = run_flowtag("watch", card, "--out", out, "--once", "--json", *options)
    assert ran.status == 0, ran.err
    assert kept.items() <= fingerprints(out).items()
    (line,) = ran.json_lines
    whole = run_flowtag("tag", card / "long.mp4", "--out", out.with_name("whole"))
    assert Path(line["motion"]).read_bytes() == whole.motion.read_bytes()
    again = run_flowtag("watch", card, "--out", out, "--once", "--json", *options)
    assert (again.status, again.out) == (0, "")
    assert again.err.splitlines() == ["0 results, 1 tagged before"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_cleanly_in_the_middle(
    card: Path, out: Path, number: signal.Signals, status: int
) -> None:
    make_clip(card / "long.mp4", frames=1500)
    with start_flowtag("watch", card, "--out", out, "--chunk-seconds", "1", *_QUICK) as process:
        wait_for(out, "*.npz", 2)
        process.send_signal(number)
        output, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert output == b""
    assert b"interrupted" in err
    assert b"Traceback" not in err
    assert half_written(out) == []


def test_once_says_by_its_status_whether_all_is_tagged(card: Path, out: Path, clip: Path) -> None:
    words = ("watch", card, "--out", out, "--once", "--quiet", *_QUICK)
    empty = run_flowtag(*words)
    assert (empty.status, empty.out, empty.err) == (0, "", "")
    (card / "bad.mp4").write_text("this is no video")
    shutil.copy(clip, card / "good.mp4")
    shutil.copy(clip, card / "loading.mp4")
    (card / "loading.mp4.part").touch()
    ran = run_flowtag(*words)
    assert ran.status == 1
    assert len(ran.lines) == 1
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith(f"{card / 'bad.mp4'}: failed: ")
    (card / "bad.mp4").unlink()
    assert run_flowtag(*words).status == 0


def test_what_cannot_be_watched_is_wrong_usage(card: Path, out: Path, clip: Path) -> None:
    for words in (
        ("watch", card / "missing", "--out", out),
        ("watch", clip, "--out", out),
        ("watch", card, "--out", clip),
        ("watch", card, "--out", out, "--settle", "soon"),
    ):
        ran = run_flowtag(*words)
        assert ran.status == 2
        assert ran.out == ""
        assert "Error:" in ran.err


@pytest.mark.parametrize("options", [(), ("--poll",)])
def test_a_folder_that_vanishes_is_waited_for(
    card: Path, out: Path, clip: Path, options: tuple[str, ...]
) -> None:
    (card / "bad.mp4").write_text("this is no video")
    with Watch(card, out, *_QUICK, *options) as watch:
        assert watch.next()["status"] == "failed"
        card.rename(card.with_name("away"))
        watch.wait_until_said(f"{card} is gone; waiting for it to come back")
        card.with_name("away").rename(card)
        watch.wait_until_said(f"{card} is back")
        # Another card may be in its place: what failed is tried once more.
        assert Path(watch.next()["input"]).name == "bad.mp4"
        shutil.copy(clip, card / "new.mp4")
        assert Path(watch.next()["input"]).name == "new.mp4"
        assert watch.end() == 130


def test_results_in_the_folder_are_no_videos(card: Path, clip: Path) -> None:
    shutil.copy(clip, card / "a.mp4")
    with Watch(card, card, "--proxy", *_QUICK) as watch:
        first = watch.next()
        assert Path(first["proxy"]).is_file()
        shutil.copy(clip, card / "b.mp4")
        assert Path(watch.next()["input"]).name == "b.mp4"
        assert watch.end() == 130
        assert "2 results" in watch.said


def test_exports_come_beside_each_video(tmp_path: Path) -> None:
    folder, out = tmp_path / "card", tmp_path / "tags"
    clip = make_clip(folder / "take 2.mp4", frames=50)
    options = ("--once", *_QUICK, "--export", "edl", "--export", "csv")

    ran = run_flowtag("watch", folder, "--out", out, *options)

    assert ran.status == 0, ran.err
    exported = run_flowtag("export", ran.motion, "--format", "edl")
    beside = folder / "take 2.mp4.edl"
    assert beside.read_text(encoding="utf-8") == exported.out
    assert (folder / "take 2.mp4.csv").exists()
    assert half_written(folder) == []
    before = fingerprints(folder, "*.edl")
    again = run_flowtag("watch", folder, "--out", out, *options)
    assert (again.status, fingerprints(folder, "*.edl")) == (0, before)
    beside.unlink()
    assert run_flowtag("watch", folder, "--out", out, *options).status == 0
    assert beside.exists()
    assert clip.exists()


def test_a_folder_that_takes_no_exports_is_said_and_the_tags_stand(tmp_path: Path) -> None:
    folder, out = tmp_path / "card", tmp_path / "tags"
    make_clip(folder / "take.mp4", frames=50)
    # Root may write anywhere, but not over a folder.
    (folder / "take.mp4.edl").mkdir()

    ran = run_flowtag("watch", folder, "--out", out, "--once", "--json", *_QUICK, "--export", "edl")

    (line,) = ran.json_lines
    assert (ran.status, line["status"], line["code"]) == (1, "tagged", "no_export")
    assert "take.mp4.edl" in line["reason"]
    assert read_json(Path(line["motion"]))["analysis"]["status"] == "complete"
