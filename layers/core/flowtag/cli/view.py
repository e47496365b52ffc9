"""``flowtag view``: results in a browser."""

from __future__ import annotations

import contextlib
import socket
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowtag.wording import count, printable

if TYPE_CHECKING:
    import uvicorn

    from flowtag.viewing.shelf import Shelf

_HOST = "127.0.0.1"
_PORT = 8377

_EPILOG = """\b
Examples:
  flowtag view tags                      all videos in an output folder
  flowtag view tags/take-2-3f9a1c2b77d0  one video
  flowtag view motion.json               one result, wherever it lies

It is served on 127.0.0.1 alone: the viewer, the results, and the videos that they name. Videos
that the browser cannot play are shown as stills.

\b
Exit status:
  0    stopped by Ctrl-C
  1    there is no result at that path, or it cannot be read
  2    wrong usage, or the port is taken
"""


@click.command(epilog=_EPILOG)
@click.argument("path", metavar="DIR|motion.json", type=Path)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Default: {_PORT}, or any that is free. 0: any that is free.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def view(path: Path, port: int | None, no_browser: bool) -> None:
    """Opens results in a browser: the library, and each video with its timeline.

    DIR may be an output folder, a video's folder, or a run's folder.
    """
    _require_server()
    from flowtag.cli.finding import find_motion
    from flowtag.viewing.shelf import Shelf

    shelf = Shelf(path, find_motion)
    # Of thousands of videos this takes seconds.
    click.echo(f"reading {printable(path)} …", err=True)
    found = shelf.refresh()
    for problem in shelf.problems:
        click.echo(f"left out: {printable(problem)}", err=True)
    opened = found[0].video_id if len(found) == 1 else None
    with _bound(port) as listener:
        address = f"http://{_HOST}:{listener.getsockname()[1]}/"
        click.echo(address)
        click.echo(f"{count(len(found), 'video')}; stop with Ctrl-C", err=True)
        if not no_browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            _server(shelf, opened).run(sockets=[listener])


def _require_server() -> None:
    from flowtag.errors import SettingsError

    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"there is no module {error.name}; flowtag view needs flowtag[view] to be installed"
        ) from error


def _server(shelf: Shelf, opened: str | None) -> uvicorn.Server:
    import uvicorn

    from flowtag.cli.export import EXPORT_FORMATS
    from flowtag.cli.page_exports import run_export
    from flowtag.viewing.pages import viewer_folder
    from flowtag.viewing.server import Exports, viewer_app

    app = viewer_app(shelf, viewer_folder(), Exports(EXPORT_FORMATS, run_export), opened)
    # Connections that a browser keeps open must not hold up Ctrl-C.
    return uvicorn.Server(
        uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    )


def _bound(port: int | None) -> socket.socket:
    from flowtag.errors import SettingsError

    try:
        return _listener(_PORT if port is None else port)
    except OSError as error:
        if port is None:
            return _listener(0)
        raise SettingsError(f"port {port}: {error.strerror}") from error


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
