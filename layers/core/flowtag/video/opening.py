"""Opening a file that may be hostile.

Video formats are programs for their parsers: a playlist names other files and hosts, a QuickTime
reference movie names other volumes, a header may ask for gigabytes. The guards, from outermost:
the first bytes are looked at; only single-file formats are probed; only the ``file`` protocol
exists, and none for media that are fetched by ranges; data references stay shut; streams and pixels
are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NoReturn, cast

import av
import av.error
from av.container import Flags, InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from flowtag.errors import (
    BrokenMediaError,
    InputError,
    NotAVideoError,
    RefusedMediaError,
    SourceNotFoundError,
)
from flowtag.video.boxes import external_references
from flowtag.video.failures import reason, translate, translated
from flowtag.video.fragments import is_fragmented
from flowtag.video.media import Media
from flowtag.video.sniffing import SNIFF_BYTES, Kind, sniff

MAX_PIXELS = 1 << 26
"""Pixels of a frame: twice those of 8K, a quarter of the smallest bombs seen."""

MAX_STREAMS = 64
"""A multi-camera MXF with its sound has some forty."""

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mxf,flv,ogg,asf,dv"
"""Formats whose demuxers never open a second file (given ``enable_drefs=0``)."""

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": FORMATS,
    "enable_drefs": "0",
    "use_absolute_path": "0",
    "max_streams": str(MAX_STREAMS),
    "max_pixels": str(MAX_PIXELS),
    "probesize": str(8 << 20),
    "analyzeduration": str(10_000_000),
}
_NO_PROTOCOL = "none"
_REFUSALS: dict[Kind, tuple[type[InputError], str]] = {
    "empty": (NotAVideoError, "is empty; copy it again from its source"),
    "text": (NotAVideoError, "is a text, not a video"),
    "picture": (NotAVideoError, "is a still picture, not a video"),
    "audio": (NotAVideoError, "holds sound only, no video"),
    "playlist": (
        RefusedMediaError,
        "is a playlist that names other files; give the video files themselves",
    ),
}


@contextmanager
def open_video(media: Media) -> Iterator[InputContainer]:
    """Opens a video file, and nothing but that file.

    Args:
        media: a local path, or what is fetched by ranges. Its name is never parsed: ``concat:a``
            is a file of that name.

    Yields:
        The container, with at least one stream that is neither sound nor cover art.

    Raises:
        SourceNotFoundError: if there is no such file, or it may not be read.
        NotAVideoError: if it is empty, text, sound, a picture, or of a format not read here.
        RefusedMediaError: if it names other files, or has too many streams or pixels.
        BrokenMediaError: if it is a video, but its headers cannot be read.
        FlowtagError: as fetching does, even where the media library went on without the bytes.
    """
    with ExitStack() as opened:
        if isinstance(media, Path):
            _check_presence(media)
            kind, file, fragmented = _look(media), None, False
        else:
            file = opened.enter_context(media.open("rb"))
            kind = _look_at(file, media)
            fragmented = is_fragmented(file)
            opened.enter_context(_unswallowed(file))
        try:
            container = opened.enter_context(_open(media, file, fragmented))
        except av.error.FFmpegError as error:
            raise _opening_error(error, media, kind) from error
        pick_stream(container, media)
        with translated(media):
            yield container


def knows_first_fragment_alone(container: InputContainer) -> bool:
    """Whether index and length are only those of the first fragment, the rest left unread."""
    return bool(container.flags & cast("int", Flags.ign_idx.value))


def pick_stream(container: InputContainer, media: Media) -> VideoStream:
    """The stream to analyse: the default one, else the largest; never cover art.

    Raises:
        NotAVideoError: if there is none.
        RefusedMediaError: if it has more pixels than :data:`MAX_PIXELS`.
    """
    streams = moving_streams(container)
    if not streams:
        held = "only cover art" if container.streams.video else "no video stream"
        raise NotAVideoError(f"{media.name} holds {held}")
    chosen = max(streams, key=_precedence)
    if chosen.codec_context is None:
        raise NotAVideoError(f"{media.name} is in a codec that flowtag cannot decode")
    if chosen.width * chosen.height > MAX_PIXELS:
        raise RefusedMediaError(
            f"{media.name} claims frames of {chosen.width}x{chosen.height}; the limit is "
            f"{MAX_PIXELS} pixels"
        )
    return chosen


def select_only(container: InputContainer, chosen: VideoStream) -> None:
    """Lets the demuxer skip all other streams."""
    for stream in container.streams:
        if stream.index != chosen.index:
            stream.discard = Discard.all


def demuxed(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    """The packets of a stream from where the container stands, and an empty one that flushes."""
    try:
        yield from container.demux(stream)
    except IndexError:
        # PyAV fails to flush at the end of a file in which damage made new streams appear.
        yield cast("av.Packet[VideoStream]", av.Packet())


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams that are not cover art or thumbnails."""
    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & pictures]


def _precedence(stream: VideoStream) -> tuple[bool, bool, int, int]:
    decodable = stream.codec_context is not None
    area = stream.width * stream.height if decodable else 0
    return decodable, bool(stream.disposition & Disposition.default), area, -stream.index


def _check_presence(path: Path) -> None:
    if not path.exists():
        raise SourceNotFoundError(f"{path} does not exist")
    if not path.is_file():
        raise SourceNotFoundError(f"{path} is not a file")


def _look(path: Path) -> Kind:
    try:
        with path.open("rb") as file:
            return _look_at(file, path)
    except OSError as error:
        raise SourceNotFoundError(f"{path} cannot be read: {error.strerror}") from error


def _look_at(file: IO[bytes], media: Media) -> Kind:
    kind = sniff(file.read(SNIFF_BYTES))
    outside = external_references(file) if kind == "container" else ()
    if kind in _REFUSALS:
        refusal, meaning = _REFUSALS[kind]
        raise refusal(f"{media.name} {meaning}")
    if outside:
        raise RefusedMediaError(
            f"{media.name} keeps its pictures in another file ({outside[0]!r}); export it as a "
            "self-contained movie"
        )
    return kind


def _open(media: Media, file: IO[bytes] | None, fragmented: bool) -> InputContainer:
    if isinstance(media, Path):
        address = f"file:{media.absolute()}"
        return av.open(address, "r", options=_OPTIONS, metadata_errors="replace")
    assert file is not None
    file.seek(0)
    # Else the header of every fragment is read at once: a request for each second of a film.
    extra = {"fflags": "+ignidx"} if fragmented else {}
    return av.open(
        file,
        "r",
        options={**_OPTIONS, **extra, "protocol_whitelist": _NO_PROTOCOL},
        metadata_errors="replace",
        io_open=_refuse_another,
    )


def _refuse_another(url: str, flags: int, options: object) -> NoReturn:
    raise RefusedMediaError(f"it names another file ({url!r})")


@contextmanager
def _unswallowed(file: IO[bytes]) -> Iterator[None]:
    """Raises the failure of a ranged file that the media library took for its end."""
    try:
        yield
    finally:
        failure = getattr(file, "failure", None)
        if failure is not None:
            raise failure


def _opening_error(error: av.error.FFmpegError, media: Media, kind: Kind) -> InputError:
    unreadable = isinstance(error, (av.error.InvalidDataError, av.error.ArgumentError))
    if unreadable and kind != "container":
        return NotAVideoError(
            f"{media.name} is of a format that flowtag does not read ({reason(error)}); it reads "
            "MOV, MP4, MKV, WebM, AVI, MXF, MPEG-TS, MPEG-PS, FLV, OGG, ASF and DV"
        )
    if unreadable:
        return BrokenMediaError(
            f"{media.name} is damaged: its headers cannot be read ({reason(error)}); if the "
            "recording or copy was cut short, repair or copy it again"
        )
    return translate(error, media)
