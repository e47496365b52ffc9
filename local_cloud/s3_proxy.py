"""Stands before an S3 server, changes nothing, and tells which objects were written."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from io import BufferedIOBase

from local_cloud.loopback import LoopbackServer, QuietHandler, serving
from local_cloud.s3_events import Created, created, kind_of_write

_PIECE_BYTES = 256 * 1024
_PATIENCE_SECONDS = 600
# S3 takes so much of a form before the file.
_FORM_BYTES = 20_000
# These concern one connection only (RFC 9110, 7.6.1), of which there are two here.
_PER_CONNECTION = {"connection", "keep-alive", "expect", "transfer-encoding", "upgrade"}


@contextlib.contextmanager
def s3_proxy(port: int, upstream: int, tell: Callable[[Created], None]) -> Iterator[int]:
    """Passes requests on to the S3 server at a port of this machine.

    Signatures stay valid: path, headers and body go through as they came, ``Host`` included.

    Args:
        port: where to listen on 127.0.0.1; 0 for any free port.
        upstream: where the S3 server listens.
        tell: is called after each write that succeeded, before the client hears of it; from
            several threads.

    Yields:
        The port.

    Raises:
        OSError: somebody else listens there.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    server.upstream, server.tell = upstream, tell
    with serving(server) as listens_at:
        yield listens_at


class _Server(LoopbackServer):
    upstream: int
    tell: Callable[[Created], None]


class _Handler(QuietHandler):
    server: _Server

    def _handle(self) -> None:
        upstream = http.client.HTTPConnection(
            "127.0.0.1", self.server.upstream, timeout=_PATIENCE_SECONDS
        )
        try:
            self._ask(upstream)
            self._answer(upstream.getresponse())
        finally:
            upstream.close()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = do_OPTIONS = _handle

    def _ask(self, upstream: http.client.HTTPConnection) -> None:
        self._form = b""
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _PER_CONNECTION:
                upstream.putheader(name, value)
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            upstream.putheader("Transfer-Encoding", "chunked")
            upstream.endheaders()
            for piece in _chunks_as_sent(self.rfile):
                upstream.send(piece)
        else:
            upstream.endheaders()
            left = int(self.headers.get("Content-Length") or 0)
            while left:
                piece = self.rfile.read1(min(left, _PIECE_BYTES))
                if not piece:
                    raise ConnectionError("the client sent less than it had announced")
                upstream.send(piece)
                self._form += piece[: _FORM_BYTES - len(self._form)]
                left -= len(piece)

    def _answer(self, reply: http.client.HTTPResponse) -> None:
        asked = _lowered(self.headers)
        reason = kind_of_write(self.command, self.path, asked)
        if reason and 200 <= reply.status < 300:
            # Short answers. The client must find its event sent when it goes on.
            body = reply.read()
            what = created(reason, self.path, asked, _lowered(reply.headers), body, self._form)
            if what is not None:
                self.server.tell(what)
            self._begin(reply, {"Content-Length": str(len(body))})
            self.wfile.write(body)
        elif self.command == "HEAD" or reply.status in (204, 304):
            self._begin(reply, {})
        elif reply.getheader("Content-Length") is not None:
            self._begin(reply, {})
            for piece in iter(lambda: reply.read1(_PIECE_BYTES), b""):
                self.wfile.write(piece)
        else:
            self._begin(reply, {"Transfer-Encoding": "chunked"})
            for piece in iter(lambda: reply.read1(_PIECE_BYTES), b""):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def _begin(self, reply: http.client.HTTPResponse, instead: Mapping[str, str]) -> None:
        left_out = _PER_CONNECTION | {name.lower() for name in instead}
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in left_out:
                self.send_header(name, value)
        for name, value in instead.items():
            self.send_header(name, value)
        self.end_headers()


def _lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _chunks_as_sent(body: BufferedIOBase) -> Iterator[bytes]:
    """The chunks of a chunked request with their framing, and the trailer."""
    while True:
        size_line = body.readline()
        yield size_line
        size = int(size_line.partition(b";")[0], 16)
        if not size:
            break
        left = size + len(b"\r\n")
        while left:
            piece = body.read(min(left, _PIECE_BYTES))
            if not piece:
                raise ConnectionError("the client sent less than it had announced")
            yield piece
            left -= len(piece)
    line = b""
    while line != b"\r\n":
        line = body.readline()
        if not line:
            raise ConnectionError("the client sent less than it had announced")
        yield line
