from __future__ import annotations

import json
from typing import Any


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {
        "statusCode": 201,
        "headers": {"x-told": "yes"},
        "body": json.dumps(event, ensure_ascii=False),
    }
