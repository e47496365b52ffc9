from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SAMPLE = Path(__file__).parents[2] / "events" / "api.json"


def api_event(
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A request as API Gateway's HTTP APIs hand it on (payload format 2.0).

    Args:
        method: of HTTP.
        path: as it was sent.
        query: parameters, decoded.
        body: text as it is; anything else as JSON.
        headers: more of them.
    """
    event: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    event["rawPath"] = path
    event["rawQueryString"] = urlencode(query or {})
    event.pop("queryStringParameters")
    if query:
        event["queryStringParameters"] = dict(query)
    http = {"method": method, "path": path}
    event["requestContext"]["http"] |= http
    if body is not None:
        event["headers"]["content-type"] = "application/json"
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    event["headers"] |= headers or {}
    return event
