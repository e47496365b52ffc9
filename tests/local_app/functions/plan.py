from __future__ import annotations

import json
import os
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> None:
    key = event["detail"]["object"]["key"]
    if "unreadable" in key:
        raise ValueError(f"cannot read {key}")
    parts = [{"key": key, "part": part} for part in range(3)]
    boto3.client("sqs").send_message_batch(
        QueueUrl=os.environ["QUEUE"],
        Entries=[{"Id": str(part["part"]), "MessageBody": json.dumps(part)} for part in parts],
    )
