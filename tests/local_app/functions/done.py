from __future__ import annotations

import json
import os
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> None:
    s3 = boto3.client("s3")
    for record in event["Records"]:
        key = json.loads(record["body"])["detail"]["object"]["key"].rpartition("/parts/")[0]
        found = s3.list_objects_v2(Bucket=os.environ["OUTPUT"], Prefix=f"{key}/parts/")
        if found["KeyCount"] == 3:
            s3.put_object(Bucket=os.environ["OUTPUT"], Key=f"{key}/whole", Body=b"")
            boto3.client("events").put_events(
                Entries=[
                    {"Source": "test", "DetailType": "Whole", "Detail": json.dumps({"key": key})}
                ]
            )
