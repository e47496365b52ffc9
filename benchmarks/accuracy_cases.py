"""The clips on which accuracy is measured: one case each, with the conditions it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.rendering import Clip, Look, Picture, Shot, steady

PICTURES = (
    "astronaut",
    "coffee",
    "chelsea",
    "camera",
    "motorcycle",
    "coins",
    "rocket",
    "grass",
    "gravel",
    "ihc",
)


@dataclass(frozen=True)
class Case:
    """A clip and what it stands for.

    Attributes:
        clip: What is rendered.
        conditions: Recall is reported for each of them apart.
    """

    clip: Clip
    conditions: tuple[str, ...]

    @property
    def name(self) -> str:
        """The clip's name."""
        return self.clip.name


def one_shot(name: str, conditions: Sequence[str], shot: Shot, **clip: Any) -> Case:
    """Return a case of a single shot.

    Args:
        name: Of the clip.
        conditions: What it stands for.
        shot: The shot.
        **clip: Further fields of `Clip`.
    """
    return Case(Clip(name, (shot,), **clip), tuple(conditions))


def picture(index: int, span: float = 1.6) -> Picture:
    """Return one photograph after the other, cyclically, so that no case owns one."""
    return Picture(PICTURES[index % len(PICTURES)], span)


def under(look: Look, name: str, conditions: Sequence[str], index: int) -> list[Case]:
    """Return the same conditions over a camera at rest, a pan, and a tilt with a zoom.

    Args:
        look: The conditions.
        name: What the clips are called after.
        conditions: What they stand for.
        index: Which photographs are used.
    """
    shots = {
        "static": steady(4, picture=picture(index)),
        "pan": steady(4, picture=picture(index + 1), pan=0.18 if index % 2 else -0.18),
        "tilt-zoom": steady(4, picture=picture(index + 2), tilt=-0.2, zoom=0.15),
    }
    return [one_shot(f"{name}-{kind}", conditions, shot, look=look) for kind, shot in shots.items()]


def with_clip(case: Case, **changes: Any) -> Case:
    """Return a case with fields of its clip changed."""
    return replace(case, clip=replace(case.clip, **changes))


def all_cases() -> list[Case]:
    """Return the whole set.

    Raises:
        ValueError: Two cases share a name.
    """
    # Imported here because each of these modules builds on this one.
    from benchmarks import (
        accuracy_cases_camera,
        accuracy_cases_conditions,
        accuracy_cases_edits,
        accuracy_cases_files,
        accuracy_cases_subjects,
    )

    modules = (
        accuracy_cases_camera,
        accuracy_cases_subjects,
        accuracy_cases_conditions,
        accuracy_cases_edits,
        accuracy_cases_files,
    )
    found = [case for module in modules for case in module.cases()]
    names = [case.name for case in found]
    if len(set(names)) < len(names):
        raise ValueError(f"twice: {sorted({name for name in names if names.count(name) > 1})}")
    return found
