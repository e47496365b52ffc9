"""Writing ONNX graphs by hand: nodes by their kind, constants once each, loops as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
# The oldest format that has this opset: what reads it is not asked for more than it needs.
IR_VERSION = 9

Build = Callable[..., Sequence[str]]


class Graph:
    """Nodes of a graph, or of the body of a loop within it. Values are known by their names.

    Args:
        parent: the graph around a loop's body, whose values the body may use.
    """

    def __init__(self, parent: Graph | None = None) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._root: Graph = self if parent is None else parent._root
        self._numbers = count()
        self._constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node with one output and returns its name."""
        return self._node(kind, inputs, 1, attributes)[0]

    def split(self, value: str, parts: int, axis: int) -> list[str]:
        """The equal parts of a value along an axis."""
        return self._node("Split", (value,), parts, {"axis": axis, "num_outputs": parts})

    def floats(self, value: npt.ArrayLike) -> str:
        """A constant of 32-bit floats."""
        return self._constant(np.asarray(value, dtype=np.float32))

    def integers(self, value: npt.ArrayLike) -> str:
        """A constant of 64-bit integers."""
        return self._constant(np.asarray(value, dtype=np.int64))

    def loop(self, trips: str, states: Sequence[str], build: Build) -> list[str]:
        """Repeats what ``build`` adds.

        Args:
            trips: the number of repetitions, an int64 scalar.
            states: float values before the first repetition.
            build: called with the body, the repetition's number and the states, returns as many
                new states.
        """
        body = Graph(self)
        index, going = body._name("trip"), body._name("going")
        before = [body._name("state") for _ in states]
        after = [body.add("Identity", state) for state in build(body, index, *before)]
        goes_on = body.add("Identity", going)
        proto = helper.make_graph(
            body._nodes,
            "body",
            [
                helper.make_tensor_value_info(index, TensorProto.INT64, []),
                helper.make_tensor_value_info(going, TensorProto.BOOL, []),
                *(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in before),
            ],
            [
                helper.make_tensor_value_info(goes_on, TensorProto.BOOL, []),
                *(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in after),
            ],
        )
        return self._node("Loop", (trips, "", *states), len(states), {"body": proto})

    def model(
        self,
        name: str,
        inputs: dict[str, Sequence[int | str]],
        outputs: dict[str, tuple[str, Sequence[int | str]]],
    ) -> onnx.ModelProto:
        """The finished model, checked.

        Args:
            name: of the graph.
            inputs: names and shapes of the float inputs, which nodes may use by these names.
            outputs: for each name of an output the value that it is, and its shape.
        """
        for output, (value, _) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [value], [output]))
        proto = helper.make_graph(
            self._nodes,
            name,
            [
                helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
                for key, shape in inputs.items()
            ],
            [
                helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
                for key, (_, shape) in outputs.items()
            ],
            initializer=list(self._constants.values()),
        )
        model = helper.make_model(
            proto, producer_name="flowtag", opset_imports=[helper.make_opsetid("", OPSET)]
        )
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model

    def _node(
        self, kind: str, inputs: Sequence[str], outputs: int, attributes: dict[str, Any]
    ) -> list[str]:
        names = [self._name(kind.lower()) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def _constant(self, value: npt.NDArray[Any]) -> str:
        constants = self._root._constants
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in constants:
            constants[key] = numpy_helper.from_array(value, self._name("constant"))
        return str(constants[key].name)

    def _name(self, stem: str) -> str:
        return f"{stem}_{next(self._root._numbers)}"
