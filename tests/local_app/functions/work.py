from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    failed = []
    for record in event["Records"]:
        task = json.loads(record["body"])
        first = record["attributes"]["ApproximateReceiveCount"] == "1"
        if "poisoned" in task["key"] and task["part"] == 1:
            failed.append({"itemIdentifier": record["messageId"]})
            continue
        if "killed" in task["key"] and first:
            os.kill(os.getpid(), signal.SIGKILL)
        if "slow" in task["key"] and first:
            time.sleep(5)
        boto3.client("s3").put_object(
            Bucket=os.environ["OUTPUT"],
            Key=f"{task['key']}/parts/{task['part']}",
            Body=json.dumps(event["Records"].index(record)).encode(),
        )
    return {"batchItemFailures": failed}
