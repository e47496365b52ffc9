"""Videos and results in buckets, told so that every process can open them with its own client."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from flowtag.aws.clients import s3_client
from flowtag.aws.s3_source import S3Media, bucket_and_key, bucket_and_prefix, find_source
from flowtag.aws.s3_store import S3Store
from flowtag.contracts.messages import SourceRef
from flowtag.places import Found

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class S3Access:
    """How S3 is reached; who asks is for the environment to say, in every process.

    Attributes:
        endpoint_url: None: AWS, or what the environment says.
        region: None: as the environment and the profile say.
    """

    endpoint_url: str | None = None
    region: str | None = None

    def client(self) -> S3Client:
        """The client of this process: to make one takes longer than many of its calls.

        Raises:
            SettingsError: there is no such endpoint, profile or region.
        """
        return _client_of_process(self)


@lru_cache
def _client_of_process(access: S3Access) -> S3Client:
    return s3_client(access.endpoint_url, access.region)


@dataclass(frozen=True)
class S3SourcePlace:
    """A video in a bucket. All that is read of it is read of the content that was found."""

    address: str
    access: S3Access

    def find(self) -> Found:
        """Asks S3 for the object's present content."""
        bucket, key = bucket_and_key(self.address)
        found = find_source(self.access.client(), bucket, key)
        return Found(found.source, found.order)

    def media(self, source: SourceRef) -> S3Media:
        """The content, read by ranges."""
        return S3Media(self.access.client(), source)


@dataclass(frozen=True)
class S3StorePlace:
    """Results in a bucket.

    Attributes:
        prefix: what all keys begin with: empty, or ending with a slash.
    """

    bucket: str
    prefix: str
    access: S3Access

    @classmethod
    def at(cls, uri: str, access: S3Access) -> Self:
        """The place at ``s3://bucket`` or ``s3://bucket/prefix``, with or without a slash.

        Raises:
            SettingsError: it is not of that form.
        """
        bucket, prefix = bucket_and_prefix(uri if uri.endswith("/") else f"{uri}/")
        return cls(bucket, prefix, access)

    def open(self) -> S3Store:
        """The store."""
        return S3Store(self.access.client(), self.bucket, self.prefix)

    def address(self, key: str) -> str:
        """The URI of an object."""
        return self.open().uri(key)

    def sweep(self, folder: str) -> None:
        """S3 keeps nothing of a write that was not finished."""
