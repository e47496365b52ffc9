"""Subjects that move in the picture, small and large, under cameras that rest and that move."""

from __future__ import annotations

from benchmarks.accuracy_cases import Case, one_shot, picture
from tests.rendering import CameraMove, Part, Shake, Shot, Subject

AREAS = (0.03, 0.06, 0.12, 0.2, 0.35)
CAMERAS = {
    "rest": CameraMove(),
    "pan": CameraMove(pan=0.25),
    "tilt": CameraMove(tilt=-0.3),
    "zoom": CameraMove(zoom=0.2),
    "roll": CameraMove(roll=-10),
}
TEXTURES = ("chelsea", "coffee", "astronaut", "gravel", "motorcycle")


def by_area() -> list[Case]:
    """Return every area under every camera."""
    cases = []
    for area in AREAS:
        for index, (name, move) in enumerate(CAMERAS.items()):
            subject = Subject(
                TEXTURES[(index + round(area * 100)) % len(TEXTURES)],
                area,
                (0.22, 0.12 if area < 0.3 else 0.02),
                aspect=1.2 if area < 0.3 else 1.7,
                shape="ellipse" if index % 2 else "rectangle",
            )
            shot = Shot(picture(index + 5), (Part(4.0, move),), subjects=(subject,))
            percent = round(area * 100)
            conditions = [f"subject {percent}%", f"subject, camera {name}"]
            cases.append(one_shot(f"subject-{percent}%-{name}", conditions, shot))
    return cases


def special() -> list[Case]:
    """Return what an average subject does not show: speed, number, ties to the world, size."""
    crossing = Subject("coffee", 0.3, (1.1, 0.0), aspect=1.0)
    slow = Subject("chelsea", 0.1, (0.06, 0.0))
    pair = (
        Subject("chelsea", 0.08, (0.25, 0.05), start=(0.3, 0.4)),
        Subject("gravel", 0.08, (-0.3, -0.05), start=(0.7, 0.6), shape="rectangle"),
    )
    walking = Subject("astronaut", 0.1, (0.2, 0.0), attached="world")
    huge = Subject("motorcycle", 0.5, (0.12, 0.0), aspect=1.7)
    still = Subject("chelsea", 0.15, (0.0, 0.0))
    shots = {
        "crossing": Shot(picture(0), subjects=(crossing,)),
        "slow": Shot(picture(7), subjects=(slow,)),
        "two": Shot(picture(1), subjects=pair),
        "two-pan": Shot(picture(5), (Part(4.0, CameraMove(pan=-0.2)),), subjects=pair),
        "handheld": Shot(picture(4), shake=Shake(seed=4), subjects=(walking,)),
        "walking": Shot(picture(3), subjects=(walking,)),
        "half": Shot(picture(6), subjects=(huge,)),
        "followed": Shot(picture(4), (Part(4.0, CameraMove(pan=0.3)),), subjects=(still,)),
    }
    return [one_shot(f"subject-{name}", ["subject, special"], shot) for name, shot in shots.items()]


def cases() -> list[Case]:
    """Return all cases of this module."""
    return by_area() + special()
