"""Writes a checkpoint as an ONNX graph: ``python -m gpu_worker.training.export RUN GRAPH``.

What comes out is held against torch on pictures of several sizes before it is kept.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from gpu_worker.training.network import PAD_MULTIPLE, FlowNetwork
from gpu_worker.training.variational import tv_l1

OPSET = 17
_SIZES_PX = ((1, 96, 64), (2, 160, 128), (1, 320, 192), (3, 64, 224))
_LARGEST_DIFFERENCE_PX = 0.02


class Exported(nn.Module):
    """The network with probabilities instead of logits, as the contract of models asks."""

    def __init__(self, network: FlowNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Flow ``(N, 2, H, W)`` px, confidence and occlusion ``(N, 1, H, W)``."""
        estimate = self.network(first, second)
        return estimate.flow, torch.sigmoid(estimate.confidence), torch.sigmoid(estimate.occlusion)


def load_network(checkpoint: Path) -> FlowNetwork:
    """The average of the last steps' weights."""
    network = FlowNetwork()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["average"])
    network.eval()
    return network


def write_graph(network: FlowNetwork, graph: Path) -> Exported:
    """Exports with a free number of pairs, height and width."""
    # Compiled, its loops become ONNX's Loop: unrolled, the graph took 20 s to load.
    network.start = torch.jit.script(tv_l1)
    exported = Exported(network)
    exported.eval()
    example = torch.rand(2, 1, 2 * PAD_MULTIPLE, 3 * PAD_MULTIPLE)
    names = ["first", "second", "flow", "confidence", "occlusion"]
    torch.onnx.export(
        exported,
        (example, example.flip(3)),
        str(graph),
        dynamo=False,
        opset_version=OPSET,
        input_names=names[:2],
        output_names=names[2:],
        dynamic_axes={name: {0: "pairs", 2: "height", 3: "width"} for name in names},
    )
    return exported


def largest_difference(exported: Exported, graph: Path) -> float:
    """How far ONNX Runtime's flow is from torch's, px, over pictures of several sizes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    started = time.perf_counter()
    session = onnxruntime.InferenceSession(str(graph), options, ["CPUExecutionProvider"])
    print(f"loaded in {time.perf_counter() - started:.2f} s")
    draw = np.random.default_rng(0)
    worst = 0.0
    for pairs, width, height in _SIZES_PX:
        small = draw.random((pairs, 1, height // 8, width // 8 + 1))
        first = np.kron(small, np.ones((1, 1, 8, 8))).astype(np.float32)
        frames = first[..., :width], first[..., 2 : width + 2]
        answers = session.run(None, {"first": frames[0], "second": frames[1]})
        with torch.no_grad():
            truths = exported(*(torch.from_numpy(np.ascontiguousarray(f)) for f in frames))
        for answer, truth in zip(answers, truths, strict=True):
            worst = max(worst, float(np.abs(answer - truth.numpy()).max()))
    return worst


def main() -> None:
    """Reads the options, exports, checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run, with its checkpoint")
    parser.add_argument("graph", type=Path, help="where to write the graph")
    options = parser.parse_args()
    exported = write_graph(load_network(options.run / "checkpoint.pt"), options.graph)
    difference = largest_difference(exported, options.graph)
    print(f"{options.graph}: {options.graph.stat().st_size} bytes, differs by {difference:.5f}")
    if difference > _LARGEST_DIFFERENCE_PX:
        options.graph.unlink()
        raise SystemExit("torch and ONNX Runtime disagree: nothing was kept")


if __name__ == "__main__":
    main()
