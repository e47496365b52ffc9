"""``motion.json``: what an editorial UI reads. These models are the source of its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from flowtag.frozen_model import Model

Level = Literal["static", "low", "medium", "high", "extreme"]
CameraLabel = Literal[
    "static",
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "zoom_in",
    "zoom_out",
    "roll_cw",
    "roll_ccw",
    "handheld",
]
Steadiness = Literal["locked", "smooth", "handheld", "shaky"]
Status = Literal["complete", "partial", "skipped", "failed"]
GatePath = Literal["cheap", "mixed", "refined"]
GateReason = Literal[
    "low_confidence",
    "complexity",
    "disagreement",
    "large_displacement",
    "across_cut",
    "nothing_to_gain",
]
TransitionKind = Literal["start", "cut", "dissolve", "fade"]

Share = Annotated[float, Field(ge=0, le=1)]
"""A fraction of the picture, or a probability."""


class Instant(Model):
    """A point of time, four ways. ``pts`` is exact; the others follow from it."""

    pts: int = Field(description="In the stream's time base.")
    seconds: float = Field(description="Since the first displayed frame.")
    frame: int = Field(description="Conformed to the nominal frame rate.")
    timecode: str = Field(description="SMPTE, start timecode included; drop-frame with ';'.")


class Video(Model):
    """The file that was analysed, as its container describes it; null where it cannot be read."""

    id: str
    uri: str
    version_id: str | None
    etag: str | None
    size_bytes: int
    container: str | None
    codec: str | None
    width: int | None = Field(description="Stored, before rotation.")
    height: int | None = Field(description="Stored, before rotation.")
    rotation: Literal[0, 90, 180, 270] | None = Field(description="Degrees clockwise for display.")
    sample_aspect_ratio: str | None
    pixel_format: str | None
    field_order: str | None
    time_base: str | None
    frame_rate: str | None
    variable_frame_rate: bool | None
    start_pts: int | None
    duration_seconds: float | None
    frames: int | None = Field(description="Frames shown, as analysed; null if nothing was.")
    timecode: str | None = Field(description="Start timecode; 00:00:00:00 if the source has none.")
    drop_frame: bool | None


class Estimator(Model):
    """What estimated the flow."""

    name: str
    sha256: str | None = Field(description="Digest of a learned model's weights.")


class Refining(Model):
    """What a costlier model was asked about, over the whole video."""

    name: str
    sha256: str = Field(description="Digest of the model.")
    pairs: int = Field(ge=0, description="Pairs of frames in the video.")
    asked: int = Field(ge=0, description="Pairs whose flow the model estimated.")
    refined: int = Field(ge=0, description="Pairs for which it explained the pictures better.")
    followed: int = Field(ge=0, description="Of those asked, through the frames between.")
    reasons: dict[GateReason, int] = Field(description="Pairs for which each reason holds.")


class FrameCounts(Model):
    """What became of the frames."""

    expected: int | None = Field(description="Claimed by the container within the range.")
    decoded: int
    skipped: int = Field(0, description="Left undecoded on purpose: no other frame refers to them.")
    dropped: int = Field(description="Missing in the timeline, or not decodable.")
    repeated: int = Field(description="Identical to the frame before.")


class Gap(Model):
    """A span that could not be analysed."""

    start: Instant
    end: Instant
    reason: str


class Analysis(Model):
    """How the analysis went."""

    status: Status
    reason: str | None = Field(None, description="Why it was skipped or failed.")
    estimator: Estimator
    refining: Refining | None = Field(None, description="Null where no model refines.")
    settings: dict[str, Any]
    settings_digest: str
    flowtag_version: str
    algorithm_version: int
    frames: FrameCounts
    gaps: list[Gap]
    warnings: list[str]

    def shortfall(self) -> str | None:
        """Why the result is less than complete, in a few words; None if it is not."""
        if self.reason:
            return self.reason
        if not self.gaps:
            return None
        first = self.gaps[0]
        more = f", and {len(self.gaps) - 1} more gaps" if len(self.gaps) > 1 else ""
        return f"{first.start.timecode} to {first.end.timecode}: {first.reason}{more}"


class Transition(Model):
    """How a shot begins."""

    kind: TransitionKind
    start: Instant
    end: Instant


class Shot(Model):
    """What lies between two edits."""

    index: int
    start: Instant
    end: Instant
    transition: Transition
    flags: list[str]


class Motion(Model):
    """All motion in the picture, camera and subject together."""

    level: Level | None = Field(description="Null where too little can be trusted; see flags.")
    activity: int | None = Field(ge=1, le=5, description="MPEG-7 intensity of motion activity.")
    speed: float | None = Field(ge=0, description="Mean, frame diagonals per second.")
    speed_p95: float | None = Field(ge=0, description="95th percentile over the pairs.")
    moving_area: Share | None = Field(description="Fraction of the picture.")
    direction: float | None = Field(description="Of the content: degrees, 0 right, 90 up.")
    direction_histogram: list[float] | None = Field(
        description="Share of motion in eight sectors centred on 0, 45, … 315 degrees."
    )


class Camera(Model):
    """Motion of the whole frame. Null rates: unknown, never zero."""

    labels: list[CameraLabel]
    pan: float | None = Field(description="Frame widths per second, + camera turns right.")
    tilt: float | None = Field(description="Frame heights per second, + camera turns up.")
    zoom: float | None = Field(description="d ln(scale)/dt per second, + zooms in.")
    roll: float | None = Field(description="Degrees per second, + camera rolls clockwise.")
    steadiness: Steadiness | None
    shake: float | None = Field(ge=0, description="RMS of the unsteady rate, diagonals per second.")
    confidence: Share


class Subject(Model):
    """What moves when the camera's motion is taken away."""

    level: Level | None
    speed: float | None = Field(ge=0, description="Mean inside its edge, diagonals per second.")
    area: Share | None = Field(description="Fraction of the picture.")
    centroid: tuple[float, float] | None = Field(description="x, y from the top left, 0 to 1.")


class Peak(Instant):
    """The fastest moment: the first frame of the fastest pair."""

    speed: float = Field(ge=0, description="Frame diagonals per second.")


class Confidence(Model):
    """How far the numbers can be trusted."""

    mean: Share = Field(description="Mean P(end-point error < 1 px).")
    coverage: Share = Field(description="Fraction of the picture trusted.")


class Gate(Model):
    """Which way the flow of a segment's pairs was estimated, and why; shares are of its pairs."""

    path: GatePath = Field(description="Whose flow the figures are by: dis, the model, or both.")
    model: str = Field(description="Name of the model.")
    asked_share: Share = Field(description="The model estimated their flow.")
    refined_share: Share = Field(description="and explained the pictures better: its flow counts.")
    followed_share: Share = Field(description="The model went through the frames between.")
    reasons: dict[GateReason, Share] = Field(description="For asking the model, or against it.")


class Segment(Model):
    """The editorial unit: a shot, or a part of one in which the motion keeps its character."""

    index: int
    shot: int
    start: Instant
    end: Instant
    motion: Motion
    camera: Camera
    subject: Subject
    peak: Peak | None
    confidence: Confidence
    gate: Gate | None = Field(None, description="Null where no model refines.")
    flags: list[str]
    thumbnail: str | None


class MotionMetadata(Model):
    """One video's motion, as written to ``motion.json``."""

    schema_name: Literal["flowtag.motion/1"] = Field("flowtag.motion/1", alias="schema")
    video: Video
    analysis: Analysis
    shots: list[Shot]
    segments: list[Segment]
