"""Tiny models of flow whose answer is known by a closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import parser

from flowtag.flow.calibration import DIS_CALIBRATION
from flowtag.models.flow_model import FlowModel
from flowtag.models.manifest import ModelManifest, sha256_of
from flowtag.settings import canonical_json

HEADER = '<ir_version: 8, opset_import: ["" : 17]>'
PICTURES = "float[N,1,H,W] first, float[N,1,H,W] second"

CENTROID = f"""
{HEADER}
centroid ({PICTURES}) => (float[N,2,H,W] flow) {{
  zero = Constant<value_int: int = 0>()
  one = Constant<value_int: int = 1>()
  two = Constant<value_int: int = 2>()
  three = Constant<value_int: int = 3>()
  axes = Constant<value_ints: ints = [1, 2, 3]>()
  shape = Shape(first)
  count = Gather(shape, zero)
  rows = Gather(shape, two)
  columns = Gather(shape, three)
  xs = Range(zero, columns, one)
  ys = Range(zero, rows, one)
  x = Cast<to: int = 1>(xs)
  across = Cast<to: int = 1>(ys)
  down = Constant<value_ints: ints = [-1, 1]>()
  y = Reshape(across, down)
  first_light = ReduceSum(first, axes)
  second_light = ReduceSum(second, axes)
  first_by_x = Mul(first, x)
  first_by_y = Mul(first, y)
  second_by_x = Mul(second, x)
  second_by_y = Mul(second, y)
  first_sum_x = ReduceSum(first_by_x, axes)
  first_sum_y = ReduceSum(first_by_y, axes)
  second_sum_x = ReduceSum(second_by_x, axes)
  second_sum_y = ReduceSum(second_by_y, axes)
  first_x = Div(first_sum_x, first_light)
  first_y = Div(first_sum_y, first_light)
  second_x = Div(second_sum_x, second_light)
  second_y = Div(second_sum_y, second_light)
  dx = Sub(second_x, first_x)
  dy = Sub(second_y, first_y)
  shift = Concat<axis: int = 1>(dx, dy)
  batch = Unsqueeze(count, zero_axis)
  height = Unsqueeze(rows, zero_axis)
  width = Unsqueeze(columns, zero_axis)
  zero_axis = Constant<value_ints: ints = [0]>()
  pair = Constant<value_ints: ints = [2]>()
  size = Concat<axis: int = 0>(batch, pair, height, width)
  flow = Expand(shift, size)
}}
"""
"""The shift of the centre of light: of one bright thing on black, its motion, at every px."""

MEAN_OF_BATCH = f"""
{HEADER}
mixing ({PICTURES}) => (float[N,2,H,W] flow) {{
  change = Sub(second, first)
  both = Concat<axis: int = 1>(change, change)
  axes = Constant<value_ints: ints = [0]>()
  squares = Mul(both, both)
  mean = ReduceMean<axes: ints = [0], keepdims: int = 1>(squares)
  flow = Add(both, mean)
}}
"""
"""Mixes the pairs of a batch, which no model may: what it says depends on company."""

STILL = f"""
{HEADER}
still ({PICTURES}) => (float[N,2,H,W] flow) {{
  nothing = Sub(first, first)
  flow = Concat<axis: int = 1>(nothing, nothing)
}}
"""
"""Says that nothing moves, whatever it sees."""

SURE = f"""
{HEADER}
sure ({PICTURES}) => (float[N,2,H,W] flow, float[N,1,H,W] confidence) {{
  change = Sub(second, first)
  flow = Concat<axis: int = 1>(change, change)
  confidence = Identity(first)
}}
"""
"""Is as sure of a place as it is bright."""


def model_of(graph: str, **said: Any) -> FlowModel:
    """A model of a graph in ONNX's notation; what its manifest says may be changed."""
    data = parser.parse_model(graph).SerializeToString()
    told: dict[str, Any] = {
        "name": "tiny",
        "file": "model.onnx",
        "sha256": sha256_of(data),
        "licence": "Apache-2.0",
        "source": "written for a test",
        "working_size_px": 96,
        "calibration": DIS_CALIBRATION,
    }
    manifest = ModelManifest.model_validate(told | said)
    return FlowModel.of(manifest_bytes(manifest), data, "a test's model")


def manifest_bytes(manifest: ModelManifest) -> bytes:
    """The bytes of ``model.json``."""
    return canonical_json(manifest.model_dump(mode="json", by_alias=True))


def written(folder: Path, model: FlowModel) -> Path:
    """Writes a model as one is handed over: a folder of its two files."""
    folder.mkdir(parents=True)
    (folder / "model.json").write_bytes(manifest_bytes(model.manifest))
    (folder / model.manifest.file).write_bytes(model.graph)
    return folder


def blob(x: int, y: int, width: int = 96, height: int = 54) -> npt.NDArray[np.uint8]:
    """One bright square of a third of the picture's height, its corner at a place, on black."""
    picture = np.zeros((height, width), np.uint8)
    picture[y : y + height // 3, x : x + height // 3] = 255
    return picture
