"""The document that says what refining in doubt costs, and how far it agrees with refining all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from benchmarks.accuracy_report import machine
from benchmarks.hybrid_agreement import Agreement, agreement, pooled
from flowtag.settings import FlowSettings
from flowtag.timing import round_half_up

LEAST_SAVED = 0.90
LEAST_AGREEMENT = 0.99
HARD = 0.95
INTRODUCTION = """# Only where it pays

What `flowtag tag --refine {model}` spends and what it gets, against asking {model} about every pair
for which the gate lets any estimator do better (not across cuts, not where nothing is to be seen):
the same settings, but for those that say what is a reason to ask. So both keep DIS's flow where the
model explains the pictures no better. Written by the command below.

Tags agree by time: `labels` where the camera's labels are the same; `levels` where motion's level
is, and where the subject's is (their mean); `rates` where pan, tilt, zoom, roll and speed are
within the tolerance of [accuracy.md](accuracy.md) (speed 0.01), their mean. `tags` is the mean of
the three.
"""


@dataclass(frozen=True)
class Compared:
    """One video, tagged in three ways.

    Attributes:
        name: of the video.
        rendered: its motion is known.
        cheap: ``motion.json`` by DIS alone, ``hybrid`` with refining in doubt, ``every`` of all.
        hybrid_cpu_seconds: of the model, refining in doubt; ``every_cpu_seconds`` all.
        wrong: by way the answers that are wrong, and how many there are; empty where unknown.
    """

    name: str
    rendered: bool
    cheap: dict[str, Any]
    hybrid: dict[str, Any]
    every: dict[str, Any]
    hybrid_cpu_seconds: float
    every_cpu_seconds: float
    wrong: dict[str, tuple[int, int]]

    @property
    def cheap_agreement(self) -> Agreement:
        """Of DIS alone with refining all."""
        return agreement(self.cheap, self.every)

    @property
    def hybrid_agreement(self) -> Agreement:
        """Of refining in doubt with refining all."""
        return agreement(self.hybrid, self.every)

    @property
    def is_hard(self) -> bool:
        """Whether DIS alone does not do."""
        return self.cheap_agreement.tags <= HARD

    def runs(self, way: str) -> int:
        """How often the model ran: for a pair once, for one that it followed once a frame."""
        rate = Fraction(self.cheap["video"]["frame_rate"])
        frames_per_pair = max(round_half_up(rate / FlowSettings().pairs_per_second), 1)
        return self.counted(way, "asked") + (frames_per_pair - 1) * self.counted(way, "followed")

    @property
    def hybrid_cost_seconds(self) -> float:
        """The model's runs when refining in doubt, each at what one took when refining all."""
        every = self.runs("every")
        return self.runs("hybrid") * self.every_cpu_seconds / every if every else 0.0

    def counted(self, way: str, what: str) -> int:
        """Pairs of a kind, as ``refining`` of a way counts them."""
        motion: dict[str, Any] = getattr(self, way)
        return int(motion["analysis"]["refining"][what])


@dataclass(frozen=True)
class Target:
    """What was asked, and what came of it."""

    name: str
    figure: float
    least: float

    @property
    def verdict(self) -> str:
        """Met, or by how much it is missed."""
        if self.figure >= self.least:
            return "met"
        return f"**missed** by {100 * (self.least - self.figure):.2f} points"


def targets(found: Sequence[Compared]) -> list[Target]:
    """All that was asked."""
    hard = [one for one in found if one.is_hard]
    asked = [
        Target("model's cost saved", 1 - _cost(found), LEAST_SAVED),
        Target(
            "tags agree with refining all",
            pooled([one.hybrid_agreement for one in found]).tags,
            LEAST_AGREEMENT,
        ),
    ]
    if hard:
        figure = pooled([one.hybrid_agreement for one in hard]).tags
        asked.append(Target("tags agree, hard clips", figure, LEAST_AGREEMENT))
    return asked


def missed(found: Sequence[Compared]) -> list[Target]:
    """The targets that are missed."""
    return [target for target in targets(found) if target.figure < target.least]


def document(found: Sequence[Compared], command: str, model: str) -> str:
    """The whole page."""
    lines = [INTRODUCTION.format(model=model), "```", command, "```", "", *machine(), ""]
    lines += ["| asked | figure | target | |", "|---|---|---|---|"]
    lines += [
        f"| {one.name} | {_percent(one.figure)} | ≥ {one.least:.0%} | {one.verdict} |"
        for one in targets(found)
    ]
    lines += ["", "## What it spends", "", *_spending(found)]
    lines += ["", "## What it gets", "", *_agreements(found)]
    lines += ["", "## Hard clips", "", *_hard(found)]
    lines += ["", "## Against the truth", "", *_truth(found)]
    return "\n".join(lines) + "\n"


def _parts(found: Sequence[Compared]) -> list[tuple[str, list[Compared]]]:
    parts = [
        ("all", list(found)),
        ("rendered", [one for one in found if one.rendered]),
        ("footage", [one for one in found if not one.rendered]),
        ("hard", [one for one in found if one.is_hard]),
    ]
    return [(name, part) for name, part in parts if part]


def _spending(found: Sequence[Compared]) -> list[str]:
    lines = [
        "Of pairs of frames. Cost is the model's processor time over that of refining all, where"
        " each of its runs counts as what one took on that clip when refining all: what else the"
        " machine did meanwhile would show otherwise. As measured is the ratio with that in it.",
        "",
        "| clips | | seconds | pairs | asked | its flow counts | followed | refining all asks"
        " | its flow counts | cost | as measured |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, part in _parts(found):
        pairs = sum(one.counted("every", "pairs") for one in part)
        shares = [
            _percent(sum(one.counted(way, what) for one in part) / max(pairs, 1))
            for way, what in (
                ("hybrid", "asked"),
                ("hybrid", "refined"),
                ("hybrid", "followed"),
                ("every", "asked"),
                ("every", "refined"),
            )
        ]
        seconds = sum(one.cheap_agreement.seconds for one in part)
        lines.append(
            f"| {name} | {len(part)} | {seconds:.0f} | {pairs} | {' | '.join(shares)}"
            f" | {_cost(part):.3f} | {_measured_cost(part):.3f} |"
        )
    reasons: Counter[str] = Counter()
    for one in found:
        reasons.update(one.hybrid["analysis"]["refining"]["reasons"])
    told = ", ".join(f"{name} {count}" for name, count in reasons.most_common())
    return [*lines, "", f"Reasons, by pairs; a pair may have several: {told}."]


def _agreements(found: Sequence[Compared]) -> list[str]:
    lines = [
        "| clips | way | labels | levels | rates | tags |",
        "|---|---|---|---|---|---|",
    ]
    for name, part in _parts(found):
        ways = (
            ("DIS alone", pooled([one.cheap_agreement for one in part])),
            ("refined in doubt", pooled([one.hybrid_agreement for one in part])),
        )
        for way, got in ways:
            figures = (got.labels, got.levels, got.rates, got.tags)
            lines.append(f"| {name} | {way} | {' | '.join(map(_percent, figures))} |")
    whole = sum(one.hybrid_agreement.tags == 1 for one in found)
    before = sum(one.cheap_agreement.tags == 1 for one in found)
    return [
        *lines,
        "",
        f"All tags agree all the time: {whole} clips of {len(found)}; by DIS {before}.",
    ]


def _hard(found: Sequence[Compared]) -> list[str]:
    hard = [one for one in found if one.is_hard]
    lines = [
        f"Those in which at most {HARD:.0%} of the tags by DIS alone agree with refining all.",
        "",
        "| clip | DIS alone | refined in doubt | asked | cost |",
        "|---|---|---|---|---|",
    ]
    for one in hard:
        share = one.counted("hybrid", "asked") / max(one.counted("hybrid", "pairs"), 1)
        lines.append(
            f"| {one.name} | {_percent(one.cheap_agreement.tags)}"
            f" | {_percent(one.hybrid_agreement.tags)} | {_percent(share)} | {_cost([one]):.3f} |"
        )
    easy = [one for one in found if not one.is_hard and one.hybrid_agreement.tags < LEAST_AGREEMENT]
    told = ", ".join(f"{one.name} {_percent(one.hybrid_agreement.tags)}" for one in easy)
    return [
        *lines,
        "",
        f"Others below {LEAST_AGREEMENT:.0%} when refined in doubt: {told or 'none'}.",
    ]


def _truth(found: Sequence[Compared]) -> list[str]:
    """Refining may agree with itself and be wrong."""
    judged = [one.wrong for one in found if one.wrong]
    if not judged:
        return ["No rendered clips."]
    answers = sum(wrong["cheap"][1] for wrong in judged)
    lines = [
        f"Answers that are wrong, of some {answers} about {len(judged)} rendered clips, by the"
        " benchmark of accuracy:",
        "",
        "| DIS alone | refined in doubt | refined all |",
        "|---|---|---|",
        "| "
        + " | ".join(
            str(sum(wrong[way][0] for wrong in judged)) for way in ("cheap", "hybrid", "all")
        )
        + " |",
    ]
    return lines


def _cost(found: Sequence[Compared]) -> float:
    every = sum(one.every_cpu_seconds for one in found)
    return sum(one.hybrid_cost_seconds for one in found) / every if every else 0.0


def _measured_cost(found: Sequence[Compared]) -> float:
    every = sum(one.every_cpu_seconds for one in found)
    return sum(one.hybrid_cpu_seconds for one in found) / every if every else 0.0


def _percent(share: float) -> str:
    """So that what is not quite all doesn't look like it."""
    return "100%" if share == 1 else f"{min(100 * share, 99.99):.2f}%"
