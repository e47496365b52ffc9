"""Where frames are skipped, too, the same bytes come of a video however it is cut into chunks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from flowtag.settings import AnalysisSettings, Preset
from tests.functional.filmed import CODINGS, RARE_KEYS, film_as, film_thrice
from tests.media.damaged import scatter_bits
from tests.media.joined import rewrap
from tests.tagging import Tagged, tag

FAST = AnalysisSettings.for_preset("fast")


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose codec parameters change on the way, and change back."""
    folder = tmp_path_factory.mktemp("changing")
    return rewrap(film_thrice(folder), folder / "thrice.mp4")


def assert_same(found: Tagged, whole: Tagged) -> None:
    assert len(found.plan.chunks) > 1
    assert found.motion_json == whole.motion_json
    assert found.assembly.thumbnails == whole.assembly.thumbnails
    assert found.assembly.evidence == whole.assembly.evidence


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_chunks_of_any_length_change_no_byte(coding: str, tmp_path: Path) -> None:
    path = film_as(coding, tmp_path)
    whole = tag(path, settings=FAST)
    for chunk_seconds in (Fraction(1, 10), Fraction(3, 4), Fraction(7, 5)):
        assert_same(tag(path, chunk_seconds, FAST), whole)


@pytest.mark.parametrize("coding", sorted(CODINGS | RARE_KEYS))
def test_chunks_that_begin_and_end_in_windows_change_no_byte(coding: str, tmp_path: Path) -> None:
    path = film_as(coding, tmp_path)
    whole = tag(path, settings=FAST)
    for timeout in (0.02, 0.06):
        assert_same(tag(path, Fraction(1), FAST, chunk_timeout_seconds=timeout), whole)


@pytest.mark.parametrize("coding", ["h264-closed", "h264-open"])
@pytest.mark.parametrize("seed", [0, 3])
def test_chunks_of_a_damaged_file_change_no_byte(coding: str, seed: int, tmp_path: Path) -> None:
    path = scatter_bits(film_as(coding, tmp_path), tmp_path / "damaged.mp4", seed, count=6)
    whole = tag(path, settings=FAST)
    assert whole.metadata.analysis.status == "partial"
    for chunk_seconds in (Fraction(1, 2), Fraction(4, 3)):
        assert_same(tag(path, chunk_seconds, FAST), whole)


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_chunks_of_a_file_whose_parameters_change_change_no_byte(
    preset: Preset, changing: Path
) -> None:
    settings = AnalysisSettings.for_preset(preset)
    whole = tag(changing, settings=settings)
    assert whole.metadata.analysis.status == "complete"
    for chunk_seconds in (Fraction(1, 2), Fraction(7, 5), Fraction(5)):
        assert_same(tag(changing, chunk_seconds, settings), whole)


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_a_range_behind_a_change_of_parameters_is_as_when_all_is_decoded(
    preset: Preset, changing: Path
) -> None:
    """Seeks that find no clean start are repeated, and say nothing of the change again."""
    for first in range(168, 181):
        span = (Fraction(first, 25), Fraction(first + 6, 25))
        part = tag(changing, settings=AnalysisSettings.for_preset(preset, span)).metadata
        assert (part.analysis.status, part.analysis.frames.dropped) == ("complete", 0), first


def test_the_order_of_chunks_changes_no_byte(tmp_path: Path) -> None:
    path = film_as("h264-open", tmp_path)
    backwards = tag(path, Fraction(1, 2), FAST, order=lambda count: reversed(range(count)))
    assert_same(backwards, tag(path, settings=FAST))
