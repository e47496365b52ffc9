"""The server behind ``flowtag view``: viewer, results and videos, for this machine alone.

It answers as a bucket behind a CDN would: ``data/`` has the layout of an output folder, catalog
included. Beside that it gives out the videos by ranges, and exports.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowtag.catalog_entry import Catalog
from flowtag.errors import FlowtagError, ObjectNotFoundError, SettingsError
from flowtag.latest import Latest
from flowtag.viewing.shelf import Shelf

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Results change, and the viewer with every release: ask whether they did.
    "Cache-Control": "no-cache",
}
_HOSTS = ("127.0.0.1", "localhost")

Answer = Callable[[Request], Awaitable[Response]]


class _Headed:
    """Sets the headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(n.lower().encode(), v.encode()) for n, v in _HEADERS.items()]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, headed)


@dataclass(frozen=True)
class Exports:
    """What can be exported, and how.

    Attributes:
        formats: names of the formats.
        run: takes a motion.json, a format and a filter, and returns what is written; raises
            :class:`~flowtag.errors.SettingsError` where that cannot be done.
    """

    formats: tuple[str, ...]
    run: Callable[[Path, str, str | None], bytes]


def viewer_app(shelf: Shelf, pages: Path, exports: Exports, opened: str | None) -> Starlette:
    """The application.

    Args:
        shelf: the results.
        pages: folder with the viewer's files.
        exports: what the page can ask to be exported.
        opened: the video to begin with; None: the library.
    """
    return Starlette(
        routes=[
            Route("/config.json", _config(exports, opened)),
            Route("/data/catalog/catalog.json", partial(_catalog, shelf)),
            Route("/data/{video}/latest.json", partial(_latest, shelf)),
            Route("/data/{video}/{run}/{name:path}", partial(_run_file, shelf)),
            Route("/media/{video}/{run}", partial(_video, shelf)),
            Route("/export/{video}/{run}", partial(_export, shelf, exports)),
            Mount("/", StaticFiles(directory=pages, html=True)),
        ],
        # A page from elsewhere must not reach these files by a name that leads to this machine.
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS, www_redirect=False),
            Middleware(_Headed),
        ],
        exception_handlers={FlowtagError: _refuse},
    )


def _config(exports: Exports, opened: str | None) -> Answer:
    async def config(request: Request) -> Response:
        return JSONResponse(
            {"data": "data/", "media": "media/", "open": opened, "export": exports.formats}
        )

    return config


async def _catalog(shelf: Shelf, request: Request) -> Response:
    entries = await run_in_threadpool(shelf.refresh)
    catalog = Catalog(schema="flowtag.catalog/1", videos=entries)
    return Response(catalog.model_dump_json(by_alias=True), media_type="application/json")


async def _latest(shelf: Shelf, request: Request) -> Response:
    for entry in await run_in_threadpool(shelf.refresh):
        if entry.video_id == request.path_params["video"]:
            latest = Latest(
                schema="flowtag.latest/1",
                video_id=entry.video_id,
                run_id=entry.run_id,
                motion=entry.motion,
                source=entry.source,
                planned_at=entry.planned_at,
            )
            return Response(latest.model_dump_json(by_alias=True), media_type="application/json")
    raise ObjectNotFoundError("there is no such video")


async def _run_file(shelf: Shelf, request: Request) -> Response:
    wanted = request.path_params
    path = await run_in_threadpool(shelf.file, wanted["video"], wanted["run"], wanted["name"])
    return FileResponse(path)


async def _video(shelf: Shelf, request: Request) -> Response:
    wanted = request.path_params
    path = await run_in_threadpool(shelf.video, wanted["video"], wanted["run"])
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind)


async def _export(shelf: Shelf, exports: Exports, request: Request) -> Response:
    wanted, asked = request.path_params, request.query_params
    motion = await run_in_threadpool(shelf.file, wanted["video"], wanted["run"], "motion.json")
    exported = await run_in_threadpool(
        exports.run, motion, asked.get("format", ""), asked.get("where")
    )
    return Response(exported, media_type="application/octet-stream")


async def _refuse(request: Request, error: Exception) -> Response:
    status = 500
    if isinstance(error, ObjectNotFoundError):
        status = 404
    elif isinstance(error, SettingsError):
        status = 422
    return JSONResponse({"detail": str(error)}, status_code=status)
