"""Clips, and checks of what is tagged, that the tests of motion.json's contract share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from jsonschema import Draft202012Validator

from tests.rendering import (
    CameraMove,
    Clip,
    Edit,
    Look,
    Part,
    Picture,
    RenderedClip,
    Shot,
    render_frames,
    steady,
)
from tests.rendering.pictures import Image
from tests.tagging import Tagged

SIZE = (192, 108)

SCHEMA = Path(__file__).parents[2] / "docs/formats/motion.schema.json"

Render = Callable[[Clip], RenderedClip]

EDITED = Clip(
    "edited",
    (
        steady(1.6, picture="coffee", pan=0.25),
        steady(2.0, picture="rocket"),
        Shot(Picture("motorcycle"), (Part(2.0, CameraMove(tilt=0.25)), Part(2.0))),
        steady(1.6, picture="astronaut"),
    ),
    (Edit("cut"), Edit("dissolve", 0.8), Edit("fade", 0.8, 1.2)),
    size=SIZE,
)


def clip(name: str, *shots: Shot, size: tuple[int, int] = SIZE, look: Look | None = None) -> Clip:
    return Clip(name, shots, (Edit("cut"),) * (len(shots) - 1), look or Look(), size)


def numbered(*ticks: int) -> Iterator[Image]:
    """Frames of a pan, of which some are taken."""
    frames = list(render_frames(clip("taken", steady(3, picture="gravel", pan=0.2))))
    return (frames[tick] for tick in ticks)


def assert_valid(tagged: Tagged) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(tagged.json)


def assert_tiles(tagged: Tagged) -> None:
    """Shots tile the video, and segments the shots."""
    shots, segments = tagged.metadata.shots, tagged.segments
    assert [shot.index for shot in shots] == list(range(len(shots)))
    assert [segment.index for segment in segments] == list(range(len(segments)))
    assert all(before.end == after.start for before, after in pairwise(shots))
    for shot in shots:
        inside = [segment for segment in segments if segment.shot == shot.index]
        assert inside[0].start == shot.start
        assert inside[-1].end == shot.end
        assert all(before.end == after.start for before, after in pairwise(inside))
        assert all(segment.start.pts < segment.end.pts for segment in inside)
