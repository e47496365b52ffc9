"""A model's graph, opened by ONNX Runtime: two batches of pictures in, flow out, all checked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as raised

from flowtag.errors import AcceleratorError, ModelError
from flowtag.flow.field import FloatArray
from flowtag.models.flow_model import FlowModel

Device = Literal["cpu", "cuda"]

INPUTS = ("first", "second")
OUTPUTS = {"flow": 2, "confidence": 1, "occlusion": 1}
"""Outputs that a graph may have, and their channels."""

_PROVIDERS: dict[str, dict[str, str]] = {
    # Rounding inputs to 10 bits would move rates; and pictures of any size come.
    "CUDAExecutionProvider": {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"},
    "CPUExecutionProvider": {},
}
_DEVICES: dict[str, Device] = {"CUDAExecutionProvider": "cuda", "TensorrtExecutionProvider": "cuda"}

OF_THE_MODEL: tuple[type[Exception], ...] = (
    raised.InvalidArgument,
    raised.InvalidGraph,
    raised.InvalidProtobuf,
    raised.ModelLoadCanceled,
    raised.ModelLoaded,
    raised.ModelRequiresCompilation,
    raised.NoModel,
    raised.NoSuchFile,
    raised.NotFound,
    raised.NotImplemented,
    ValueError,  # an unknown provider, or a value that cannot be bound
)
"""What ONNX Runtime raises where another go would end alike."""

OF_THE_DEVICE: tuple[type[Exception], ...] = (raised.DeviceReset, raised.EPFail, raised.EngineError)
"""What it raises where a device, or its driver, failed."""

OF_EITHER: tuple[type[Exception], ...] = (raised.Fail, raised.RuntimeException)
"""A CUDA error comes as one of these; on a processor the graph is at fault."""


class OnnxGraph:
    """A session of ONNX Runtime. Same pictures, same batch, same processor: same bits."""

    def __init__(self, model: FlowModel, providers: tuple[str, ...] | None = None) -> None:
        """Loads a graph.

        Args:
            model: whose.
            providers: of ONNX Runtime, best first; None: CUDA where it is offered, else the
                processor.

        Raises:
            ModelError: it does not load, or its inputs and outputs are not as they must be.
            AcceleratorError: the device failed.
        """
        self.manifest = model.manifest
        self._title = f"model {model}"
        wanted = providers or _offered()
        with translated(f"{self._title} does not load", on_device=wanted[0] in _DEVICES):
            self._session = onnxruntime.InferenceSession(
                model.graph,
                sess_options=_options(),
                providers=[(name, _PROVIDERS.get(name, {})) for name in wanted],
            )
        # Where a provider's libraries are missing ONNX Runtime goes on without it.
        self.provider: str = self._session.get_providers()[0]
        self.device: Device = _DEVICES.get(self.provider, "cpu")
        self._outputs = ("flow", *(["confidence"] * (self.manifest.confidence == "output")))
        self._require_inputs()
        self._require_outputs()

    @property
    def precision(self) -> str:
        """Of all arithmetic."""
        return "float32"

    @property
    def engine(self) -> str:
        """``onnxruntime 1.32.0 CPUExecutionProvider float32``."""
        return f"onnxruntime {onnxruntime.__version__} {self.provider} {self.precision}"

    def run(self, first: FloatArray, second: FloatArray) -> dict[str, FloatArray]:
        """Flow of each pair of pictures, and its confidence where the graph's is used.

        Args:
            first: ``(N, C, H, W)`` float32, as the manifest has it.
            second: of the same shape.

        Returns:
            ``flow`` ``(N, 2, H, W)`` float32 px, and ``confidence`` ``(N, 1, H, W)``.

        Raises:
            ModelError: the graph fails, or puts out what is no flow.
            AcceleratorError: the device failed.
        """
        with translated(f"{self._title} fails", on_device=self.device != "cpu"):
            binding = self._session.io_binding()
            for name, pictures in zip(INPUTS, (first, second), strict=True):
                value = onnxruntime.OrtValue.ortvalue_from_numpy(
                    np.ascontiguousarray(pictures), self.device, 0
                )
                binding.bind_ortvalue_input(name, value)
            for name in self._outputs:
                binding.bind_output(name, self.device, 0)
            self._session.run_with_iobinding(binding)
            found = dict(zip(self._outputs, binding.copy_outputs_to_cpu(), strict=True))
        for name, values in found.items():
            self._require_values(name, values, first.shape)
        return found

    def _require_inputs(self) -> None:
        inputs = {value.name: value for value in self._session.get_inputs()}
        if set(inputs) != set(INPUTS):
            raise self._refused(f"its inputs are {_listed(inputs)}, not first and second")
        for name, value in inputs.items():
            self._require_shape(name, value, self.manifest.channels)

    def _require_outputs(self) -> None:
        outputs = {value.name: value for value in self._session.get_outputs()}
        odd = sorted(set(outputs) - set(OUTPUTS))
        if odd:
            raise self._refused(f"it has an output {odd[0]}; there may be {_listed(OUTPUTS)}")
        for name in self._outputs:
            if name not in outputs:
                raise self._refused(f"it has no output {name}, but {_listed(outputs)}")
        for name, value in outputs.items():
            self._require_shape(name, value, OUTPUTS[name])

    def _require_shape(self, name: str, value: Any, channels: int) -> None:
        if value.type != "tensor(float)":
            raise self._refused(f"{name} is a {value.type}, not a tensor(float)")
        # A size that the exporter could not tell has a name, or none; a shape may be unknown.
        fixed = [size if isinstance(size, int) else None for size in value.shape]
        if fixed and fixed not in ([None, channels, None, None], [None] * 4):
            shown = ", ".join(map(str, value.shape))
            raise self._refused(f"{name} is ({shown}), not (N, {channels}, H, W) for any N, H, W")

    def _require_values(self, name: str, values: FloatArray, shape: tuple[int, ...]) -> None:
        expected = (shape[0], OUTPUTS[name], *shape[2:])
        if values.shape != expected or values.dtype != np.float32:
            raise self._refused(
                f"it put out {name} {values.shape} {values.dtype} for pictures of {shape}, not"
                f" {expected} float32"
            )
        if not np.isfinite(values).all():
            raise self._refused(f"it put out a {name} that is not a number")
        if name == "confidence" and not (values.min() >= -1e-3 and values.max() <= 1 + 1e-3):
            raise self._refused("it put out a confidence that is no probability")

    def _refused(self, reason: str) -> ModelError:
        return ModelError(
            f"{self._title} is refused: {reason}; docs/formats/models.md says what a model must be"
        )


@contextlib.contextmanager
def translated(what: str, *, on_device: bool) -> Iterator[None]:
    """Makes flowtag's errors of ONNX Runtime's.

    Args:
        what: failed, for people.
        on_device: whether a GPU took part.

    Raises:
        ModelError: the model is at fault.
        AcceleratorError: the device is, or may be.
    """
    try:
        yield
    except OF_THE_DEVICE as error:
        raise AcceleratorError(f"{what}: {_short(error)}") from error
    except OF_EITHER as error:
        if on_device:
            raise AcceleratorError(f"{what}: {_short(error)}") from error
        raise ModelError(f"{what}: {_short(error)}") from error
    except OF_THE_MODEL as error:
        raise ModelError(f"{what}: {_short(error)}") from error


def _offered() -> tuple[str, ...]:
    available = onnxruntime.get_available_providers()
    return tuple(name for name in _PROVIDERS if name in available)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # One process per core is all the parallelism there is, and one thread always adds alike.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    return options


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"
