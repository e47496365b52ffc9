"""Events about a clip in the local cloud, each in the shape in which its function gets it in AWS.

Those of ``events/`` are of objects that are nowhere. A function that is invoked by hand does its
whole work only on an object that is there, and a worker only on a task of its plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from flowtag.aws.s3_source import find_source
from flowtag.aws.s3_store import S3Store
from flowtag.chunk_results import chunk_names
from flowtag.contracts.messages import Plan
from flowtag.errors import SettingsError, SourceNotFoundError
from flowtag.identity import video_id
from flowtag.run_keys import RunKeys
from flowtag.runs import read_plan
from local_cloud.arns import REGION, arn
from local_cloud.delivery import queue_record
from local_cloud.event_bus import Event
from local_cloud.queues import Message
from local_cloud.s3_events import Created, object_created
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_API_SAMPLE = Path(__file__).resolve().parent.parent / "events" / "api.json"


class ClipEvents:
    """Makes events about one upload.

    Args:
        s3_url: where the local cloud's S3 is.
        uploads: the bucket that the clip was uploaded to.
        outputs: the bucket that its run is in.
        key: the clip's key.
    """

    def __init__(self, s3_url: str, uploads: str, outputs: str, key: str) -> None:
        self._s3: S3Client = boto3.client(
            "s3",
            endpoint_url=s3_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        self._store = S3Store(self._s3, outputs)
        self._uploads, self._key = uploads, key

    def event_for(self, function: str) -> Event:
        """The event by which a function hears of the clip.

        Args:
            function: its logical id.

        Raises:
            SettingsError: there is no such upload, or no plan of it yet; or the function hears of
                no single clip.
            StorageError: S3 failed.
        """
        makers: dict[str, Callable[[], Event]] = {
            "PlanFunction": self._uploaded,
            "WorkerFunction": self._task,
            "CompleteFunction": self._results,
            "FailFunction": self._dead_letter,
            "ApiFunction": self._search,
        }
        if function not in makers:
            raise SettingsError(f"{function} hears of no single clip: leave out the key")
        return makers[function]()

    def _uploaded(self) -> Event:
        return self._created(self._uploads, self._key)

    def _task(self) -> Event:
        return _messages("ChunkQueue", self._next_task())

    def _results(self) -> Event:
        plan, outputs = self._plan(), self._store.bucket
        keys = list(self._store.list(RunKeys.of(plan).chunks))
        if not keys:
            raise SettingsError(f"no chunk of {self._key} was computed yet: invoke the worker")
        return _messages(
            "CompletionQueue", *(json.dumps(self._created(outputs, key)) for key in keys)
        )

    def _dead_letter(self) -> Event:
        # Three times from the queue of chunks, and once more from that of dead letters.
        return _messages("ChunkDeadLetterQueue", self._next_task(), receives=4)

    def _search(self) -> Event:
        event: Event = json.loads(_API_SAMPLE.read_text(encoding="utf-8"))
        query = {"text": self._key}
        return {**event, "rawQueryString": "", "queryStringParameters": query}

    def _next_task(self) -> str:
        plan = self._plan()
        states = chunk_names(self._store, plan)
        index = states.index("missing") if "missing" in states else 0
        return plan.task(index).model_dump_json()

    def _plan(self) -> Plan:
        try:
            source = find_source(self._s3, self._uploads, self._key).source
        except SourceNotFoundError as error:
            raise SettingsError(f"there is no s3://{self._uploads}/{self._key}") from error
        for key in self._store.list(f"{video_id(source)}/"):
            keys = RunKeys.of_key(key)
            if keys is None or key != keys.plan:
                continue
            plan = read_plan(self._store, keys)
            if plan.source.content_id == source.content_id:
                return plan
        raise SettingsError(f"{self._key} has no plan yet: invoke PlanFunction")

    def _created(self, bucket: str, key: str) -> Event:
        head: Mapping[str, Any]
        try:
            head = self._s3.head_object(Bucket=bucket, Key=key)
        except self._s3.exceptions.ClientError as error:
            raise SettingsError(f"there is no s3://{bucket}/{key}") from error
        size, etag = int(head["ContentLength"]), str(head["ETag"]).strip('"')
        what = Created(bucket, key, etag, head.get("VersionId"), size, "PutObject")
        return object_created(what, lambda _: size)


def _messages(queue: str, *bodies: str, receives: int = 1) -> Event:
    """What Lambda hands on from a queue."""
    messages = [Message(body, receives=receives, receipt="by-hand") for body in bodies]
    return {"Records": [queue_record(each, arn("sqs", queue)) for each in messages]}
