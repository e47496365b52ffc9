"""The whole application while everything is delivered as badly as AWS may."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak

UPLOADS = 6


def test_uploads_whose_events_come_often_shuffled_late_and_at_once_end_as_undisturbed_ones(
    tmp_path: Path, credentials: None
) -> None:
    found = soak(UPLOADS, seed=1, folder=tmp_path)

    assert found.faults() == []
    assert found.statuses == {"complete": UPLOADS - 1, "failed": 1}
    # More than one delivery of each upload, on the whole.
    assert found.invocations["PlanFunction"] > UPLOADS
