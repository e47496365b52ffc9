"""The tools that flowtag is compared with, each installed in an environment of its own.

DVR-Scan and PySceneDetect ask for different versions of one package, so they cannot share one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PRINT_VERSION = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
_PRINT_FFMPEG = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
_SMALL = "scale=320:-2"


class NotInstalledError(Exception):
    """A peer cannot be had here; says why."""


@dataclass(frozen=True)
class Tool:
    """A program, and which version of it."""

    program: str
    version: str


@dataclass(frozen=True)
class Peer:
    """Something to measure.

    Attributes:
        name: in the table.
        tool: name of the tool that it needs, a key of what :func:`install_tools` returns.
        arguments: for the program, given the file.
    """

    name: str
    tool: str
    arguments: Callable[[Path], list[str]]


def _ffmpeg(filters: str | None) -> Callable[[Path], list[str]]:
    def arguments(path: Path) -> list[str]:
        chain = ["-vf", f"{_SMALL},{filters}"] if filters else []
        options = ["-hide_banner", "-nostdin", "-v", "error", "-threads", "1"]
        workers = ["-filter_threads", "1"]
        return [*options, *workers, "-i", str(path), "-map", "0:v:0", *chain, "-f", "null", "-"]

    return arguments


DECODING = Peer("ffmpeg, decoding only", "ffmpeg", _ffmpeg(None))
PEERS = (
    Peer("PySceneDetect, content", "scenedetect", lambda p: ["-q", "-i", str(p), "detect-content"]),
    Peer(
        "PySceneDetect, adaptive", "scenedetect", lambda p: ["-q", "-i", str(p), "detect-adaptive"]
    ),
    Peer("DVR-Scan, MOG2", "dvr-scan", lambda p: ["-q", "-so", "-b", "MOG2", "-i", str(p)]),
    Peer("ffmpeg scdet, 320 px", "ffmpeg", _ffmpeg("scdet")),
    Peer("ffmpeg siti, 320 px", "ffmpeg", _ffmpeg("siti")),
    Peer("ffmpeg vidstabdetect, 320 px", "ffmpeg", _ffmpeg(f"vidstabdetect=result={os.devnull}")),
    Peer("ffmpeg mestimate hexbs, 320 px", "ffmpeg", _ffmpeg("mestimate=method=hexbs")),
)


def install_tools(folder: Path) -> dict[str, Tool | NotInstalledError]:
    """Every peer's program, or why it is not there.

    Args:
        folder: where environments are made, unless they are there.
    """
    ways: dict[str, Callable[[], Tool]] = {
        "ffmpeg": lambda: _ffmpeg_tool(folder),
        "scenedetect": lambda: _packaged(
            folder, "scenedetect-headless>=0.7,<0.8", "scenedetect-headless", "scenedetect"
        ),
        "dvr-scan": lambda: _packaged(folder, "dvr-scan-headless", "dvr-scan-headless", "dvr-scan"),
    }
    found: dict[str, Tool | NotInstalledError] = {}
    for name, way in ways.items():
        try:
            found[name] = way()
        except NotInstalledError as error:
            found[name] = error
    return found


def _packaged(folder: Path, requirement: str, package: str, program: str) -> Tool:
    home = _environment(folder, requirement, package)
    version = _said([str(home / "python"), "-c", _PRINT_VERSION, package])
    return Tool(str(home / program), f"{package} {version}")


def _ffmpeg_tool(folder: Path) -> Tool:
    """The static FFmpeg that a package ships; else the system's."""
    try:
        home = _environment(folder, "imageio-ffmpeg", "imageio-ffmpeg")
        program = _said([str(home / "python"), "-c", _PRINT_FFMPEG])
    except NotInstalledError:
        system = shutil.which("ffmpeg")
        if system is None:
            raise
        program = system
    version = _said([program, "-version"]).splitlines()[0]
    return Tool(program, version.partition(" Copyright")[0])


def _environment(folder: Path, requirement: str, package: str) -> Path:
    """The folder of programs of an environment that holds a package."""
    home = (folder / package).absolute()
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    complete = home / "complete"
    if not complete.exists():
        print(f"installing {requirement} into {home}", file=sys.stderr)
        _said([sys.executable, "-m", "venv", "--clear", str(home)])
        pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
        _said([*pip, "-q", requirement])
        complete.touch()
    return programs


def _said(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotInstalledError(str(error)) from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise NotInstalledError(lines[-1])
    return done.stdout.strip()
