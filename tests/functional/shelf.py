from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3
from awslambdaric.lambda_context import LambdaContext  # type: ignore[import-untyped]

from flowtag.aws.s3_store import S3Store
from flowtag.catalog import add_to_catalog
from flowtag.contracts.messages import Plan, SourceRef
from flowtag.contracts.metadata import CameraLabel, Level, MotionMetadata, Segment
from flowtag.latest import SourceOrder
from flowtag.run_keys import RunKeys
from flowtag.runs import put_motion, put_plan
from tests.unit.run_objects import make_metadata, make_plan

Ask = Callable[..., dict[str, Any]]
"""Method, path, and where needed query, body and headers in; the function's answer out."""

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JPEG = b"\xff\xd8 a small picture \xff\xd9"


@dataclass
class Shelf:
    """Puts results of runs where the API finds them.

    Attributes:
        store: where runs are.
        uploads: the bucket that videos come from.
    """

    store: S3Store
    uploads: str

    def put(
        self,
        key: str,
        minute: int = 0,
        failed: Sequence[int] = (),
        level: Level = "high",
        camera: CameraLabel = "pan_right",
        segments: int = 1,
        bucket: str | None = None,
        version_id: str | None = None,
    ) -> RunKeys:
        """Publishes a run as completion does, of a video that came so many minutes past noon."""
        plan = make_plan(source=source_at(f"s3://{bucket or self.uploads}/{key}", version_id))
        metadata = result(plan, failed, level, camera, segments)
        keys = RunKeys.of(plan)
        put_plan(self.store, plan)
        for segment in metadata.segments:
            self.store.put(keys.beside(str(segment.thumbnail)), JPEG + b"%d" % segment.index)
        put_motion(self.store, plan, metadata)
        order = SourceOrder(modified_at=NOON + timedelta(minutes=minute))
        add_to_catalog(self.store, metadata, keys, order)
        return keys


def source_at(uri: str, version_id: str | None = None) -> SourceRef:
    return SourceRef(
        uri=uri,
        name=uri.rpartition("/")[2],
        version_id=version_id,
        etag='"1"',
        size_bytes=1,
        content_id=version_id or "1-1",
    )


def result(
    plan: Plan, failed: Sequence[int], level: Level, camera: CameraLabel, segments: int
) -> MotionMetadata:
    made = make_metadata(plan, failed)
    (template,) = made.segments
    video = made.video.model_copy(update={"version_id": plan.source.version_id})
    filled = [_segment(template, index, level, camera) for index in range(segments)]
    return made.model_copy(update={"video": video, "segments": filled})


def _segment(template: Segment, index: int, level: Level, camera: CameraLabel) -> Segment:
    return template.model_copy(
        update={
            "index": index,
            "motion": template.motion.model_copy(update={"level": level}),
            "camera": template.camera.model_copy(update={"labels": [camera]}),
            "thumbnail": f"thumbnails/{index:04d}.jpg",
        }
    )


def context() -> LambdaContext:
    """What Lambda's own runtime client hands to a function beside the event."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:api"
    return LambdaContext("an-id", None, None, int(time.time() * 1000) + 29_000, arn)


def answered(response: Mapping[str, Any]) -> Any:
    """The JSON of an answer."""
    return json.loads(response["body"])


def problem(response: dict[str, Any]) -> dict[str, Any]:
    """The problem that an answer tells of."""
    assert response["headers"]["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answered(response)
    assert told["status"] == response["statusCode"]
    return told


def fetched(url: str) -> tuple[int, bytes]:
    """Status and body that a link leads to, for somebody without any credentials."""
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def posted(url: str, fields: Mapping[str, str], data: bytes, name: str = "film.mov") -> int:
    """Status of an upload by a form, as a browser sends it."""
    form: list[tuple[str, str | tuple[str, bytes, str]]] = [*fields.items()]
    form.append(("file", (name, data, fields["Content-Type"])))
    with urllib3.PoolManager() as pool:
        return pool.request("POST", url, fields=form, retries=False, timeout=10).status
