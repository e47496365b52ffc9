"""Codecs, frame rates and sizes: the same programme in every file that a camera may write."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from benchmarks.accuracy_cases import Case, picture
from tests.rendering import Cadence, CameraMove, Clip, Edit, Part, Shot

CODECS = ("h264", "h264-low", "h264-mkv", "hevc-10bit", "prores", "vp9", "av1", "mpeg2")
RATES = (
    Fraction(24000, 1001),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(50),
)
SIZES = ((1280, 720), (480, 360), (360, 640), (854, 358))


def programme(first: int) -> tuple[Shot, ...]:
    """Return a pan, a rest, a zoom with a roll, and a tilt."""
    moves = (
        CameraMove(pan=0.2),
        CameraMove(),
        CameraMove(zoom=-0.2, roll=10),
        CameraMove(tilt=0.25),
    )
    return tuple(
        Shot(picture(first + index), (Part(1.7, move),)) for index, move in enumerate(moves)
    )


def clip(name: str, first: int) -> Clip:
    """Return the programme, with cuts and one dissolve."""
    return Clip(name, programme(first), (Edit("cut"), Edit("dissolve", 0.6), Edit("cut")))


def cases() -> list[Case]:
    """Return all cases of this module."""
    found = [
        Case(replace(clip(f"codec-{name}", index), codec=name), (f"codec {name}",))
        for index, name in enumerate(CODECS)
    ]
    for index, rate in enumerate(RATES):
        named = f"{float(rate):.5g} fps"
        made = clip(f"rate-{float(rate):.5g}", index + 2)
        found.append(Case(replace(made, cadence=Cadence(rate)), (named,)))
    for index, container in enumerate(("h264", "h264-mkv")):
        variable = Cadence(Fraction(25), variable=True)
        made = clip(f"vfr-{container}", index + 3)
        found.append(Case(replace(made, cadence=variable, codec=container), ("VFR",)))
    for index, size in enumerate(SIZES):
        named = f"{size[0]}x{size[1]}"
        found.append(Case(replace(clip(f"size-{named}", index + 5), size=size), (named,)))
    return found
