"""The HTTP API: routes as the template has them, payloads as API Gateway makes them."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_cloud.arns import ACCOUNT
from local_cloud.functions import LocalFunction
from local_cloud.http_access import Access, NotAllowed, Request
from local_cloud.loopback import LoopbackServer, QuietHandler, serving
from local_cloud.wiring import Cors, Route

_LARGEST_BYTES = 10 * 1024 * 1024
_PLACEHOLDER = re.compile(r"\\{(\w+)(\\\+)?\\}")


@dataclass(frozen=True)
class Api:
    """What is served.

    Attributes:
        routes: of the template.
        functions: by name.
        access: tells who may come in.
        cors: which web pages of other origins may ask.
    """

    routes: Sequence[Route]
    functions: Mapping[str, LocalFunction]
    access: Access
    cors: Cors

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route for a request and its path parameters; API Gateway takes the closest one."""
        fits = [
            (route, found.groupdict())
            for route in self.routes
            if route.method in (method, "ANY") and (found := _pattern(route).fullmatch(path))
        ]
        return min(fits, key=lambda fit: _vagueness(fit[0]), default=None)

    def answers_itself(self, request: Request) -> bool:
        """Whether it is a browser's first question, and no route takes it.

        API Gateway then answers, and nobody need be known. A route that takes every method is asked
        instead, and so is who calls, which a browser does not say with that question.
        """
        path = urllib.parse.urlsplit(request.url).path
        is_question = request.method == "OPTIONS" and bool(self.cors.origins)
        return is_question and self.find(request.method, path) is None


@contextlib.contextmanager
def http_api(port: int, api: Api) -> Iterator[int]:
    """Serves the API.

    Args:
        port: where to listen on 127.0.0.1; 0 for any free port.
        api: what to serve.

    Yields:
        The port.

    Raises:
        OSError: somebody else listens there.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    server.api = api
    with serving(server) as listens_at:
        yield listens_at


class _Server(LoopbackServer):
    api: Api


class _Handler(QuietHandler):
    server: _Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BYTES:
            self.close_connection = True
            self._answer(413, {}, b'{"message":"Request Entity Too Large"}')
            return
        names = {name.lower() for name in self.headers}
        headers = {name: ",".join(self.headers.get_all(name) or ()) for name in names}
        url = f"http://{headers.get('host', '')}{self.path}"
        request = Request(self.command, url, headers, self.rfile.read(length))
        if self.server.api.answers_itself(request):
            self._answer(204, {}, b"")
            return
        try:
            self._answer(*_served(self.server.api, request))
        except NotAllowed as refusal:
            self._answer(refusal.status, {}, json.dumps({"message": str(refusal)}).encode())

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = do_PATCH = do_OPTIONS = _handle

    def _answer(self, status: int, headers: Mapping[str, Sequence[str]], body: bytes) -> None:
        self.send_response_only(status)
        if "content-type" not in {name.lower() for name in headers}:
            self.send_header("Content-Type", "application/json")
        for name, values in headers.items():
            if name.lower() != "content-length":
                for value in values:
                    self.send_header(name, value)
        for name, value in _cors_headers(self.server.api.cors, self.headers.get("Origin")):
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _cors_headers(cors: Cors, origin: str | None) -> Iterator[tuple[str, str]]:
    if origin is not None and {origin, "*"} & {*cors.origins}:
        yield "Access-Control-Allow-Origin", origin if origin in cors.origins else "*"
        yield "Access-Control-Allow-Methods", ",".join(cors.methods)
        yield "Access-Control-Allow-Headers", ",".join(cors.headers)
        yield "Access-Control-Max-Age", str(cors.seconds)


def _served(api: Api, request: Request) -> tuple[int, dict[str, list[str]], bytes]:
    path = urllib.parse.urlsplit(request.url).path
    found = api.find(request.method, path)
    if found is None:
        raise NotAllowed(404, "Not Found")
    route, parameters = found
    caller = {} if route.is_open else api.access(request)
    outcome = api.functions[route.function].invoke(payload(request, route, parameters, caller))
    if outcome.error:
        return 500, {}, b'{"message":"Internal Server Error"}'
    return _response(outcome.payload)


def payload(
    request: Request, route: Route, parameters: Mapping[str, str], caller: Mapping[str, Any]
) -> dict[str, Any]:
    """An API Gateway event of version 2.0."""
    url = urllib.parse.urlsplit(request.url)
    query: dict[str, list[str]] = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": urllib.parse.unquote(url.path),
        "rawQueryString": url.query,
        "headers": {name: each for name, each in request.headers.items() if name != "cookie"},
        "requestContext": _context(request, route, caller),
        "isBase64Encoded": False,
    }
    if request.headers.get("cookie"):
        event["cookies"] = [each.strip() for each in request.headers["cookie"].split(";")]
    if query:
        event["queryStringParameters"] = {name: ",".join(each) for name, each in query.items()}
    if parameters:
        event["pathParameters"] = {
            name: urllib.parse.unquote(value) for name, value in parameters.items()
        }
    if request.body:
        event.update(_body(request))
    return event


def _context(request: Request, route: Route, caller: Mapping[str, Any]) -> dict[str, Any]:
    url = urllib.parse.urlsplit(request.url)
    context = {
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": url.netloc,
        "domainPrefix": "local",
        "http": {
            "method": request.method,
            "path": urllib.parse.unquote(url.path),
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": uuid.uuid4().hex[:16],
        "routeKey": route.key,
        "stage": "$default",
        "time": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(time.time() * 1000),
    }
    return {**context, "authorizer": dict(caller)} if caller else context


def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if kind.startswith(("text/", "application/json", "application/x-www-form-urlencoded")):
        with contextlib.suppress(UnicodeDecodeError):
            return {"body": request.body.decode()}
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def _response(answer: Any) -> tuple[int, dict[str, list[str]], bytes]:
    """What a function's answer means: with no status code it is the body."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return 200, {}, json.dumps(answer).encode()
    headers = {str(name): [str(value)] for name, value in (answer.get("headers") or {}).items()}
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers[name] = [str(value) for value in values]
    if answer.get("cookies"):
        headers["Set-Cookie"] = list(answer["cookies"])
    body = answer.get("body") or ""
    text = body if isinstance(body, str) else json.dumps(body)
    data = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    return int(answer["statusCode"]), headers, data


def _pattern(route: Route) -> re.Pattern[str]:
    if route.path == "$default":
        return re.compile(".*")

    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"

    return re.compile(_PLACEHOLDER.sub(group, re.escape(route.path)))


def _vagueness(route: Route) -> tuple[int, int, bool]:
    return (
        route.path == "$default" or route.path.count("+}"),
        route.path.count("{"),
        (route.method == "ANY"),
    )
