"""PyAV's exceptions as flowtag's: each of them ends as an :class:`InputError` that says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import av.error

from flowtag.errors import (
    BrokenMediaError,
    InputError,
    NotAVideoError,
    RefusedMediaError,
    SourceNotFoundError,
)
from flowtag.video.media import Media

# Order matters: the first class that an exception is an instance of decides.
_TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], type[InputError], str], ...] = (
    (
        (
            av.error.FileNotFoundError,
            av.error.IsADirectoryError,
            av.error.NotADirectoryError,
            av.error.PermissionError,
        ),
        SourceNotFoundError,
        "cannot be read; give the path of a readable file",
    ),
    (
        (
            av.error.HTTPError,
            av.error.HTTPClientError,
            av.error.HTTPServerError,
            av.error.ProtocolNotFoundError,
            av.error.ConnectionAbortedError,
            av.error.ConnectionRefusedError,
            av.error.ConnectionResetError,
            av.error.TimeoutError,
        ),
        RefusedMediaError,
        "tried to reach for another file or the network; export it as one self-contained file",
    ),
    (
        (av.error.MemoryError, av.error.OverflowError),
        RefusedMediaError,
        "needs more memory or more streams than any real video; re-encode it if it is one",
    ),
    (
        (
            av.error.LookupError,
            av.error.PatchWelcomeError,
            # Raised by PyAV, as are those around it, where FFmpeg itself lacks something (ENOSYS).
            av.error.NotImplementedError,
            av.error.ExperimentalError,
        ),
        NotAVideoError,
        "uses a format or codec that flowtag cannot decode; convert it to H.264 in MP4, say",
    ),
)
_BROKEN = "is damaged: nothing of it could be read; copy it again from its source"


def translate(error: av.error.FFmpegError, media: Media) -> InputError:
    """The error of flowtag that stands for one of PyAV.

    Args:
        error: what PyAV raised.
        media: the file that was read, named in the message.
    """
    for kinds, target, meaning in _TRANSLATIONS:
        if isinstance(error, kinds):
            return target(f"{media.name} {meaning} ({reason(error)})")
    return BrokenMediaError(f"{media.name} {_BROKEN} ({reason(error)})")


def reason(error: av.error.FFmpegError) -> str:
    """What the media library itself said, without numbers and paths."""
    return error.strerror or type(error).__name__


@contextmanager
def translated(media: Media) -> Iterator[None]:
    """Lets no exception of PyAV out of its body.

    Raises:
        InputError: in place of PyAV's exception, and from it.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        raise translate(error, media) from error
