"""``catalog.json``: one small summary per video, for lists, searches and readers without an API."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from flowtag.contracts.metadata import CameraLabel, Level, MotionMetadata, Segment, Status
from flowtag.frozen_model import Model
from flowtag.latest import SourceOrder
from flowtag.run_keys import RunKeys
from flowtag.settings import canonical_digest

CATALOG_KEY = "catalog/catalog.json"

_MOST_THUMBNAILS = 5

# A redriven run goes up this ladder, and never down.
_STATUSES: tuple[Status, ...] = ("failed", "skipped", "partial", "complete")


class CatalogPeak(Model):
    """The fastest moment of a video."""

    seconds: float = Field(description="Since the first displayed frame.")
    timecode: str
    speed: float = Field(ge=0, description="Frame diagonals per second.")
    thumbnail: str | None = Field(description="Key of a JPEG of its segment.")


class CatalogEntry(Model):
    """One video: its run of record, in a few words."""

    video_id: str
    run_id: str
    uri: str = Field(description="Of the video: s3://bucket/key, or a path.")
    version_id: str | None = Field(description="S3's, of what was analysed.")
    name: str = Field(description="The file's name.")
    status: Status
    reason: str | None = Field(description="Why the result is less than complete.")
    duration_seconds: float | None
    level_seconds: dict[Level, float] = Field(
        description="For how long motion is at each level; those that never occur are left out."
    )
    camera: list[CameraLabel] = Field(description="All labels that any segment carries.")
    segments: int = Field(ge=0, description="How many there are.")
    peak: CatalogPeak | None
    analysed_frames: int = Field(ge=0)
    gap_seconds: float = Field(ge=0, description="Of spans that could not be analysed.")
    thumbnails: list[str] | None = Field(
        None,
        description=(
            "Names, as motion.json has them, of the JPEGs of a few segments spread over the video;"
            " null in older entries."
        ),
    )
    warnings: int = Field(0, ge=0, description="How many motion.json tells of; 0 in older entries.")
    motion: str = Field(description="Key of motion.json.")
    source: SourceOrder = Field(description="When this content came to its place.")
    planned_at: AwareDatetime

    @property
    def key(self) -> str:
        """Where the video is within its bucket; where it is, if it is in none."""
        scheme, _, rest = self.uri.partition("://")
        return rest.partition("/")[2] if scheme == "s3" else self.uri

    @property
    def place(self) -> tuple[Any, ...]:
        """Sorts videos by when they came, oldest first; no two of one catalog are alike."""
        return (self.source.modified_at, self.source.sequence, self.video_id)

    def is_newer_than(self, other: CatalogEntry) -> bool:
        """Whether this takes the place of another entry of the same video.

        Of any two entries that differ one is newer, and in any three there is no circle: so it
        does not matter in which order, or how often, they are compared.
        """
        mine, others = self._rank(), other._rank()
        return mine > others if mine != others else self.digest() > other.digest()

    def digest(self) -> str:
        """SHA-256 of all that stands here, in hexadecimal."""
        return canonical_digest(self.model_dump(mode="json"))

    def _rank(self) -> tuple[Any, ...]:
        run = (self.source.modified_at, self.source.sequence, self.planned_at, self.run_id)
        return (*run, _STATUSES.index(self.status), self.analysed_frames, -self.gap_seconds)


class Catalog(Model):
    """``catalog.json``."""

    schema_name: Literal["flowtag.catalog/1"] = Field("flowtag.catalog/1", alias="schema")
    videos: list[CatalogEntry] = Field(description="Newest first.")


def summarize(
    metadata: MotionMetadata, keys: RunKeys, order: SourceOrder, planned_at: AwareDatetime
) -> CatalogEntry:
    """The entry of a run.

    Args:
        metadata: its result.
        keys: of the run.
        order: when the content that it is of came to its place.
        planned_at: when the run was planned.
    """
    video, analysis = metadata.video, metadata.analysis
    gaps = sum(gap.end.seconds - gap.start.seconds for gap in analysis.gaps)
    return CatalogEntry(
        video_id=keys.video_id,
        run_id=keys.run_id,
        uri=video.uri,
        version_id=video.version_id,
        name=video.uri.rstrip("/").rpartition("/")[2] or video.uri,
        status=analysis.status,
        reason=analysis.shortfall(),
        duration_seconds=video.duration_seconds,
        level_seconds=_level_seconds(metadata.segments),
        camera=sorted({label for segment in metadata.segments for label in segment.camera.labels}),
        segments=len(metadata.segments),
        peak=_peak(metadata.segments, keys),
        thumbnails=_spread([s.thumbnail for s in metadata.segments if s.thumbnail is not None]),
        analysed_frames=analysis.frames.decoded + analysis.frames.skipped,
        gap_seconds=round(max(gaps, 0.0), 6),
        warnings=len(analysis.warnings),
        motion=keys.motion,
        source=order,
        planned_at=planned_at,
    )


def _level_seconds(segments: list[Segment]) -> dict[Level, float]:
    found: dict[Level, float] = {}
    for segment in segments:
        if segment.motion.level is not None:
            seconds = segment.end.seconds - segment.start.seconds
            found[segment.motion.level] = found.get(segment.motion.level, 0.0) + seconds
    return {level: round(found[level], 6) for level in sorted(found)}


def _spread(names: list[str]) -> list[str]:
    wanted = min(len(names), _MOST_THUMBNAILS)
    return [names[(2 * i + 1) * len(names) // (2 * wanted)] for i in range(wanted)]


def _peak(segments: list[Segment], keys: RunKeys) -> CatalogPeak | None:
    fastest: CatalogPeak | None = None
    for segment in segments:
        peak, picture = segment.peak, segment.thumbnail
        if peak is not None and (fastest is None or peak.speed > fastest.speed):
            fastest = CatalogPeak(
                seconds=peak.seconds,
                timecode=peak.timecode,
                speed=peak.speed,
                thumbnail=keys.beside(picture) if picture else None,
            )
    return fastest
