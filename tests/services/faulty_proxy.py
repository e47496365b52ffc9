from __future__ import annotations

import contextlib
import http.client
import random
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal["429", "500", "503", "cut before", "cut after", "cut within"]
FAULTS: tuple[Fault, ...] = ("500", "503", "cut before", "cut after", "cut within")


@dataclass
class FaultyProxy:
    """Stands before an S3 server and lets some calls fail.

    Attributes:
        port: where it listens, on 127.0.0.1.
        choose: which fault befalls a call of a method, if any; see ``Fault``. "Cut after"
            cuts when the server has done as asked: its reply is lost.
        after: is called when the server has done as asked, and before the client hears of it.
        met: the faults that befell calls so far.
    """

    port: int
    choose: Callable[[str], Fault | None]
    after: Callable[[str], None]
    met: list[Fault] = field(default_factory=list)

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def now_and_then(share: float, seed: int) -> Callable[[str], Fault | None]:
    """A share of all calls fails, in every way alike often; the same ones at every run."""
    draw, lock = random.Random(seed), threading.Lock()

    def choose(method: str) -> Fault | None:
        with lock:
            return draw.choice(FAULTS) if draw.random() < share else None

    return choose


def once(fault: Fault, method: str) -> Callable[[str], Fault | None]:
    """The first call of a method fails."""
    left = [fault]
    return lambda called: left.pop() if called == method and left else None


@contextlib.contextmanager
def faulty_proxy(
    port: int,
    choose: Callable[[str], Fault | None],
    after: Callable[[str], None] = lambda method: None,
) -> Iterator[FaultyProxy]:
    """Runs a proxy before the server that listens on ``port``.

    Args:
        port: of the server.
        choose: as :class:`FaultyProxy` has it.
        after: is called when the server has done as asked, and before the client hears of it.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    proxy = FaultyProxy(server.server_address[1], choose, after)
    server.proxy, server.upstream = proxy, port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultyProxy
    upstream: int

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of a failing server hang up; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.choose(self.command)
        if fault is not None:
            self.server.proxy.met.append(fault)
        if fault == "cut before":
            self._cut()
            return
        if fault in ("429", "500", "503"):
            self._refuse(int(fault))
            return
        self._forward(body, fault)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _handle

    def _forward(self, body: bytes, fault: Fault | None) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            reply = upstream.getresponse()
            data = reply.read()
        finally:
            upstream.close()
        self.server.proxy.after(self.command)
        if fault == "cut after":
            self._cut()
            return
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = reply.getheader("Content-Length") if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        if fault == "cut within":
            self.wfile.write(data[: len(data) // 2])
            self._cut()
            return
        if self.command != "HEAD":
            self.wfile.write(data)

    def _refuse(self, status: int) -> None:
        code = {429: "TooManyRequestsException", 503: "SlowDown"}.get(status, "InternalError")
        text = f"<Error><Code>{code}</Code><Message>try again</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(0 if self.command == "HEAD" else len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
