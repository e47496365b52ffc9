"""Trains the network on pairs drawn as it goes: ``python -m gpu_worker.training.train RUN``.

RUN is a folder: ``checkpoint.pt``, from which the same command goes on, and ``log.jsonl``, a line
an evaluation. Time is what is bounded, so the rate of learning falls with the share of it that is
spent.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor

from gpu_worker.training.batches import draw_batch
from gpu_worker.training.figures import Figures, dis_medium, figures_of, validation_pairs
from gpu_worker.training.losses import total_loss
from gpu_worker.training.network import PAD_MULTIPLE, FlowNetwork
from gpu_worker.training.running import TorchEstimator
from gpu_worker.training.textures import make_textures

_KEPT = 0.985
_WARM_UP_STEPS = 100
_STEEPEST = 1.0


class Trainer:
    """The network, its average over the last steps, the optimiser, and how far they are."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.manual_seed(options.seed)
        self.options = options
        self.device = torch.device(options.device)
        self.network = FlowNetwork().to(self.device)
        self.average = FlowNetwork().to(self.device).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=options.rate, weight_decay=1e-4
        )
        self.textures = make_textures(options.seed, options.drawn)
        self.step, self.seconds = 0, 0.0

    def save(self, path: Path) -> None:
        """Writes a checkpoint whole or not at all."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]

    def advance(self) -> float:
        """One step on a new batch; returns the loss."""
        started = time.perf_counter()
        size = self.options.batch
        # No seed twice, and none of the validation's, which begin at 0.
        seeds = range(10**6 + self.step * size, 10**6 + (self.step + 1) * size)
        drawn = draw_batch(seeds, self.textures, self.options.width, self.options.height)
        first, second, flow, occluded = (torch.from_numpy(a).to(self.device) for a in drawn)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.options.bfloat16):
            estimate = self.network(first, second)
        loss: Tensor = total_loss(estimate, flow, occluded)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _STEEPEST)
        self.optimiser.step()
        self._follow()
        self.step += 1
        self.seconds += time.perf_counter() - started
        return float(loss.detach())

    def _rate(self) -> float:
        spent = min(self.seconds / (60 * self.options.minutes), 1.0)
        falling = 0.5 * (1 + math.cos(math.pi * spent))
        warm = min((self.step + 1) / _WARM_UP_STEPS, 1.0)
        return float(self.options.rate * warm * (0.02 + 0.98 * falling))

    def _follow(self) -> None:
        kept = min(_KEPT, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mine, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mine.lerp_(new, 1 - kept)


def evaluate(trainer: Trainer, loss: float, of_dis: Figures) -> dict[str, Any]:
    """One line of the log."""
    pairs = validation_pairs()
    own = figures_of(TorchEstimator(trainer.average, PAD_MULTIPLE, trainer.device), pairs)
    return {
        "step": trainer.step,
        "minutes": round(trainer.seconds / 60, 1),
        "loss": None if math.isnan(loss) else round(loss, 4),
        "network": own.rounded(),
        "dis_medium": of_dis.rounded(),
    }


def train(options: argparse.Namespace) -> None:
    """Trains until the minutes are spent."""
    cv2.setNumThreads(1)
    torch.set_num_threads(options.threads)
    options.run.mkdir(parents=True, exist_ok=True)
    checkpoint, log = options.run / "checkpoint.pt", options.run / "log.jsonl"
    trainer = Trainer(options)
    if checkpoint.exists():
        trainer.load(checkpoint)
    of_dis = figures_of(dis_medium, validation_pairs())
    loss, next_report = math.nan, trainer.seconds
    while True:
        over = trainer.seconds >= 60 * options.minutes
        if trainer.seconds >= next_report or over:
            line = json.dumps(evaluate(trainer, loss, of_dis))
            print(line, flush=True)
            with log.open("a") as file:
                file.write(line + "\n")
            trainer.save(checkpoint)
            next_report += 60 * options.report_minutes
        if over:
            return
        now = trainer.advance()
        loss = now if math.isnan(loss) else 0.98 * loss + 0.02 * now


def main() -> None:
    """Reads the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of checkpoint and log")
    parser.add_argument("--minutes", type=float, default=40, help="of training, in all")
    parser.add_argument("--report-minutes", type=float, default=4)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--height", type=int, default=128)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawn", type=int, default=60, help="textures beside the photographs")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda, where it was never tried")
    parser.add_argument("--bfloat16", action="store_true", help="convolutions in 16 bits")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
