"""Cuts, dissolves and fades, between shots that differ, resemble each other, rest or move."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice

from benchmarks.accuracy_cases import PICTURES, Case, picture
from tests.rendering import Clip, Edit, Flash, Look, Part, Picture, Shake, Shot, Subject, steady
from tests.rendering.moves import CameraMove

MOVES = (
    CameraMove(pan=0.25),
    CameraMove(),
    CameraMove(zoom=0.2),
    CameraMove(tilt=-0.3),
    CameraMove(pan=-0.6),
    CameraMove(roll=15),
)


def joined(
    name: str, conditions: Sequence[str], shots: Sequence[Shot], edit: Edit, **clip: object
) -> Case:
    """Return shots with the same edit between any two."""
    edits = (edit,) * (len(shots) - 1)
    return Case(Clip(name, tuple(shots), edits, **clip), tuple(conditions))  # type: ignore[arg-type]


def series(count: int, seconds: float, first: int, moves: Sequence[CameraMove]) -> list[Shot]:
    """Return shots of different photographs, each with the next move."""
    return [
        Shot(picture(first + 3 * index, 1.4 + 0.2 * (index % 3)), (Part(seconds, move),))
        for index, move in enumerate(islice(cycle(moves), count))
    ]


def plain_cuts() -> list[Case]:
    """Return hard cuts between different shots under different conditions."""
    rest = (CameraMove(),)
    cut = Edit("cut")
    montage = series(9, 0.52, 0, rest)
    graphics = Look(letterbox=0.1, logo=True, ticker=True, timecode=True)
    shake = [
        Shot(picture(2 + index), (Part(1.4),), shake=Shake(0.01, seed=index)) for index in range(4)
    ]
    crossing = (Subject("coffee", 0.25, (0.8, 0.0), aspect=1.0),)
    subjects = [Shot(picture(5 + index), (Part(1.4),), subjects=crossing) for index in range(4)]
    return [
        joined("cuts-static", ["cut"], series(6, 1.2, 0, rest), cut),
        joined("cuts-static-more", ["cut"], series(6, 1.1, 5, rest), cut),
        joined("cuts-moving", ["cut while moving"], series(6, 1.3, 1, MOVES), cut),
        joined("cuts-moving-more", ["cut while moving"], series(6, 1.2, 4, MOVES[::-1]), cut),
        joined(
            "cuts-one-direction", ["cut while moving"], series(5, 1.4, 2, [MOVES[0]]), cut
        ),
        joined("cuts-fast", ["cut while moving"], series(5, 1.2, 6, [CameraMove(pan=0.9)]), cut,
               look=Look(motion_blur=True)),
        joined("cuts-montage", ["montage"], montage, cut),
        joined("cuts-montage-moving", ["montage"], series(9, 0.6, 3, MOVES), cut),
        joined("cuts-graphics", ["cut under graphics"], series(5, 1.3, 4, rest), cut,
               look=graphics),
        joined("cuts-graphics-moving", ["cut under graphics"], series(5, 1.3, 2, MOVES), cut,
               look=graphics),
        joined("cuts-noise", ["cut in noise"], series(5, 1.2, 7, rest), cut, look=Look(noise=12)),
        joined("cuts-dark", ["cut in the dark"], series(5, 1.2, 1, rest), cut,
               look=Look(brightness=0.12, noise=1.5)),
        joined("cuts-flicker", ["cut in flicker"], series(5, 1.2, 3, rest), cut,
               look=Look(flicker=0.25)),
        joined("cuts-handheld", ["cut while moving"], shake, cut),
        joined("cuts-subjects", ["cut while moving"], subjects, cut),
        joined("cuts-low-quality", ["cut, low quality"], series(5, 1.2, 0, MOVES), cut,
               codec="h264-low"),
        joined("cuts-flash", ["cut beside a flash"], series(3, 1.6, 2, rest), cut,
               look=Look(flashes=(Flash(1.2), Flash(2.4, 2)))),
    ]  # fmt: skip


def similar_cuts() -> list[Case]:
    """Return cuts between shots that resemble each other in histogram, texture or content."""
    cut = Edit("cut")
    cases = []
    for name in PICTURES[:6]:
        whole = Picture(name, 1.05)
        crops = [Picture(name, 2.2, centre) for centre in ((0.28, 0.3), (0.72, 0.35), (0.5, 0.72))]
        mirrored = [whole, Picture(name, 1.05, mirrored=True), whole]
        punched = [Picture(name, 1.3), Picture(name, 2.1), Picture(name, 1.3)]
        for kind, pictures in (("crops", crops), ("mirrored", mirrored), ("punch-in", punched)):
            shots = [steady(1.3, picture=filmed) for filmed in pictures]
            cases.append(joined(f"similar-{kind}-{name}", ["cut, similar shots"], shots, cut))
    textures = [steady(1.2, picture=name) for name in ("grass", "gravel", "grass", "gravel")]
    cases.append(joined("similar-textures", ["cut, similar shots"], textures, cut))
    for name in ("gravel", "motorcycle"):
        moving = [
            steady(1.4, picture=Picture(name, 2.4, centre), pan=0.2)
            for centre in ((0.2, 0.3), (0.6, 0.6), (0.25, 0.75))
        ]
        cases.append(joined(f"similar-moving-{name}", ["cut, similar shots"], moving, cut))
    return cases


def dissolves() -> list[Case]:
    """Return dissolves of half a second to two, between shots that rest and that move."""
    cases = []
    for index, seconds in enumerate((0.5, 1.0, 1.5, 2.0)):
        edit = Edit("dissolve", seconds)
        for kind, moves in (("static", (CameraMove(),)), ("moving", MOVES[index % 3 :])):
            shots = series(3, 1.6 + seconds * 2.2, index, moves)
            conditions = [f"dissolve, {kind}"]
            cases.append(joined(f"dissolve-{seconds}-{kind}", conditions, shots, edit))
    graphics = Look(letterbox=0.1, logo=True, ticker=True)
    hard = [
        ("noise", Look(noise=8), CameraMove()),
        ("graphics", graphics, CameraMove(pan=0.2)),
        ("one-direction", Look(), CameraMove(pan=-0.2)),
        ("flicker", Look(flicker=0.2), CameraMove()),
        ("dark", Look(brightness=0.15, noise=1.5), CameraMove()),
    ]
    for index, (name, look, move) in enumerate(hard):
        shots = series(3, 2.4, index + 2, [move])
        edit = Edit("dissolve", 0.8)
        cases.append(joined(f"dissolve-{name}", ["dissolve, hard"], shots, edit, look=look))
    alike = [steady(2.4, picture=Picture("coffee", 1.4, mirrored=side)) for side in (False, True)]
    cases.append(joined("dissolve-similar", ["dissolve, hard"], alike, Edit("dissolve", 1.0)))
    return cases


def fades() -> list[Case]:
    """Return fades through black, with and without black held, and at the clip's own ends."""
    cases = []
    for index, (seconds, black) in enumerate([(0.8, 0), (1.2, 0.3), (2.0, 0.1), (1.0, 1.6)]):
        for kind, moves in (("static", (CameraMove(),)), ("moving", MOVES)):
            shots = series(3, 1.5 + seconds * 0.7, index + 5, moves)
            name = f"fade-{seconds}-{black}-{kind}"
            cases.append(joined(name, [f"fade, {kind}"], shots, Edit("fade", seconds, black)))
    ends = {"opening_fade_seconds": 0.8, "closing_fade_seconds": 1.0}
    for name, move in (("static", CameraMove()), ("pan", CameraMove(pan=0.2))):
        shots = series(2, 2.6, 3, [move])
        cases.append(joined(f"fade-ends-{name}", ["fade at the ends"], shots, Edit("cut"), **ends))
    cases.append(
        joined("fade-noise", ["fade, hard"], series(3, 2.0, 1, MOVES), Edit("fade", 1.0, 0.2),
               look=Look(noise=8))
    )  # fmt: skip
    cases.append(
        joined("fade-graphics", ["fade, hard"], series(3, 2.0, 6, MOVES), Edit("fade", 1.0, 0.2),
               look=Look(letterbox=0.1, logo=True))
    )  # fmt: skip
    return cases


def mixed() -> list[Case]:
    """Return what a programme has: every kind of edit in one file."""
    shots = tuple(series(5, 2.0, 2, MOVES))
    edits = (Edit("cut"), Edit("dissolve", 0.8), Edit("fade", 1.0, 0.2), Edit("cut"))
    names = {"mixed": shots, "mixed-reversed": shots[::-1]}
    return [Case(Clip(name, order, edits), ("mixed edits",)) for name, order in names.items()]


def cases() -> list[Case]:
    """Return all cases of this module."""
    parts = (plain_cuts, similar_cuts, dissolves, fades, mixed)
    return [case for part in parts for case in part()]
