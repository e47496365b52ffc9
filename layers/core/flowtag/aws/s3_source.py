"""Videos in a bucket: which content is meant, and its bytes, range by range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from flowtag.aws.clients import translated
from flowtag.aws.repeating import repeated
from flowtag.contracts.messages import SourceRef
from flowtag.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    SettingsError,
    SourceChangedError,
    SourceNotFoundError,
    StorageError,
)
from flowtag.latest import SourceOrder
from flowtag.video.media import RangedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"
_UNVERSIONED = "null"


@dataclass(frozen=True)
class FoundSource:
    """A video in a bucket as it stands now.

    Attributes:
        source: which content it is; every later read asks for just this.
        order: whether it is newer than another content of the same key.
    """

    source: SourceRef
    order: SourceOrder


class S3Media:
    """A video in a bucket, read by ranges and pinned to one content.

    Attributes:
        source: which content.
        files: those that were opened, each of which knows how much it fetched.
    """

    def __init__(self, client: S3Client, source: SourceRef, max_read_bytes: int = 8 << 20) -> None:
        """Takes a source that :func:`find_source` found, and the longest single read."""
        self.source = source
        self.files: list[RangedFile] = []
        self._client = client
        self._bucket, self._key = bucket_and_key(source.uri)
        self._max_read_bytes = max_read_bytes

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.source.name

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """The bytes from the start.

        Raises:
            SourceChangedError: on reading, if another content stands there by now.
            SourceNotFoundError: on reading, if it is gone, or may not be read.
            StorageError: on reading, if S3 failed.
        """
        file = RangedFile(self._fetch, self.source.size_bytes, self._max_read_bytes)
        self.files.append(file)
        return cast("IO[bytes]", file)

    def _fetch(self, start: int, end: int) -> bytes:
        return repeated(lambda: self._fetch_once(start, end))

    def _fetch_once(self, start: int, end: int) -> bytes:
        asked: dict[str, Any] = {"Range": f"bytes={start}-{end - 1}", "IfMatch": self.source.etag}
        if self.source.version_id is not None:
            asked["VersionId"] = self.source.version_id
        try:
            with translated(self.source.uri):
                reply = self._client.get_object(Bucket=self._bucket, Key=self._key, **asked)
                data = reply["Body"].read()
        except PreconditionFailedError as error:
            raise SourceChangedError(
                f"{self.source.uri} was overwritten while it was being tagged; its new content is "
                "another run"
            ) from error
        except ObjectNotFoundError as error:
            raise SourceNotFoundError(f"{self.source.uri} is gone, or may not be read") from error
        if not data:
            raise StorageError(f"{self.source.uri}: no bytes came for {start} to {end}")
        return data


def find_source(
    client: S3Client, bucket: str, key: str, version_id: str | None = None
) -> FoundSource:
    """Looks at an object, and says which content it has.

    Args:
        client: of S3.
        bucket: its bucket.
        key: its key, as S3 has it: not URL-encoded.
        version_id: a version of it; None: the current one.

    Raises:
        SourceNotFoundError: there is none, or it may not be read.
        StorageError: S3 failed.
    """
    uri = f"s3://{bucket}/{key}"
    wanted: dict[str, Any] = {} if version_id is None else {"VersionId": version_id}
    try:
        with translated(uri):
            head = client.head_object(Bucket=bucket, Key=key, **wanted)
    except ObjectNotFoundError as error:
        raise SourceNotFoundError(_absence(client, bucket, uri)) from error
    version = head.get("VersionId", _UNVERSIONED)
    versioned = version != _UNVERSIONED
    etag, size = head["ETag"], head["ContentLength"]
    source = SourceRef(
        uri=uri,
        name=key.rstrip("/").rpartition("/")[2] or key,
        version_id=version if versioned else None,
        etag=etag,
        size_bytes=size,
        content_id=version if versioned else f"{etag.strip(chr(34))}-{size}",
    )
    order = SourceOrder(
        modified_at=head["LastModified"], sequence=source.version_id or source.content_id
    )
    return FoundSource(source, order)


def _absence(client: S3Client, bucket: str, uri: str) -> str:
    try:
        with translated(bucket):
            client.head_bucket(Bucket=bucket)
    except ObjectNotFoundError:
        return f"{uri} does not exist: there is no bucket {bucket}; check the name and the endpoint"
    except StorageError:
        # Who may not look at a bucket learns no more of the object either.
        pass
    return f"{uri} does not exist, or may not be read"


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The parts of ``s3://bucket/key``; the key is taken as it stands.

    Raises:
        SettingsError: it is not of that form.
    """
    bucket, key = _parts(uri)
    if not bucket or not key:
        raise SettingsError(f"{uri!r} is not of the form s3://bucket/key")
    return bucket, key


def bucket_and_prefix(uri: str) -> tuple[str, str]:
    """The parts of ``s3://bucket/key`` or ``s3://bucket/prefix/``; the latter may be empty.

    Raises:
        SettingsError: it is not of that form.
    """
    bucket, prefix = _parts(uri)
    if not bucket or not uri.startswith(f"{SCHEME}{bucket}/"):
        raise SettingsError(f"{uri!r} is not of the form s3://bucket/key or s3://bucket/prefix/")
    if any("\ud800" <= character <= "\udfff" for character in uri):
        raise SettingsError(f"{uri!r} is not UTF-8, and S3 has no other keys")
    return bucket, prefix


def _parts(uri: str) -> tuple[str, str]:
    bucket = urlsplit(uri).netloc if uri.startswith(SCHEME) else ""
    return bucket, uri[len(f"{SCHEME}{bucket}/") :]
