"""The video that marks belong to, as editing programs know it: rate, timecode, length, URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote, urlsplit

from flowtag.contracts.metadata import Video
from flowtag.errors import ContractError, InputError
from flowtag.export.rates import editing_rate, rate_text, timebase
from flowtag.export.sound import Sound
from flowtag.timing import Timeline, format_timecode, parse_timecode, round_half_up

_WINDOWS = re.compile(r"^(?:[A-Za-z]:[\\/]|\\\\)")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class Media:
    """A video as an editing program addresses it.

    Attributes:
        name: of the file.
        url: where it is, percent-encoded: ``file:///…``, or of another scheme.
        rate: frames per second that frames are counted at.
        start_frame: frames since midnight of its first frame's timecode.
        drop_frame: whether its timecode drops frames.
        frames: its length.
        width: of the displayed picture, in px; None where unknown.
        height: of the displayed picture, in px.
        square_pixels: whether these are of square pixels.
        timeline: maps its pts to frames.
        sound: None: it has none, or nobody knows.
    """

    name: str
    url: str
    rate: Fraction
    start_frame: int
    drop_frame: bool
    frames: int
    width: int | None
    height: int | None
    square_pixels: bool
    timeline: Timeline
    sound: Sound | None = None

    def timecode(self, frame: int) -> str:
        """Timecode of a frame, counted from the first."""
        return format_timecode(self.start_frame + frame, self.rate, self.drop_frame)

    @property
    def is_reachable(self) -> bool:
        """Whether the URL is one that an editing program opens."""
        return self.url.startswith("file:")


def media_of(
    video: Video, relinked: str | None = None, sound: Sound | None = None
) -> tuple[Media, tuple[str, ...]]:
    """The media of a video, and what has to be said of how it is addressed.

    Args:
        video: as motion.json has it.
        relinked: path or URL to use instead of the video's own.
        sound: that it has, as far as known.

    Raises:
        InputError: nothing is known of its time, as of one that could not be read.
        ContractError: what is known of its time cannot be read.
    """
    if video.time_base is None or video.frame_rate is None or video.start_pts is None:
        raise InputError(f"{video.uri} could not be read when it was tagged; it has no marks")
    try:
        time_base, native = Fraction(video.time_base), Fraction(video.frame_rate)
        start, drop_frame = parse_timecode(video.timecode or "00:00:00:00", native)
    except (ValueError, ZeroDivisionError) as error:
        raise ContractError(f"not a readable motion.json: {error}") from error
    rate = editing_rate(native)
    if rate != native:
        # The same hours, minutes and seconds: both count in whole frames a second.
        frames_counted = Fraction(start * timebase(rate), round_half_up(native))
        start, drop_frame = round_half_up(frames_counted), False
    turned = video.rotation in (90, 270)
    media = Media(
        name=_name(relinked or video.uri),
        url=media_url(relinked or video.uri),
        rate=rate,
        start_frame=start,
        drop_frame=drop_frame,
        frames=round_half_up(Fraction(str(video.duration_seconds or 0)) * rate),
        width=video.height if turned else video.width,
        height=video.width if turned else video.height,
        square_pixels=video.sample_aspect_ratio == "1/1",
        timeline=Timeline(time_base, video.start_pts, rate, start, drop_frame),
        sound=sound,
    )
    return media, _warnings(media, native, bool(video.variable_frame_rate))


def media_url(place: str) -> str:
    r"""A path, on this machine or on a Windows one, or a URI, as a percent-encoded URL.

    Example:
        >>> media_url("/rushes/take 2#é.mov")
        'file:///rushes/take%202%23%C3%A9.mov'
        >>> media_url(r"C:\rushes\a.mov")
        'file:///C:/rushes/a.mov'
    """
    if place.startswith("s3://"):
        return "s3://" + _quoted(place[len("s3://") :])
    if _SCHEME.match(place) or place.startswith("file:"):
        return _quoted(place, "%:@!$&'()*+,;=?#[]")
    if _WINDOWS.match(place):
        path = place.replace("\\", "/")
        host, _, rest = path.removeprefix("//").partition("/")
        return (
            f"file://{_quoted(host)}/{_quoted(rest)}"
            if path.startswith("//")
            else (f"file:///{host}/{_quoted(rest)}")
        )
    return f"file://{_quoted(str(Path(place).absolute()))}"


def _quoted(text: str, more: str = "") -> str:
    try:
        # File names that are no UTF-8 reach Python as lone surrogates.
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    return quote(data, safe=f"/{more}")


def _name(place: str) -> str:
    path = urlsplit(place).path if _SCHEME.match(place) and not place.startswith("s3:") else place
    return re.split(r"[\\/]" if _WINDOWS.match(place) else "/", path.rstrip("/"))[-1] or place


def _warnings(media: Media, native: Fraction, variable: bool) -> tuple[str, ...]:
    said = []
    shown = rate_text(media.rate)
    if variable:
        said.append(
            f"{media.name} has a variable frame rate; frames are counted at {shown} per second"
        )
    elif media.rate != native:
        said.append(
            f"editing programs know no {rate_text(native)} frames per second, the rate of"
            f" {media.name}; frames are counted at {shown}"
        )
    if not media.is_reachable:
        said.append(f"editing programs cannot open {media.url}; name a copy by --media")
    return tuple(said)
