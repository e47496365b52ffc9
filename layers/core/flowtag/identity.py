"""Names of videos and runs: short enough to read, and derived from what they name alone."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from pathlib import Path
from typing import BinaryIO

from flowtag.contracts.messages import SourceRef
from flowtag.errors import NotAVideoError, SourceNotFoundError
from flowtag.settings import AnalysisSettings, canonical_digest

SLUG_LENGTH = 40
DIGEST_LENGTH = 12
NAMELESS = "video"

_MIB = 1 << 20
_BLOCK_BYTES = 1 << 16
_BLOCKS = 64
_WHOLE_BELOW_BYTES = 2 * _MIB + _BLOCKS * _BLOCK_BYTES

# Letters that Unicode does not decompose into a Latin letter and a mark.
_LATIN = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def slug(name: str) -> str:
    """A file's name as a short word of a-z, 0-9 and hyphens, without its extension.

    Ids become keys, URLs and folder names on systems that disagree about everything but ASCII. A
    name that has no such letter at all becomes ``video``; the digest tells such ids apart.

    Example:
        >>> slug("Take 2 (final).MOV")
        'take-2-final'
    """
    plain = unicodedata.normalize("NFKD", Path(name).stem.casefold()).translate(_LATIN)
    letters = (c for c in plain if not unicodedata.combining(c))
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in letters)
    words = [word for word in kept.split("-") if word]
    return "-".join(words)[:SLUG_LENGTH].strip("-") or NAMELESS


def video_id(source: SourceRef) -> str:
    """The id of a video: by where it is, whatever stands there.

    Example:
        ``take-2-3f9a1c2b77d0``
    """
    return _readable_id(source.name, {"location": source.uri})


def run_id(source: SourceRef, settings: AnalysisSettings, algorithm_version: int) -> str:
    """The id of a run: by all that decides its numbers, and nothing else."""
    return _readable_id(
        source.name,
        {
            "location": source.uri,
            "content": source.content_id,
            "settings": settings.model_dump(mode="json"),
            "algorithm_version": algorithm_version,
        },
    )


def local_source(path: Path) -> SourceRef:
    """Names a file on this machine and its present content.

    The content is told by a sample, so that a 50 GB master takes no longer than a proxy: see
    :func:`sampled_digest`. The time of modification says nothing about content and is not used.

    Raises:
        SourceNotFoundError: no such file, or it may not be read.
        NotAVideoError: a folder, a pipe, a device.
    """
    # Opening a pipe waits for its writer for ever, so look first.
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would lose a link's own name
    try:
        if not stat.S_ISREG(absolute.stat().st_mode):
            raise NotAVideoError("not a regular file")
        with absolute.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            content = sampled_digest(file, size)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceNotFoundError(f"cannot be read: {reason}") from error
    return SourceRef(
        uri=printable_path(absolute),
        name=printable_path(Path(absolute.name)),
        size_bytes=size,
        content_id=f"sampled-sha256:{content}",
    )


def sampled_digest(file: BinaryIO, size: int) -> str:
    """SHA-256 of the size, the first and last MiB and 64 evenly spaced blocks of 64 KiB.

    A file shorter than all of these together is read whole. An edit of a few bytes in the middle
    of a large file may go unseen; a re-encode, a trim, a growing file or a new header may not.
    """
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    if size <= _WHOLE_BELOW_BYTES:
        file.seek(0)
        digest.update(file.read(size))
        return digest.hexdigest()
    spacing = size - _BLOCK_BYTES
    blocks = [(spacing * i // (_BLOCKS - 1), _BLOCK_BYTES) for i in range(_BLOCKS)]
    for start, length in [(0, _MIB), (size - _MIB, _MIB), *blocks]:
        file.seek(start)
        digest.update(file.read(length))
    return digest.hexdigest()


def printable_path(path: Path) -> str:
    r"""A path as text that any encoder takes: bytes that are no UTF-8 are written ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _readable_id(name: str, identity: dict[str, object]) -> str:
    return f"{slug(name)}-{canonical_digest(identity)[:DIGEST_LENGTH]}"
