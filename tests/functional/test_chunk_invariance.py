"""However a video is cut into chunks, and in whatever order they are done: the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.functional.filmed import CODINGS, RARE_KEYS, film_as
from tests.media.damaged import scatter_bits
from tests.tagging import Tagged, plan_of, tag


@pytest.fixture(scope="module", params=sorted(CODINGS))
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film in one coding."""
    return film_as(request.param, tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def whole(video: Path) -> Tagged:
    """The film tagged in one chunk."""
    tagged = tag(video)
    assert len(tagged.plan.chunks) == 1
    return tagged


def test_the_film_has_something_to_get_wrong(whole: Tagged) -> None:
    assert [kind for kind, _, _ in whole.edits][:1] == ["cut"]
    assert len(whole.edits) == len(whole.metadata.shots) - 1 == 2
    assert whole.metadata.analysis.status == "complete"
    assert len(whole.assembly.evidence) > 3


def test_chunks_of_half_a_second_are_many(video: Path) -> None:
    assert len(plan_of(video, Fraction(1, 2)).chunks) >= 5


@settings(max_examples=8, deadline=None)
@given(
    chunk_seconds=st.fractions(Fraction(1, 10), Fraction(4), max_denominator=60),
    chance=st.randoms(use_true_random=False),
)
def test_neither_chunks_nor_their_order_change_a_byte(
    video: Path, whole: Tagged, chunk_seconds: Fraction, chance: Random
) -> None:
    def shuffled(count: int) -> Iterable[int]:
        return chance.sample(range(count), count)

    tagged = tag(video, chunk_seconds, order=shuffled)
    assert tagged.motion_json == whole.motion_json
    assert tagged.assembly.thumbnails == whole.assembly.thumbnails
    assert tagged.assembly.evidence == whole.assembly.evidence


@pytest.mark.parametrize("coding", sorted(CODINGS | RARE_KEYS))
@pytest.mark.parametrize("chunk_timeout_seconds", [0.02, 0.06])
def test_chunks_divided_between_key_frames_change_no_byte(
    coding: str, chunk_timeout_seconds: float, tmp_path: Path
) -> None:
    path = film_as(coding, tmp_path)
    whole = tag(path)
    keyed = plan_of(path, Fraction(1)).chunks
    divided = tag(path, Fraction(1), chunk_timeout_seconds=chunk_timeout_seconds)
    assert len(divided.plan.chunks) > len(keyed)
    assert divided.motion_json == whole.motion_json
    assert divided.assembly.thumbnails == whole.assembly.thumbnails
    assert divided.assembly.evidence == whole.assembly.evidence


@pytest.mark.parametrize("coding", ["h264-closed", "h264-open"])
@pytest.mark.parametrize("seed", [0, 3])
def test_chunks_of_a_damaged_file_change_no_byte(coding: str, seed: int, tmp_path: Path) -> None:
    path = scatter_bits(film_as(coding, tmp_path), tmp_path / "damaged.mp4", seed, count=6)
    whole = tag(path)
    assert whole.metadata.analysis.status == "partial"
    for chunk_seconds in (Fraction(1, 2), Fraction(4, 3)):
        tagged = tag(path, chunk_seconds)
        assert tagged.motion_json == whole.motion_json
        assert tagged.assembly.thumbnails == whole.assembly.thumbnails
        assert tagged.assembly.evidence == whole.assembly.evidence
