"""The objects of runs in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from flowtag.aws.clients import error_code, translated
from flowtag.aws.repeating import repeated
from flowtag.errors import ObjectNotFoundError, PreconditionFailedError, StorageError
from flowtag.storage import checked_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    # A name that exists for type checkers alone; boto3 makes the class as it runs.
    from mypy_boto3_s3.type_defs import PutObjectOutputTypeDef

_UNCHANGED = {"304", "NotModified"}
CHUNK_TAG = "flowtag=chunk"

_CONFLICTS = {"409", "ConditionalRequestConflict", "OperationAborted"}
_CONTENT_TYPES = {".json": "application/json", ".jpg": "image/jpeg"}


class S3Store:
    """An :class:`~flowtag.storage.ObjectStore` on a bucket; conditions are S3's own.

    boto3 tries a call again by itself. What it cannot repeat is done here: a body that breaks off,
    a 409 (another conditional write of the key was under way), and a 412 that answers the second
    sending of a write whose first reply was lost.
    """

    def __init__(
        self, client: S3Client, bucket: str, prefix: str = "", *, tags_chunks: bool = False
    ) -> None:
        """Takes a bucket that exists, and what all keys in it begin with.

        Args:
            client: of S3.
            bucket: its name.
            prefix: of all keys.
            tags_chunks: whether results of chunks get a tag, by which a rule of the bucket can let
                them expire: they stand below each run, where no prefix reaches them all. Takes the
                permission s3:PutObjectTagging.
        """
        self.client = client
        self.bucket = bucket
        self.prefix = prefix
        self._tags_chunks = tags_chunks

    def get(self, key: str) -> bytes:
        """The bytes of an object; see :class:`~flowtag.storage.ObjectStore`."""
        return self.get_with_etag(key)[0]

    def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """The bytes of an object and its ETag."""
        name = self._name(key)

        def read() -> tuple[bytes, str]:
            with translated(self.uri(key)):
                reply = self.client.get_object(Bucket=self.bucket, Key=name)
                return reply["Body"].read(), reply["ETag"]

        return repeated(read)

    def get_if_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """The same, or None if they are what ``etag`` names (``If-None-Match``)."""
        name = self._name(key)

        def read() -> tuple[bytes, str] | None:
            with translated(self.uri(key)):
                try:
                    reply = self.client.get_object(Bucket=self.bucket, Key=name, IfNoneMatch=etag)
                except ClientError as error:
                    if error_code(error) in _UNCHANGED:
                        return None
                    raise
                return reply["Body"].read(), reply["ETag"]

        return repeated(read)

    def written_at(self, key: str) -> datetime:
        """When S3 took the object, to the second."""
        name = self._name(key)
        with translated(self.uri(key)):
            return self.client.head_object(Bucket=self.bucket, Key=name)["LastModified"]

    def put(self, key: str, data: bytes) -> str:
        """Writes an object, whatever stood there."""
        return self.put_with_notes(key, data, {})

    def put_with_notes(self, key: str, data: bytes, notes: Mapping[str, str]) -> str:
        """Writes an object and, beside its bytes, what is to be known of it (S3's metadata)."""
        name, kind = self._name(key), _content_type(key)
        tagged: dict[str, Any] = {"Tagging": CHUNK_TAG} if self._is_to_be_tagged(key) else {}
        with translated(self.uri(key)):
            return self.client.put_object(
                Bucket=self.bucket,
                Key=name,
                Body=data,
                ContentType=kind,
                Metadata=notes,
                **tagged,
            )["ETag"]

    def notes(self, key: str) -> Mapping[str, str]:
        """What was noted beside an object; its bytes are not fetched.

        Raises:
            ObjectNotFoundError: there is none of that key.
            StorageError: S3 failed.
        """
        name = self._name(key)
        with translated(self.uri(key)):
            return self.client.head_object(Bucket=self.bucket, Key=name)["Metadata"]

    def put_if_absent(self, key: str, data: bytes) -> str:
        """Writes an object that must not exist yet (``If-None-Match: *``)."""
        name, kind = self._name(key), _content_type(key)
        return self._conditionally(
            key,
            data,
            lambda: self.client.put_object(
                Bucket=self.bucket, Key=name, Body=data, ContentType=kind, IfNoneMatch="*"
            ),
        )

    def replace(self, key: str, data: bytes, etag: str) -> str:
        """Replaces the object that was read with ``etag`` (``If-Match``)."""
        name, kind = self._name(key), _content_type(key)
        try:
            return self._conditionally(
                key,
                data,
                lambda: self.client.put_object(
                    Bucket=self.bucket, Key=name, Body=data, ContentType=kind, IfMatch=etag
                ),
            )
        except ObjectNotFoundError as error:
            raise PreconditionFailedError(f"{self.uri(key)} is gone") from error

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with a prefix, in order."""
        pages = self.client.get_paginator("list_objects_v2")
        with translated(self.uri(prefix)):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for listed in page.get("Contents", ()):
                    yield listed["Key"].removeprefix(self.prefix)

    def delete(self, key: str) -> None:
        """Removes an object; it is no error if there is none."""
        name = self._name(key)
        with translated(self.uri(key)):
            self.client.delete_object(Bucket=self.bucket, Key=name)

    def uri(self, key: str) -> str:
        """Where the object of a key is, for people and for other programs."""
        return f"s3://{self.bucket}/{self.prefix}{key}"

    def _is_to_be_tagged(self, key: str) -> bool:
        return self._tags_chunks and "/chunks/" in key and key.endswith(".npz")

    def _name(self, key: str) -> str:
        return self.prefix + checked_key(key)

    def _conditionally(
        self, key: str, data: bytes, write: Callable[[], PutObjectOutputTypeDef]
    ) -> str:
        def attempt() -> str:
            with translated(self.uri(key)):
                try:
                    return write()["ETag"]
                except ClientError as error:
                    if not _was_sent_again(error):
                        raise
                    standing, etag = self.get_with_etag(key)
                    if standing != data:
                        raise
                    return etag

        return repeated(attempt, only=_is_conflict)


def _content_type(key: str) -> str:
    return _CONTENT_TYPES.get(key[key.rfind(".") :], "application/octet-stream")


def _was_sent_again(error: ClientError) -> bool:
    refused = error_code(error) in {"412", "PreconditionFailed"}
    return refused and error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0


def _is_conflict(error: StorageError) -> bool:
    cause = error.__cause__
    return isinstance(cause, ClientError) and error_code(cause) in _CONFLICTS
