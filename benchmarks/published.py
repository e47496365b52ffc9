"""What an application has published in a bucket, and how often each object of it was written."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from flowtag.run_keys import RunKeys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WHERE = ("id", "uri", "etag", "version_id")


@dataclass(frozen=True)
class Published:
    """A run that has a result.

    Attributes:
        key: of the video in its bucket.
        folder: of the run.
        status: of the result.
        content: digests of motion.json but for where the video is, of the table of frames but for
            the same, and of the thumbnails, by their names.
        written: how many versions there are of each object, by its name within the run.
    """

    key: str
    folder: str
    status: str
    content: dict[str, str]
    written: Counter[str]


def read_published(client: S3Client, bucket: str) -> list[Published]:
    """All runs with a result in a versioned bucket that holds nothing else.

    Raises:
        ClientError: the bucket cannot be read.
    """
    runs: dict[RunKeys, Counter[str]] = {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", ()):
            keys = RunKeys.of_key(version["Key"])
            if keys is not None and version["Key"].startswith(f"{keys.folder}/"):
                name = version["Key"].removeprefix(f"{keys.folder}/")
                runs.setdefault(keys, Counter())[name] += 1
    return [
        _read(client, bucket, keys.folder, written)
        for keys, written in runs.items()
        if "motion.json" in written
    ]


def _read(client: S3Client, bucket: str, folder: str, written: Counter[str]) -> Published:
    def get(name: str) -> bytes:
        return client.get_object(Bucket=bucket, Key=f"{folder}/{name}")["Body"].read()

    motion: dict[str, Any] = json.loads(get("motion.json"))
    video = motion["video"]
    key = video["uri"].removeprefix("s3://").partition("/")[2]
    motion["video"] = {name: value for name, value in video.items() if name not in _WHERE}
    # The reason why something is no video names the file.
    text = json.dumps(motion, sort_keys=True, ensure_ascii=False)
    content = {"motion.json": text.replace(key.rpartition("/")[2], "NAME").encode()}
    for name in sorted(written):
        if name == "frames.parquet":
            content[name] = _table(get(name))
        elif name.startswith("thumbnails/"):
            content[name] = get(name)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    return Published(key, folder, motion["analysis"]["status"], digests, written)


def _table(data: bytes) -> bytes:
    """A parquet file's rows without its metadata, which names the run."""
    table = parquet.read_table(io.BytesIO(data)).replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
