"""Rendered clips whose motion is exactly known, for tests and benchmarks alike.

A clip is data (`Clip`, `Shot`, `CameraMove`, `Subject`, `Look`, …). `render_clip` makes a file of
it, once, and `truth_of` says what a tagger should find. `random_flow_pair` draws pairs of frames
with dense exact flow.
"""

from tests.rendering.clips import Cadence, Clip, Edit, Expectation, Shot, steady
from tests.rendering.encoding import CODECS, Codec, write_video
from tests.rendering.films import Film, RenderedClip, render_clip, render_frames
from tests.rendering.footage import crop_pan_over_video, crop_size
from tests.rendering.looks import Flash, Look
from tests.rendering.moves import CameraMove, Part, Pose, Shake, Trajectory
from tests.rendering.pairs import FlowPair, Layer, random_flow_pair
from tests.rendering.pictures import PHOTOGRAPHS, Picture
from tests.rendering.subjects import Subject
from tests.rendering.truth import ClipTruth, EditTruth, PartTruth, truth_of

__all__ = [
    "CODECS",
    "PHOTOGRAPHS",
    "Cadence",
    "CameraMove",
    "Clip",
    "ClipTruth",
    "Codec",
    "Edit",
    "EditTruth",
    "Expectation",
    "Film",
    "Flash",
    "FlowPair",
    "Layer",
    "Look",
    "Part",
    "PartTruth",
    "Picture",
    "Pose",
    "RenderedClip",
    "Shake",
    "Shot",
    "Subject",
    "Trajectory",
    "crop_pan_over_video",
    "crop_size",
    "random_flow_pair",
    "render_clip",
    "render_frames",
    "steady",
    "truth_of",
    "write_video",
]
