"""Where a video that is fetched can be entered in its middle, without reading what lies before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from av.video.stream import VideoStream

from flowtag.video.clusters import cluster_marks
from flowtag.video.fragments import FragmentMarks, fragment_marks, last_listed
from flowtag.video.masking import MaskedMedia, fits
from flowtag.video.media import Media, is_remote
from flowtag.video.places import Marks, Place, last_place, next_place, place_before


@dataclass(slots=True)
class PlaceFinder:
    """Finds places of one video stream; of files that the media library seeks in, none.

    Attributes:
        media: the video.
        marks: how its format marks places; None if the media library is to seek.
    """

    media: Media
    marks: Marks | None
    _file: IO[bytes] | None = field(default=None)
    _size: int = 0

    @property
    def searches(self) -> bool:
        """Whether this, and not the media library, finds the places of this file."""
        return self.marks is not None

    def before(self, pts: int) -> MaskedMedia | None:
        """The video as it goes on from a late place at or before a pts; None if there is none."""
        if self.marks is None:
            return None
        place = place_before(self._opened(), self.marks, self._size, pts)
        return None if place is None else self.entered(place)

    def after(self, position: int, most_bytes: int) -> Place | None:
        """The first place that begins within so many bytes of a position."""
        if self.marks is None:
            return None
        file = self._opened()
        return next_place(file, self.marks, position, min(position + most_bytes, self._size))

    def last(self, most_bytes: int) -> Place | None:
        """The last place, if it is listed or lies within so many bytes of the end."""
        if self.marks is None:
            return None
        file = self._opened()
        if isinstance(self.marks, FragmentMarks):
            listed = last_listed(file, self.marks.track_id)
            if listed is not None:
                # A list is but a claim: there must be a fragment.
                place = next_place(file, self.marks, listed[0], listed[0] + 1)
                if place is not None:
                    return place
        return last_place(file, self.marks, self._size, most_bytes)

    def entered(self, place: Place) -> MaskedMedia:
        """The video without what lies between its headers and a place."""
        assert self.marks is not None
        start, padding = self.marks.head_end, self.marks.padding
        # A gap too small for padding is read over instead.
        end = place.position if fits(place.position - start, padding) else start
        return MaskedMedia(self.media, start, end, padding)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self.media.open("rb")
            self._size = self._file.seek(0, 2)
        return self._file


def place_finder(media: Media, stream: VideoStream) -> PlaceFinder:
    """A finder for a stream of an open video.

    Local files are left to the media library: reading over what it does not seek past is cheap.
    """
    if not is_remote(media):
        return PlaceFinder(media, None)
    file = media.open("rb")
    formats = set(stream.container.format.name.split(","))
    marks: Marks | None = None
    if "matroska" in formats:
        marks = cluster_marks(file)
    elif "mov" in formats:
        marks = fragment_marks(file, stream.id)
    return PlaceFinder(media, marks)
