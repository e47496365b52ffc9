"""The application's buckets on the local S3 server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.arns import REGION
from local_cloud.event_bus import Event
from local_cloud.s3_events import Created, object_created
from local_cloud.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from local_cloud.wiring import BucketSpec, RuleSpec, Wiring

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef


class Buckets:
    """Makes the buckets and knows which of them EventBridge hears of.

    Args:
        server: the S3 server itself: what is asked here makes no events.
        wiring: names the buckets, in itself or in the patterns of its rules. One that the template
            does not make stands for one that the owner has already, with notifications turned on.
    """

    def __init__(self, server: S3Server, wiring: Wiring) -> None:
        own = {each.name: each for each in wiring.buckets}
        named = {name for rule in wiring.rules for name in _named_in(rule)}
        others = {name: BucketSpec(name, tells=True, versioned=False) for name in named - set(own)}
        self._buckets = {**own, **others}
        self._s3 = boto3.client(
            "s3",
            endpoint_url=server.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(max_pool_connections=50),
        )

    def create(self) -> None:
        """Makes the buckets that are not there from an earlier run."""
        there = {each["Name"] for each in self._s3.list_buckets()["Buckets"]}
        for bucket in self._buckets.values():
            if bucket.name not in there:
                self._s3.create_bucket(Bucket=bucket.name)
            if bucket.versioned:
                self._s3.put_bucket_versioning(
                    Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
                )

            if bucket.cors:
                rules = [_cors_rule(each) for each in bucket.cors]
                self._s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": rules})

    def tells(self, name: str) -> bool:
        """Whether EventBridge hears of objects in a bucket."""
        bucket = self._buckets.get(name)
        return bucket is not None and bucket.tells

    def event(self, what: Created) -> Event:
        """The event of an object that was written."""
        return object_created(what, self._size)

    def read_json(self, bucket: str, key: str) -> Mapping[str, Any]:
        """A JSON object; an empty one if it cannot be read."""
        with contextlib.suppress(ClientError, BotoCoreError, ValueError):
            content: Mapping[str, Any] = json.loads(
                self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            )
            return content
        return {}

    def _size(self, what: Created) -> int:
        try:
            found = (
                self._s3.head_object(Bucket=what.bucket, Key=what.key, VersionId=what.version_id)
                if what.version_id
                else self._s3.head_object(Bucket=what.bucket, Key=what.key)
            )
        except ClientError:
            # Deleted already.
            return 0
        return int(found["ContentLength"])


def _cors_rule(written: Mapping[str, Any]) -> CORSRuleTypeDef:
    """CloudFormation's words for a rule in those of S3's API."""
    rule: CORSRuleTypeDef = {
        "AllowedMethods": written["AllowedMethods"],
        "AllowedOrigins": written["AllowedOrigins"],
        "AllowedHeaders": written.get("AllowedHeaders", []),
        "ExposeHeaders": written.get("ExposedHeaders", []),
    }
    return rule


def _named_in(rule: RuleSpec) -> list[str]:
    detail = rule.pattern.get("detail") or {}
    return [each for each in (detail.get("bucket") or {}).get("name", ()) if isinstance(each, str)]
