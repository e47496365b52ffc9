"""What a trained graph's ``model.json`` says of it, measured on generated pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import parser

from flowtag.flow.calibration import Calibration
from gpu_worker.training.assess import GraphEstimator, assess, claims_of
from tests.rendering.pairs import random_flow_pair
from tests.unit.flow_models import HEADER, PICTURES

STILL_AND_SURE = f"""
{HEADER}
still ({PICTURES}) => (float[N,2,H,W] flow, float[N,1,H,W] confidence,
                       float[N,1,H,W] occlusion) {{
  nothing = Sub(first, first)
  flow = Concat<axis: int = 1>(nothing, nothing)
  occlusion = Identity(nothing)
  confidence = Exp(nothing)
}}
"""
"""Says that nothing moves, and is certain of it: as seldom right as pairs stand still."""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "still.onnx"
    path.write_bytes(parser.parse_model(STILL_AND_SURE).SerializeToString())
    return path


def test_every_vector_of_the_grid_has_its_cues_and_its_truth(graph: Path) -> None:
    pair = random_flow_pair(3, 320, 180)

    claims = claims_of(GraphEstimator(graph), [pair])

    moved = np.linalg.norm(pair.flow[2::4, 2::4], axis=-1)
    assert claims.rows.shape == (moved.size, len(Calibration.model_fields))
    assert np.array_equal(claims.right, (moved < 1).ravel())


def test_confidence_that_is_fitted_here_takes_the_place_of_a_worse_one(graph: Path) -> None:
    manifest = assess(graph, "still", fitted_on=3, unseen=2)

    (measured,) = manifest.evaluation
    assert manifest.confidence == "calibration"
    # Who is certain of every vector is off by the share of wrong ones.
    assert measured.ece is not None and measured.off_1px is not None
    assert measured.ece < measured.off_1px
