"""AWS's JSON protocol over HTTP: what SQS and EventBridge are asked by."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local_cloud.loopback import LoopbackServer, QuietHandler, serving

Action = Callable[[dict[str, Any]], dict[str, Any]]


class Refused(Exception):
    """The request is answered with an error, as AWS would.

    Attributes:
        code: the error's name in the JSON protocol.
        query_code: its name in the older protocol, by which boto3 knows it, where it differs.
    """

    def __init__(self, code: str, message: str, query_code: str = "") -> None:
        super().__init__(message)
        self.code, self.query_code = code, query_code or code


@contextlib.contextmanager
def json_server(port: int, actions: Mapping[str, Action]) -> Iterator[int]:
    """Serves actions by their full names, such as ``AmazonSQS.SendMessage``.

    Args:
        port: where to listen on 127.0.0.1; 0 for any free port.
        actions: what to call for each ``X-Amz-Target``; several threads do so at once.

    Yields:
        The port.

    Raises:
        OSError: somebody else listens there.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    server.actions = actions
    with serving(server) as listens_at:
        yield listens_at


class _Server(LoopbackServer):
    actions: Mapping[str, Action]


class _Handler(QuietHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._answer(200, self._act(body))
        except Refused as refusal:
            self._answer(
                400,
                {"__type": refusal.code, "message": str(refusal)},
                {"x-amzn-query-error": f"{refusal.query_code};Sender"},
            )

    def _act(self, body: bytes) -> dict[str, Any]:
        name = self.headers.get("X-Amz-Target", "")
        action = self.server.actions.get(name)
        if action is None:
            raise Refused("UnknownOperationException", f"{name} is not part of the local cloud")
        try:
            return action(json.loads(body or b"{}"))
        except (KeyError, ValueError, TypeError) as error:
            raise Refused("InvalidParameterValue", f"{type(error).__name__}: {error}") from error

    def _answer(
        self, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(len(data)),
            "x-amzn-RequestId": str(uuid.uuid4()),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
