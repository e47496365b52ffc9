"""What lies between scene and file: bars, graphics, light, sensor, shutter, and poor texture."""

from __future__ import annotations

from benchmarks.accuracy_cases import Case, one_shot, picture, under, with_clip
from tests.rendering import Expectation, Flash, Look, Picture, Subject, steady

FLASHES = (Flash(0.8), Flash(1.7, 2, 1.0), Flash(2.9, 3, 0.7))
LOOKS = {
    "letterbox": Look(letterbox=0.13),
    "pillarbox": Look(pillarbox=0.125),
    "logo": Look(logo=True),
    "timecode": Look(timecode=True),
    "ticker": Look(ticker=True),
    "broadcast": Look(letterbox=0.08, logo=True, timecode=True, ticker=True, noise=2),
    "motion blur": Look(motion_blur=True),
    "noise": Look(noise=8),
    "heavy noise": Look(noise=16),
    "flash": Look(flashes=FLASHES),
}
LIGHTS = {
    "flicker": (Look(flicker=0.25), ("photometric_change",)),
    "dark": (Look(brightness=0.12, noise=1.5), ("low_light",)),
    "strobe": (Look(strobe_hz=4.5), ("photometric_change",)),
}
PATTERNS = {"brick": 0.12, "checker": 0.1, "stripes": 0.1}
WALL = Picture("gravel", 2.5, blur_px=30, contrast=0.5)
BLANK = Picture("grey")


def looks() -> list[Case]:
    """Return each condition over three cameras."""
    cases = []
    for index, (name, look) in enumerate(LOOKS.items()):
        cases += under(look, name.replace(" ", "-"), [name], index)
    return cases


def lights() -> list[Case]:
    """Return changing and failing light; flags have to say what was seen.

    Under a strobe a moving camera may be given up: a null level is as good as the right labels.
    """
    cases = []
    for index, (name, (look, flags)) in enumerate(LIGHTS.items()):
        for case in under(look, name, [name], index + 4):
            moving = not case.name.endswith("-static")
            expected = Expectation(not moving, unknowable=moving and name == "strobe", flags=flags)
            cases.append(with_clip(case, expectation=expected))
    return cases


def repeating() -> list[Case]:
    """Return textures that look the same one period on."""
    cases = []
    for name, pan in PATTERNS.items():
        # Of stripes nothing can be known along them, and a careful reader may decline.
        moving = Expectation(unknowable=name == "stripes")
        still = Expectation(still=True)
        rest = steady(3.5, picture=Picture(name))
        cases += [
            one_shot(f"{name}-static", ["repetitive"], rest, expectation=still),
            one_shot(
                f"{name}-static-noise", ["repetitive"], rest, look=Look(noise=6), expectation=still
            ),
            one_shot(
                f"{name}-pan",
                ["repetitive"],
                steady(3.5, picture=Picture(name), pan=pan),
                expectation=moving,
            ),
        ]
    return cases


def walls() -> list[Case]:
    """Return walls out of focus, and blank ones."""
    still = Expectation(still=True, unknowable=True, flags=("low_texture",))
    either = Expectation(unknowable=True)
    noise = Look(noise=3)
    conditions = ["low texture"]
    rest, pan = steady(4, picture=WALL), steady(4, picture=WALL, pan=0.2)
    blank = steady(4, picture=BLANK)
    return [
        one_shot("wall-static", conditions, rest, expectation=still),
        one_shot("wall-static-noise", conditions, rest, look=noise, expectation=still),
        one_shot("wall-pan", conditions, pan, expectation=either),
        one_shot("wall-pan-noise", conditions, pan, look=noise, expectation=either),
        one_shot("blank", conditions, blank, expectation=still),
        one_shot("blank-noise", conditions, blank, look=noise, expectation=still),
        one_shot("blank-pan-noise", conditions, steady(4, picture=BLANK, pan=0.2), look=noise,
                 expectation=Expectation(flags=("low_texture",), unknowable=True)),
    ]  # fmt: skip


def mixtures() -> list[Case]:
    """Return conditions on top of each other, as a broadcaster's archive has them."""
    subject = (Subject("chelsea", 0.1, (0.25, 0.1)),)
    shots = {
        "broadcast-subject": (
            steady(4, picture=picture(1), subjects=subject),
            Look(letterbox=0.1, logo=True, ticker=True),
        ),
        "news-pan-subject": (
            steady(4, picture=picture(4), pan=0.2, subjects=subject),
            Look(logo=True, ticker=True, timecode=True, motion_blur=True),
        ),
        "night-pan": (
            steady(4, picture=picture(0), pan=-0.2),
            Look(brightness=0.2, noise=3, flicker=0.1, motion_blur=True),
        ),
        "concert": (
            steady(4, picture=picture(5), zoom=0.15),
            Look(flashes=FLASHES, flicker=0.15, noise=4),
        ),
        "blurred-fast-pan": (steady(3, picture=picture(3), pan=0.9), Look(motion_blur=True)),
        "slow-pan-ticker": (steady(5, picture=picture(8), pan=0.05), Look(ticker=True, logo=True)),
    }
    return [one_shot(name, ["mixture"], shot, look=look) for name, (shot, look) in shots.items()]


def cases() -> list[Case]:
    """Return all cases of this module."""
    parts = (looks, lights, repeating, walls, mixtures)
    return [case for part in parts for case in part()]
