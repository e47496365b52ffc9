"""What is handed out of a folder, and when; each look is a call."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowtag.local import arrivals as module
from flowtag.local.arrivals import Arrivals
from flowtag.local.notices import FolderNotices
from flowtag.local.outcomes import Outcome, OutcomeStatus


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def arrivals(card: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Arrivals]:
    """Looks at every call, and takes what it sees for settled."""
    monkeypatch.setattr(module, "_POLLED_SECONDS", 0.0)
    monkeypatch.setattr(module, "_LISTING_SHARE", 1e9)
    watched = Arrivals(card, card / "out", settle_seconds=0, poll=True, once=False, say=said.append)
    yield watched
    watched.stop()


def _names(arrivals: Arrivals) -> list[str]:
    return [place.path.name for place in arrivals.arrived()]


def test_each_video_is_handed_out_once(arrivals: Arrivals, card: Path) -> None:
    for name in ("b.mp4", "a.mov", ".hidden.mp4", "c.mp4.part", "notes.txt"):
        (card / name).write_text(name)
    assert _names(arrivals) == ["a.mov", "b.mp4"]
    assert _names(arrivals) == []


def test_one_that_changes_in_work_waits_until_its_turn_is_over(
    arrivals: Arrivals, card: Path
) -> None:
    path = card / "a.mp4"
    path.write_text("one")
    assert _names(arrivals) == ["a.mp4"]
    path.write_text("another")
    assert _names(arrivals) == []
    arrivals.ended(Outcome(path, "failed", code="source_changed"))
    assert _names(arrivals) == ["a.mp4"]


def test_one_that_failed_is_not_handed_out_again_unchanged(arrivals: Arrivals, card: Path) -> None:
    path = card / "a.mp4"
    path.write_text("one")
    assert _names(arrivals) == ["a.mp4"]
    arrivals.ended(Outcome(path, "failed", code="not_a_video"))
    assert _names(arrivals) == []


@pytest.mark.parametrize(
    ("status", "described"),
    [
        ("failed", {"code": "storage"}),
        ("tagged", {"code": "no_proxy", "storage_failed": True}),
    ],
)
def test_one_whose_result_could_not_be_written_is_tried_again(
    arrivals: Arrivals,
    card: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: OutcomeStatus,
    described: dict[str, Any],
) -> None:
    monkeypatch.setattr(module, "_TRIED_AGAIN_SECONDS", 0.0)
    path = card / "a.mp4"
    path.write_text("one")
    assert _names(arrivals) == ["a.mp4"]
    arrivals.ended(Outcome(path, status, **described))
    assert _names(arrivals) == ["a.mp4"]


def _notice_of_a_file_in(folder: Path, ignored: Path) -> bool:
    notices = FolderNotices(folder, ignored)
    try:
        (folder / "a.mp4").write_text("one")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if notices.taken():
                return True
            time.sleep(0.02)
        return False
    finally:
        notices.stop()


def test_a_folder_that_is_also_that_of_results_gives_notices(card: Path) -> None:
    assert _notice_of_a_file_in(card, card)
    assert _notice_of_a_file_in(card, card.parent)


def test_one_that_was_gone_is_new(arrivals: Arrivals, card: Path) -> None:
    path = card / "a.mp4"
    path.write_text("one")
    assert _names(arrivals) == ["a.mp4"]
    arrivals.ended(Outcome(path, "failed", code="not_found"))
    path.rename(card / "elsewhere")
    assert _names(arrivals) == []
    (card / "elsewhere").rename(path)
    assert _names(arrivals) == ["a.mp4"]


def test_a_link_to_a_video_of_the_folder_is_no_other_video(arrivals: Arrivals, card: Path) -> None:
    (card / "a.mp4").write_text("one")
    (card / "b.mp4").symlink_to(card / "a.mp4")
    assert _names(arrivals) == ["a.mp4"]


def test_a_file_that_grows_is_not_at_rest(card: Path) -> None:
    path = card / "a.mp4"
    path.write_text("one")
    watched = Arrivals(card, card / "out", settle_seconds=3600, poll=True, once=False)
    assert _names(watched) == []
    assert list(watched.moving()) == [path]


def test_a_system_without_notices_is_asked_now_and_then(
    card: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, ignored: Path) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(module, "FolderNotices", refuse)
    monkeypatch.setattr(module, "_POLLED_SECONDS", 0.0)
    monkeypatch.setattr(module, "_LISTING_SHARE", 1e9)
    watched = Arrivals(
        card, card / "out", settle_seconds=0, poll=False, once=False, say=said.append
    )
    assert _names(watched) == []
    assert "inotify watch limit reached" in said[0]
    (card / "a.mp4").write_text("one")
    assert _names(watched) == ["a.mp4"]
