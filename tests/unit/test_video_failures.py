from __future__ import annotations

from pathlib import Path

import av.error
import pytest

from flowtag.errors import (
    BrokenMediaError,
    FlowtagError,
    InputError,
    NotAVideoError,
    RefusedMediaError,
    SourceNotFoundError,
)
from flowtag.video.failures import translate, translated


def _subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(_subclasses(child) for child in kind.__subclasses__()))


LIBRARY_ERRORS = sorted(_subclasses(av.error.FFmpegError), key=lambda kind: kind.__name__)


def test_the_library_still_has_the_errors_that_this_test_is_about() -> None:
    assert len(LIBRARY_ERRORS) > 40


@pytest.mark.parametrize("kind", LIBRARY_ERRORS)
def test_every_library_error_ends_as_one_of_flowtag(kind: type[Exception]) -> None:
    original = kind(1, "said so")
    with pytest.raises(InputError) as caught, translated(Path("/somewhere/clip.mov")):
        raise original
    assert isinstance(caught.value, FlowtagError)
    assert caught.value.__cause__ is original
    assert "clip.mov" in str(caught.value)
    assert "/somewhere" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (av.error.FileNotFoundError, SourceNotFoundError),
        (av.error.PermissionError, SourceNotFoundError),
        (av.error.HTTPNotFoundError, RefusedMediaError),
        (av.error.HTTPServerError, RefusedMediaError),
        (av.error.ProtocolNotFoundError, RefusedMediaError),
        (av.error.ConnectionRefusedError, RefusedMediaError),
        (av.error.MemoryError, RefusedMediaError),
        (av.error.DecoderNotFoundError, NotAVideoError),
        (av.error.PatchWelcomeError, NotAVideoError),
        (av.error.InvalidDataError, BrokenMediaError),
        (av.error.EOFError, BrokenMediaError),
        (av.error.OSError, BrokenMediaError),
    ],
)
def test_kinds_of_failure_are_told_apart(
    kind: type[av.error.FFmpegError], expected: type[InputError]
) -> None:
    assert type(translate(kind(1, "said so"), Path("clip.mov"))) is expected


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), translated(Path("clip.mov")):
        raise KeyError("mine")
