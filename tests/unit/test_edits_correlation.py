"""The likeness of two tiny pictures, against its definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from flowtag.edits.edit import correlation

Tiny = npt.NDArray[np.float32]


def as_defined(a: Tiny, b: Tiny, reach: int) -> float:
    """numpy's own coefficient of each overlap; 0 where an overlap shows nothing."""
    rows, columns = a.shape
    down = min(reach, rows // 3)
    found = []
    for dy in range(-down, down + 1):
        for dx in range(-reach, reach + 1):
            ours = a[max(-dy, 0) : rows - max(dy, 0), max(-dx, 0) : columns - max(dx, 0)]
            theirs = b[max(dy, 0) : rows - max(-dy, 0), max(dx, 0) : columns - max(-dx, 0)]
            seen = float(ours.std()) * float(theirs.std()) > 1
            found.append(float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) if seen else 0.0)
    return max(found)


def tiny(seed: int, shape: tuple[int, int] = (18, 32)) -> Tiny:
    """A picture that is smooth enough to resemble itself when it moves."""
    noise = np.random.default_rng(seed).normal(size=(shape[0] + 4, shape[1] + 4))
    smooth = sum(
        noise[dy : dy + shape[0], dx : dx + shape[1]] for dy in range(5) for dx in range(5)
    )
    return (128 + 12 * np.asarray(smooth)).clip(0, 255).astype(np.float32)


@pytest.mark.parametrize("reach", [2, 3, 6, 10])
@pytest.mark.parametrize("shape", [(18, 32), (12, 32), (18, 22), (5, 18)])
def test_it_is_the_best_coefficient_of_all_overlaps(shape: tuple[int, int], reach: int) -> None:
    a, b = tiny(1, shape), tiny(2, shape)

    assert correlation(a, b, reach) == pytest.approx(as_defined(a, b, reach), abs=1e-6)


def test_a_picture_that_moved_is_the_same() -> None:
    large = tiny(3, (30, 50))
    before, after = large[6:24, 9:41], large[9:27, 5:37]

    assert correlation(before, after, 5) == pytest.approx(1, abs=1e-6)
    assert correlation(before, after, 2) < 0.9


@pytest.mark.parametrize("level", [0, 16, 255])
def test_nothing_resembles_a_blank(level: int) -> None:
    assert correlation(np.full((18, 32), level, np.float32), tiny(4), 6) == 0


def test_a_little_noise_on_a_wall_counts_for_nothing() -> None:
    noise = np.random.default_rng(5).uniform(100, 100.5, (2, 18, 32)).astype(np.float32)

    assert correlation(noise[0], noise[1], 6) == 0
