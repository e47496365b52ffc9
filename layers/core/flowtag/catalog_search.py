"""Finding videos in a catalog: filters, and pages that hold while videos come and go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from flowtag.catalog_entry import CatalogEntry
from flowtag.contracts.metadata import CameraLabel, Level, Status
from flowtag.errors import SettingsError
from flowtag.frozen_model import Model
from flowtag.latest import SourceOrder

MAX_CURSOR_LENGTH = 2048


@dataclass(frozen=True)
class CatalogFilter:
    """Which videos are asked for; None asks for nothing in particular.

    Attributes:
        level: motion is at this level somewhere.
        camera: some segment carries this label.
        status: of the run.
        text: stands in the key, in capitals or not.
    """

    level: Level | None = None
    camera: CameraLabel | None = None
    status: Status | None = None
    text: str | None = None

    def admits(self, entry: CatalogEntry) -> bool:
        """Whether a video is asked for."""
        return (
            (self.level is None or self.level in entry.level_seconds)
            and (self.camera is None or self.camera in entry.camera)
            and (self.status is None or self.status == entry.status)
            and (self.text is None or self.text.casefold() in entry.key.casefold())
        )


@dataclass(frozen=True)
class Page:
    """Some of the videos that were asked for.

    Attributes:
        videos: newest first.
        cursor: asks for those that follow; None if there are none.
    """

    videos: tuple[CatalogEntry, ...]
    cursor: str | None


class _Place(Model):
    """Where a page ended. A place stays where it is when videos come, and when this one goes."""

    source: SourceOrder
    video_id: str


def find_videos(
    videos: Sequence[CatalogEntry], wanted: CatalogFilter, limit: int, cursor: str | None = None
) -> Page:
    """A page of the videos that a filter admits.

    Args:
        videos: a catalog, newest first.
        wanted: the filter.
        limit: so many at most.
        cursor: of the page before; None for the first.

    Raises:
        SettingsError: no page ever gave this cursor.
    """
    end = None if cursor is None else _read_cursor(cursor)
    found: list[CatalogEntry] = []
    for entry in videos:
        if (end is not None and not _is_after(entry, end)) or not wanted.admits(entry):
            continue
        if len(found) == limit:
            return Page(tuple(found), _cursor(found[-1]))
        found.append(entry)
    return Page(tuple(found), None)


def _is_after(entry: CatalogEntry, end: _Place) -> bool:
    return entry.place < (end.source.modified_at, end.source.sequence, end.video_id)


def _cursor(entry: CatalogEntry) -> str:
    place = _Place(source=entry.source, video_id=entry.video_id)
    return base64.urlsafe_b64encode(place.model_dump_json().encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = _Place.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        if place.source.modified_at.tzinfo is None:
            raise ValueError("a time without a zone")
    except (ValidationError, binascii.Error, ValueError) as error:
        raise SettingsError("not a cursor of this list") from error
    return place
