"""Messages between the three steps: the source, what its container says, the plan, chunk tasks."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field

from flowtag.frozen_model import Model
from flowtag.settings import AnalysisSettings, ExecutionSettings, Rational, canonical_digest
from flowtag.timing import Timeline


class SourceRef(Model):
    """Where a video is and which content of it is meant.

    Attributes:
        uri: ``s3://bucket/key`` or an absolute path.
        name: the file's name, for people.
        version_id: S3 version, where there is one.
        etag: S3 ETag, an opaque string.
        size_bytes: length of the file.
        content_id: S3 version id, else ETag and size; on a laptop a sampled SHA-256.
    """

    uri: str
    name: str
    version_id: str | None = None
    etag: str | None = None
    size_bytes: int = Field(ge=0)
    content_id: str


class VideoProbe(Model):
    """What a container, its codec header and the first frame that decodes say.

    Attributes:
        stream_index: the video stream analysed (the default one, never cover art).
        rotation: degrees clockwise to apply for display: 0, 90, 180 or 270.
        sample_aspect_ratio: width of a stored pixel over its height.
        frame_rate: the nominal rate (container's guess of the real base rate).
        variable_frame_rate: whether the intervals differ by more than rounding.
        start_pts: first displayed frame, after edit lists.
        end_pts: end of the last frame where the container says so, else None.
        frames_expected: frames that the container claims to display, else None.
        timecode: start timecode text as the source has it, else None.
        still_image: the "video" is a picture.
        warnings: what was odd, for people.
    """

    container: str
    codec: str
    stream_index: int = Field(ge=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    rotation: Literal[0, 90, 180, 270] = 0
    sample_aspect_ratio: Rational = Fraction(1)
    pixel_format: str
    full_range: bool = False
    color_transfer: str | None = None
    field_order: str = "progressive"
    time_base: Rational
    frame_rate: Rational = Field(gt=0)
    variable_frame_rate: bool = False
    start_pts: int
    end_pts: int | None = None
    frames_expected: int | None = None
    timecode: str | None = None
    start_frame: int = Field(0, description="Frames since midnight of the start timecode.")
    drop_frame: bool = False
    still_image: bool = False
    warnings: tuple[str, ...] = ()

    def timeline(self) -> Timeline:
        """The map from this stream's pts to seconds, frames and timecode."""
        return Timeline(
            self.time_base, self.start_pts, self.frame_rate, self.start_frame, self.drop_frame
        )

    def display_size(self) -> tuple[int, int]:
        """Width and height of the upright picture in square pixels."""
        width = round(self.width * self.sample_aspect_ratio)
        upright = self.rotation in (0, 180)
        return (max(width, 1), self.height) if upright else (self.height, max(width, 1))


class ChunkRange(Model):
    """The frames of one chunk: those whose pts lie in ``[start_pts, end_pts)``.

    The first chunk of a video has no ``start_pts`` (whatever comes first belongs to it) and the
    last no ``end_pts`` (it goes on to the end of the file, whatever the header says), unless the
    settings ask for a range.
    """

    start_pts: int | None
    end_pts: int | None


class ChunkTask(Model):
    """All that a worker needs to know to analyse one chunk."""

    schema_name: Literal["flowtag.task/1"] = "flowtag.task/1"
    run_id: str
    video_id: str
    index: int = Field(ge=0)
    source: SourceRef
    probe: VideoProbe
    range: ChunkRange
    sequential: bool = Field(
        False,
        description="Timestamps cannot be trusted, or what lies in the middle cannot be decoded"
        " alone: decode from the start, unwrap, no seeks.",
    )
    settings: AnalysisSettings
    algorithm_version: int

    def digest(self) -> str:
        """Names what was asked, so that a chunk file of another task is never taken for this."""
        asked = self.model_dump(mode="json", exclude={"source": {"uri", "name"}})
        return canonical_digest(asked)


class WorkEstimate(Model):
    """How much work a plan is, in processor seconds of one core; see :mod:`flowtag.effort`.

    Attributes:
        cpu_seconds: of all chunks together, what is decoded twice included.
        longest_chunk_cpu_seconds: of the chunk that takes longest.
    """

    cpu_seconds: float = Field(ge=0)
    longest_chunk_cpu_seconds: float = Field(ge=0)


class Plan(Model):
    """The chunks of one video under one set of settings. Written first, put-if-absent."""

    schema_name: Literal["flowtag.plan/1"] = "flowtag.plan/1"
    run_id: str
    video_id: str
    source: SourceRef
    probe: VideoProbe
    sequential: bool = False
    index_source: Literal["container", "scan", "none"]
    settings: AnalysisSettings
    settings_digest: str
    execution: ExecutionSettings
    algorithm_version: int
    flowtag_version: str
    chunks: tuple[ChunkRange, ...]
    estimate: WorkEstimate | None = Field(
        None, description="None where nothing tells how long the video is."
    )
    warnings: tuple[str, ...] = ()

    def task(self, index: int) -> ChunkTask:
        """The task of one chunk."""
        return ChunkTask(
            run_id=self.run_id,
            video_id=self.video_id,
            index=index,
            source=self.source,
            probe=self.probe,
            range=self.chunks[index],
            sequential=self.sequential,
            settings=self.settings,
            algorithm_version=self.algorithm_version,
        )
