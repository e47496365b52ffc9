"""What the API answers and takes, beside ``motion.json``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flowtag.catalog_entry import CatalogEntry
from flowtag.contracts.messages import ChunkRange
from flowtag.contracts.metadata import Segment
from flowtag.frozen_model import Model

VIDEO_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
CONTENT_TYPE_PATTERN = r"^(video/[a-z0-9][a-z0-9.+-]{0,63}|application/(mxf|octet-stream))$"

Seconds = Annotated[int, Field(description="For how long the links hold.")]


class VideoSummary(CatalogEntry):
    """One video in a list."""

    thumbnail_url: str | None = Field(description="Link to the picture of its fastest moment.")


class VideoList(Model):
    """A page of videos, newest first."""

    videos: list[VideoSummary]
    cursor: str | None = Field(description="Asks for the next page; null on the last.")
    expires_in: Seconds


class VideoDetails(VideoSummary):
    """One video."""

    source_url: str | None = Field(
        description="Link to the file that was analysed; null if the API may not give it out."
    )
    expires_in: Seconds


class ThumbnailLink(Model):
    """The picture of a segment."""

    segment: int = Field(description="Index of the segment in motion.json.")
    url: str


class VideoLinks(Model):
    """Links to a video's file and pictures."""

    source_url: str | None = Field(
        description="Link to the file that was analysed; null if the API may not give it out."
    )
    motion_url: str = Field(
        description="Link to motion.json, for a browser whose page is of another origin: it may "
        "not follow where the API leads to a long one."
    )
    frames_url: str = Field(description="Link to frames.parquet; a failed run has none there.")
    thumbnails: list[ThumbnailLink]
    next: int | None = Field(description="Ask for `first` = this; null if these were the last.")
    expires_in: Seconds


class VideoSegments(Model):
    """Segments of a video that a filter found."""

    video_id: str
    run_id: str
    segments: list[Segment]
    next: int | None = Field(description="Ask for `first` = this; null if these were the last.")


class ChunkLink(ChunkRange):
    """The stills and flow grids of a stretch of a video, a second apart."""

    chunk: int = Field(description="Its number in plan.json.")
    url: str = Field(
        description="Link to its .npz, which is gone once the bucket's rules have deleted it, and "
        "was never there if the chunk failed."
    )


class ChunkLinks(Model):
    """Links to a video's stills and flow grids."""

    chunks: list[ChunkLink]
    next: int | None = Field(description="Ask for `first` = this; null if these were the last.")
    expires_in: Seconds


class UploadRequest(Model):
    """A file that somebody wants to upload."""

    name: str = Field(min_length=1, max_length=255, description="Its name, without a folder.")
    size_bytes: int = Field(ge=1, description="Its exact length.", strict=True)
    content_type: str = Field("application/octet-stream", pattern=CONTENT_TYPE_PATTERN)


class UploadGrant(Model):
    """A form by which S3 takes the file: POST it as multipart/form-data."""

    url: str = Field(description="Where to.")
    fields: dict[str, str] = Field(
        description="Send all of these as they are, and then the file in a field named file."
    )
    key: str = Field(description="Where the file will be in the upload bucket.")
    expires_in: Seconds


class ProblemField(Model):
    """What is wrong with a part of a request."""

    location: list[str | int] = Field(description="path, query or body, and where in it.")
    kind: str


class Problem(Model):
    """Why a request was not answered: problem details of RFC 9457."""

    title: str
    status: int
    detail: str
    fields: list[ProblemField] = Field([], description="Of a request that is not valid.")
