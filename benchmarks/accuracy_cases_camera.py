"""Camera moves: every label, both signs, from slow to whip, combined, handheld, and changing."""

from __future__ import annotations

from benchmarks.accuracy_cases import Case, one_shot, picture
from tests.rendering import CameraMove, Look, Part, Picture, Shake, Shot, steady

RATES = {
    "pan": {"slow": 0.04, "normal": 0.2, "fast": 0.7},
    "tilt": {"slow": 0.07, "normal": 0.3, "fast": 1.0},
    "zoom": {"slow": 0.05, "normal": 0.2, "fast": 0.7},
    "roll": {"slow": 4.0, "normal": 12.0, "fast": 45.0},
}
SUSTAINED_WHIPS = (1.0, -1.5, 2.0, -2.5)
COMBINATIONS = (
    CameraMove(pan=0.2, tilt=0.25),
    CameraMove(pan=-0.3, tilt=0.3),
    CameraMove(pan=-0.15, tilt=-0.4),
    CameraMove(pan=0.2, zoom=0.2),
    CameraMove(pan=-0.25, zoom=-0.15),
    CameraMove(tilt=0.3, zoom=-0.2),
    CameraMove(zoom=0.2, roll=10),
    CameraMove(zoom=-0.2, roll=-15),
    CameraMove(pan=0.2, roll=-10),
    CameraMove(tilt=-0.25, roll=12),
    CameraMove(pan=0.2, tilt=0.2, zoom=0.2, roll=8),
)
REST = CameraMove()


def single_moves() -> list[Case]:
    """Return each rate alone, in both directions."""
    cases: list[Case] = []
    for axis, speeds in RATES.items():
        for speed, rate in speeds.items():
            for sign in (1, -1):
                part = Part(3.5 if speed == "fast" else 4.5, CameraMove(**{axis: sign * rate}))
                shot = Shot(picture(len(cases)), (part,))
                cases.append(one_shot(f"{axis}{sign * rate:+g}", [speed], shot))
    return cases


def whips() -> list[Case]:
    """Return whip pans: sustained, and a flick between two rests."""
    cases = [
        one_shot(
            f"whip{rate:+g}",
            ["whip pan"],
            steady(2.4, picture=picture(index + 3), pan=rate),
            look=Look(motion_blur=True),
        )
        for index, rate in enumerate(SUSTAINED_WHIPS)
    ]
    for index, (rate, seconds) in enumerate([(1.6, 0.4), (-2.2, 0.5), (1.2, 0.7)]):
        parts = (Part(2.0), Part(seconds, CameraMove(pan=rate)), Part(2.0))
        shot = Shot(picture(index + 5), parts, ease_seconds=0.2)
        name = f"flick{rate:+g}"
        cases.append(one_shot(name, ["whip pan"], shot, look=Look(motion_blur=True)))
    return cases


def at_rest() -> list[Case]:
    """Return cameras that an editor would call locked, some of them not quite still."""
    names = ("astronaut", "coffee", "rocket", "moon", "hubble", "page")
    cases = [one_shot(f"static-{name}", ["at rest"], steady(3, picture=name)) for name in names]
    jitter = Shake(rms_widths=0.0006, rms_roll_degrees=0.02, band_hz=(3, 9))
    cases.append(one_shot("static-jitter", ["at rest"], steady(4, shake=jitter)))
    cases.append(one_shot("static-drift", ["at rest"], steady(5, picture="coffee", pan=0.006)))
    return cases


def combined() -> list[Case]:
    """Return several moves at once."""
    return [
        one_shot(
            f"combined-{'-'.join(sorted(move.labels()))}",
            ["combined"],
            Shot(picture(index), (Part(4.0, move),)),
        )
        for index, move in enumerate(COMBINATIONS)
    ]


def handheld() -> list[Case]:
    """Return a camera in the hand, at rest and while it moves."""
    cases = []
    for index, (rms, band) in enumerate([(0.004, (1, 4)), (0.006, (0.8, 4)), (0.012, (0.8, 5))]):
        shake = Shake(rms, rms * 40, band, seed=index)
        shot = steady(5, picture=picture(index), shake=shake)
        cases.append(one_shot(f"handheld-{rms}", ["handheld"], shot))
    moves = {
        "pan": CameraMove(pan=0.25),
        "pan-back": CameraMove(pan=-0.15),
        "tilt": CameraMove(tilt=0.35),
        "zoom": CameraMove(zoom=-0.15),
        "roll": CameraMove(roll=10),
        "fast": CameraMove(pan=0.8),
    }
    for index, (name, move) in enumerate(moves.items()):
        shake = Shake(rms_widths=0.005, seed=10 + index)
        shot = Shot(picture(index + 4), (Part(5.0, move),), shake=shake)
        cases.append(one_shot(f"handheld-{name}", ["handheld while moving"], shot))
    return cases


def changing() -> list[Case]:
    """Return shots in which the camera changes what it does."""
    stories = {
        "pan-rest-tilt": (CameraMove(pan=0.25), REST, CameraMove(tilt=0.3)),
        "rest-zoom-rest": (REST, CameraMove(zoom=0.25), REST),
        "there-and-back": (CameraMove(pan=0.3), CameraMove(pan=-0.3)),
        "roll-rest": (CameraMove(roll=-15), REST),
        "pan-then-zoom": (CameraMove(pan=-0.2), CameraMove(zoom=0.2)),
        "zoom-rest-zoom-out": (CameraMove(zoom=0.2), REST, CameraMove(zoom=-0.3)),
        "slow-pan-rest": (CameraMove(pan=0.06), REST),
    }
    cases = []
    for index, (name, moves) in enumerate(stories.items()):
        parts = tuple(Part(1.8 + 0.2 * place, move) for place, move in enumerate(moves))
        for ease_seconds in (0.0, 0.5):
            shot = Shot(picture(index), parts, ease_seconds)
            kind = "eased" if ease_seconds else "abrupt"
            cases.append(one_shot(f"{name}-{kind}", ["changing", kind], shot))
    return cases


def poor_pictures() -> list[Case]:
    """Return moves over pictures with little to hold on to: sky, space, moon, print."""
    pictures = ("rocket", "hubble", "moon", "page", "text")
    return [
        one_shot(
            f"poor-{name}-{axis}",
            ["poor picture"],
            Shot(Picture(name, 2.0), (Part(3.5, CameraMove(**{axis: 0.15})),)),
        )
        for name in pictures
        for axis in ("pan", "zoom")
    ]


def cases() -> list[Case]:
    """Return all cases of this module."""
    parts = (single_moves, whips, at_rest, combined, handheld, changing, poor_pictures)
    return [case for part in parts for case in part()]
