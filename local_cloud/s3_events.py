"""The event that S3 sends to EventBridge when an object was written."""

from __future__ import annotations

import itertools
import re
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from local_cloud.arns import ACCOUNT
from local_cloud.event_bus import Event, envelope

Reason = Literal["PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"]

# With one of these a request is another call on the object. All other names say who asks.
_OTHER_CALLS = {"acl", "encryption", "legal-hold", "partNumber", "renameObject", "retention"} | {
    "tagging",
    "uploadId",
}

_sequence = itertools.count(int(time.time() * 1_000_000))


@dataclass(frozen=True)
class Created:
    """An object that a request has just written.

    Attributes:
        bucket: the bucket's name.
        key: the key, not encoded for URLs: so EventBridge has it, unlike S3's own notifications.
        etag: without quotes.
        version_id: if the bucket keeps versions.
        size_bytes: None where the request did not tell.
        reason: which call wrote it.
    """

    bucket: str
    key: str
    etag: str
    version_id: str | None
    size_bytes: int | None
    reason: Reason


def kind_of_write(method: str, path: str, headers: Mapping[str, str]) -> Reason | None:
    """Which call that creates an object a request may be; None for all others."""
    url = urllib.parse.urlsplit(path)
    bucket, _, key = url.path.lstrip("/").partition("/")
    asked = {name for name, _ in urllib.parse.parse_qsl(url.query, keep_blank_values=True)}
    if method == "PUT" and bucket and key and not asked & _OTHER_CALLS:
        return "CopyObject" if headers.get("x-amz-copy-source") else "PutObject"
    if method == "POST" and key and "uploadId" in asked:
        return "CompleteMultipartUpload"
    form = headers.get("content-type", "").startswith("multipart/form-data")
    if method == "POST" and bucket and not key and form:
        return "POST Object"
    return None


def created(
    reason: Reason,
    path: str,
    asked: Mapping[str, str],
    reply: Mapping[str, str],
    body: bytes,
    form: bytes = b"",
) -> Created | None:
    """What a request created, from the reply to it; None if that tells of an error after all.

    Args:
        reason: what the request was.
        path: what was asked for, with the query.
        asked: the request's headers, by their names in lower case.
        reply: the reply's headers, likewise.
        body: the reply's.
        form: how the request's body begins, where that is a form.
    """
    etag = reply.get("etag", "")
    if reason in ("CopyObject", "CompleteMultipartUpload"):
        # S3 answers 200 before it is done; the outcome stands in the body.
        root = ET.fromstring(body)
        found = root.find("{*}ETag")
        if root.tag.endswith("Error") or found is None:
            return None
        etag = found.text or ""
    place = urllib.parse.unquote(urllib.parse.urlsplit(path).path.lstrip("/"))
    bucket, _, key = place.partition("/")
    if reason == "POST Object":
        key = _key_in(form)
    length = asked.get("x-amz-decoded-content-length") or asked.get("content-length")
    size = int(length) if reason == "PutObject" and length else None
    return Created(bucket, key, etag.strip('"'), reply.get("x-amz-version-id"), size, reason)


def _key_in(form: bytes) -> str:
    """The key in a form, of which S3 wants the file last."""
    key = re.search(rb'name="key"[^\n]*\r\n\r\n(.*?)\r\n--', form, re.DOTALL)
    name = re.search(rb'name="file"[^\n]*filename="([^"\r\n]*)"', form)
    written = (key[1] if key else b"").replace(b"${filename}", name[1] if name else b"")
    return written.decode(errors="replace")


def object_created(what: Created, size: Callable[[Created], int]) -> Event:
    """S3's event "Object Created" in the shape that AWS documents.

    Args:
        what: the object.
        size: finds its size in bytes where the request did not tell.
    """
    written = {
        "key": what.key,
        "size": size(what) if what.size_bytes is None else what.size_bytes,
        "etag": what.etag,
        **({"version-id": what.version_id} if what.version_id else {}),
        "sequencer": f"{next(_sequence):018X}",
    }
    detail = {
        "version": "0",
        "bucket": {"name": what.bucket},
        "object": written,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": what.reason,
    }
    return envelope("aws.s3", "Object Created", detail, [f"arn:aws:s3:::{what.bucket}"])
