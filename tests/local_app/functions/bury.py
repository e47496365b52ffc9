from __future__ import annotations

import json
import os
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> None:
    task = json.loads(event["Records"][0]["body"])
    if "hopeless" in task["key"]:
        raise RuntimeError("not even this")
    key = f"{task['key']}/parts/{task['part']}.failed"
    boto3.client("s3").put_object(Bucket=os.environ["OUTPUT"], Key=key, Body=b"")
