"""Clips that really are darker, noisier or faster, against a baseline of clips that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.command import Ran, run_flowtag
from tests.rendering import CameraMove, Clip, Look, Part, Picture, Shake, Shot, render_clip

_SIZE = (192, 108)
_LEAST = ("--least-pairs", "60")


def render(folder: Path, name: str, *, pan: float = 0.05, look: Look | None = None,
           seed: int = 1) -> None:  # fmt: skip
    """Six seconds of a hand-held pan, with the noise of an ordinary sensor."""
    move = Part(6.0, CameraMove(pan=pan))
    shot = Shot(Picture("coffee", span=4.0), (move,), shake=Shake(seed=seed))
    clip = Clip(name, (shot,), size=_SIZE, look=look or Look(noise=2.0))
    render_clip(clip, folder)


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of clips in folders: usual, alike, dark, noisy, fast."""
    root = tmp_path_factory.mktemp("drift")
    for name in ("usual", "alike", "dark", "noisy", "fast"):
        (root / name).mkdir()
    for seed in (1, 2):
        render(root / "usual", f"usual-{seed}", seed=seed)
    render(root / "alike", "alike", seed=1)
    render(root / "dark", "dark", look=Look(noise=6.0, brightness=0.06))
    render(root / "noisy", "noisy", look=Look(noise=40.0))
    render(root / "fast", "fast", pan=0.4)
    for folder in sorted(path for path in root.iterdir()):
        ran = run_flowtag("tag", folder, "--out", root / "tags" / folder.name)
        assert ran.status == 0, ran.err
    return root / "tags"


@pytest.fixture(scope="module")
def baseline(tags: Path) -> Path:
    path = tags.parent / "baseline.json"
    ran = run_flowtag("drift", "--make-baseline", path, "--by", "folder", tags / "usual")
    assert ran.status == 0, ran.err
    return path


def drift(baseline: Path, *words: str | Path) -> Ran:
    return run_flowtag("drift", "--baseline", baseline, *_LEAST, *words)


def drifted(ran: Ran) -> set[str]:
    """The metrics that are said to have drifted."""
    (source,) = json.loads(ran.out)["sources"]
    return {name for name, metric in source["metrics"].items() if metric["drifted"]}


def test_clips_of_the_same_kind_are_stable(tags: Path, baseline: Path) -> None:
    assert drift(baseline, tags / "usual").status == 0
    assert drift(baseline, tags / "alike").status == 0


@pytest.mark.parametrize(
    ("kind", "metric"), [("dark", "confidence"), ("noisy", "confidence"), ("fast", "speed")]
)
def test_clips_of_another_kind_drift(kind: str, metric: str, tags: Path, baseline: Path) -> None:
    ran = drift(baseline, tags / kind, "--json")

    assert ran.status == 3
    assert metric in drifted(ran)


def test_too_few_pairs_have_a_status_of_their_own(tags: Path, baseline: Path) -> None:
    ran = run_flowtag("drift", "--baseline", baseline, "--least-pairs", "100000", tags / "usual")

    assert ran.status == 4
    assert "too few pairs" in ran.out


def test_a_picture_is_drawn_and_the_table_names_each_source(tags: Path, baseline: Path) -> None:
    picture = tags.parent / "drift.png"

    ran = drift(baseline, tags / "usual", tags / "fast", "--plot", picture)

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [str(tags.parent / name) in ran.out for name in ("usual", "fast")] == [True, True]


@pytest.mark.parametrize("words", [(), ("--baseline", "a", "--make-baseline", "b")])
def test_either_a_baseline_is_made_or_compared_with(words: tuple[str, ...], tags: Path) -> None:
    assert run_flowtag("drift", *words, tags).status == 2


def test_a_baseline_that_is_none_is_an_error(tags: Path) -> None:
    damaged = tags.parent / "damaged.json"
    damaged.write_text("{}")

    ran = drift(damaged, tags / "usual")

    assert ran.status == 1
    assert "damaged.json" in ran.err
