from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowtag.report.curves import COLUMNS, Samples, displayed_size, read_samples, reduced, stretches
from tests.unit.run_objects import make_metadata, make_plan

_FIELDS = ("pan", "tilt", "zoom", "roll", "speed", "subject_speed", "subject_area")


def _samples(camera: list[float], step_seconds: float = 0.08) -> Samples:
    count = len(camera)
    seconds, none = np.arange(count, dtype=np.float64) * step_seconds, np.full(count, math.nan)
    ones = np.ones(count)
    ends, stretch = seconds + step_seconds, np.zeros(count, np.int64)
    return Samples(seconds, ends, np.array(camera), none, ones, stretch, is_dense=True)


def _table(path: Path, **columns: list[float | None]) -> None:
    length = len(columns["seconds"])
    filled: dict[str, list[float | None]] = {name: [0.0] * length for name in _FIELDS}
    filled["flow_confidence"] = [0.9] * length
    pq.write_table(pa.table(filled | columns), path)


def test_few_samples_are_all_drawn() -> None:
    columns = reduced(_samples([0.1, 0.3, 0.2]), 0.24)

    assert [column.camera for column in columns] == [(0.1, 0.1), (0.3, 0.3), (0.2, 0.2)]
    assert [column.seconds for column in columns] == pytest.approx([0, 0.08, 0.16])


def test_of_two_hours_no_extreme_is_lost() -> None:
    count = 90_000
    camera = [0.2] * count
    camera[12_345], camera[77_777] = 1.5, 0.001
    columns = reduced(_samples(camera), count * 0.08)

    assert len(columns) <= COLUMNS
    spans = [column.camera for column in columns]
    assert (0.2, 1.5) in spans
    assert (0.001, 0.2) in spans
    assert spans.count((0.2, 0.2)) == len(columns) - 2


def test_what_is_unknown_is_no_value() -> None:
    (first, second) = reduced(_samples([math.nan, 0.1]), 0.16)

    assert first.camera is None
    assert second.camera == (0.1, 0.1)
    assert first.subject is None


def test_pairs_are_read_and_the_curve_breaks_where_none_are(tmp_path: Path) -> None:
    nothing: list[float | None] = [None, None]
    _table(
        tmp_path / "frames.parquet",
        seconds=[0.0, 0.04, 0.08, 5.0],
        pts=[0.0, 1.0, 2.0, 125.0],
        second_pts=[2.0, None, 4.0, 127.0],
        pan=[0.3, None, 0.3, 0.3],
        speed=[0.2, None, 0.2, 0.2],
        subject_area=[0.1, None, 0.0, 0.1],
        subject_speed=[0.05, *nothing, 0.07],
        flow_confidence=[0.9, None, 0.8, 0.7],
    )
    samples = read_samples(tmp_path / "motion.json", make_metadata(make_plan()))

    assert samples.is_dense
    assert samples.seconds.tolist() == [0.0, 0.08, 5.0]
    assert samples.ends.tolist() == pytest.approx([0.08, 0.16, 5.08])
    # A picture of 64 x 36: a width is 64/73.43 of its diagonal.
    assert samples.camera.tolist() == pytest.approx([0.3 * 64 / math.hypot(64, 36)] * 3)
    assert samples.subject.tolist() == pytest.approx([0.05, 0.0, 0.07])
    runs = list(stretches(reduced(samples, 12.0)))
    assert [[column.seconds for column in run] for run in runs] == [[0.0, 0.08], [5.0]]


@pytest.mark.parametrize("table", [None, b"PAR1 no table"])
def test_without_a_table_the_segments_are_steps(table: bytes | None, tmp_path: Path) -> None:
    if table is not None:
        (tmp_path / "frames.parquet").write_bytes(table)
    samples = read_samples(tmp_path / "motion.json", make_metadata(make_plan()))

    assert not samples.is_dense
    assert samples.seconds.tolist() == [0.0, 12.0]
    assert samples.subject.tolist() == [0.02, 0.02]
    assert samples.camera.tolist() == pytest.approx([0.31 * 64 / math.hypot(64, 36)] * 2)


def test_a_picture_is_as_it_is_displayed() -> None:
    video = make_metadata(make_plan()).video
    turned = video.model_copy(update={"rotation": 90, "sample_aspect_ratio": "2/1"})

    assert displayed_size(video) == (64, 36)
    assert displayed_size(turned) == (36, 128)
    assert displayed_size(video.model_copy(update={"width": None})) == (16, 9)
