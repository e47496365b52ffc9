"""Clips to look at in the viewer, whose motion is known because they are rendered."""

from __future__ import annotations

from tests.rendering.clips import Cadence, Clip, Edit, Shot
from tests.rendering.moves import CameraMove, Part, Shake
from tests.rendering.pictures import Picture, Size
from tests.rendering.subjects import Subject

_HAND = Shake(rms_widths=0.008)


def reel(size: Size = (320, 180), seconds: float = 2.0) -> Clip:
    """A reel in VP9, which Chromium plays whoever built it: nine shots, cuts, a dissolve, a fade.

    Args:
        size: width and height in px.
        seconds: length of a shot; the third shot, of two moves, takes twice as long.
    """
    shots = (
        _shot("coffee", seconds, CameraMove(pan=0.12)),
        _shot("motorcycle", seconds, CameraMove(), Subject("chelsea", 0.1, (0.35, 0.1))),
        Shot(
            Picture("rocket", span=1.8),
            (Part(seconds, CameraMove(tilt=0.2)), Part(seconds, CameraMove(zoom=0.25))),
        ),
        _shot("astronaut", seconds, CameraMove(zoom=-0.12)),
        _shot("chelsea", seconds, CameraMove(), hand=_HAND),
        _shot("hubble", seconds, CameraMove(roll=9.0)),
        _shot("gravel", seconds, CameraMove(pan=-0.7), Subject("coffee", 0.1, (0.2, 0.0))),
        _shot("coins", seconds, CameraMove()),
        _shot("grass", seconds, CameraMove(pan=0.3, tilt=-0.2)),
    )
    edits = (
        Edit("cut"),
        Edit("cut"),
        Edit("dissolve", seconds=0.6),
        Edit("cut"),
        Edit("cut"),
        Edit("cut"),
        Edit("fade", seconds=0.8),
        Edit("cut"),
    )
    return Clip("reel", shots, edits, size=size, codec="vp9")


def cuts(name: str, cadence: Cadence) -> Clip:
    """Six cuts in WebM, a little more than a second apart."""
    names = ("coffee", "rocket", "astronaut", "chelsea", "gravel", "coins", "hubble")
    moves = (CameraMove(pan=0.2), CameraMove(tilt=0.3), CameraMove())
    shots = tuple(_shot(each, 1.15, moves[n % len(moves)]) for n, each in enumerate(names))
    edits = (Edit("cut"),) * (len(shots) - 1)
    return Clip(name, shots, edits, size=(320, 180), codec="vp9", cadence=cadence)


def plain(name: str, move: CameraMove, codec: str = "vp9", picture: str = "camera") -> Clip:
    """One small shot of one move."""
    return Clip(name, (_shot(picture, 2.0, move),), size=(320, 180), codec=codec)


def _shot(
    name: str,
    seconds: float,
    move: CameraMove,
    subject: Subject | None = None,
    hand: Shake | None = None,
) -> Shot:
    subjects = (subject,) if subject else ()
    return Shot(Picture(name, span=1.5), (Part(seconds, move),), shake=hand, subjects=subjects)
