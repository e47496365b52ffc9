"""Links that let whoever holds them read one object, or upload one, for a while.

A link is signed with the signer's own credentials: it can do no more than its signer may, and
ends when they do, however long it was meant to hold.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config

from flowtag.errors import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_NAME_BYTES = 255
_MAX_KEY_BYTES = 1024


@dataclass(frozen=True)
class UploadForm:
    """What a browser posts, as multipart/form-data, to upload one file.

    Attributes:
        url: where to.
        fields: to be sent as they are, before the file, which comes last in a field ``file``.
    """

    url: str
    fields: dict[str, str]


class Links:
    """Signs links."""

    def __init__(self, client: S3Client, seconds: int) -> None:
        """Takes a client that :func:`signing_client` made, and for how long links hold."""
        self._client = client
        self.seconds = seconds

    def to_object(self, bucket: str, key: str, version_id: str | None = None) -> str:
        """A link by which an object can be read; nobody looks whether there is one."""
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key}
        if version_id is not None:
            wanted["VersionId"] = version_id
        return self._client.generate_presigned_url(
            "get_object", Params=wanted, ExpiresIn=self.seconds
        )

    def to_upload(self, bucket: str, key: str, content_type: str, size_bytes: int) -> UploadForm:
        """A form by which S3 takes a file of just this type and size, under this key alone.

        Args:
            bucket: where to.
            key: as :func:`upload_key` makes it.
            content_type: of the file.
            size_bytes: its length.
        """
        form = self._client.generate_presigned_post(
            bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[
                {"Content-Type": content_type},
                ["content-length-range", size_bytes, size_bytes],
            ],
            ExpiresIn=self.seconds,
        )
        return UploadForm(form["url"], form["fields"])


def signing_client() -> S3Client:
    """A client whose links hold in every region, and for objects that KMS encrypts.

    boto3 would sign links in the old way (version 2), which neither does, and would lead them to
    S3's global name, which sends callers on to the region for hours after a bucket was made.
    """
    own_server = "AWS_ENDPOINT_URL_S3" in os.environ or "AWS_ENDPOINT_URL" in os.environ
    style: Literal["path", "virtual"] = "path" if own_server else "virtual"
    return boto3.client(
        "s3", config=Config(signature_version="s3v4", s3={"addressing_style": style})
    )


def upload_key(prefix: str, name: str, suffixes: tuple[str, ...] = ()) -> str:
    """The key for a file that somebody wants to upload.

    Args:
        prefix: what all keys of uploads begin with.
        name: of the file, as its owner calls it.
        suffixes: what a name must end with, in capitals or not; none: with anything.

    Raises:
        SettingsError: the name could lead elsewhere, or to something that is not tagged.
    """
    if not name.isprintable() or name != name.strip():
        raise SettingsError("a name has no control characters, and no space at its ends")
    if any(part in name for part in ("/", "\\", "${")) or name.startswith("."):
        # S3 writes the name that a browser sends with the file in place of "${filename}".
        raise SettingsError("a name has no slash, backslash or ${, and does not begin with a dot")
    if not 0 < len(name.encode()) <= MAX_NAME_BYTES:
        raise SettingsError(f"a name has 1 to {MAX_NAME_BYTES} bytes")
    if len((prefix + name).encode()) > _MAX_KEY_BYTES:
        raise SettingsError(f"a key has at most {_MAX_KEY_BYTES} bytes")
    if suffixes and not name.casefold().endswith(tuple(each.casefold() for each in suffixes)):
        raise SettingsError(f"only these are tagged: {', '.join(suffixes)}")
    return prefix + name
