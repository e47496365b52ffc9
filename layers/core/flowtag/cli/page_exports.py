"""Exports for the viewer's page, by the very command that people use: ``flowtag export``."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import click

from flowtag.errors import FlowtagError, SettingsError

_COMMAND, _OPTION = "export", "--format"

# A command line has its process to itself: what it does to warnings holds for all threads.
_ONE_AT_A_TIME = threading.Lock()


def export_formats() -> list[str]:
    """The formats that ``flowtag export`` writes; none where there is no such command."""
    command = _command()
    for parameter in command.params if command else ():
        if _OPTION in parameter.opts and isinstance(parameter.type, click.Choice):
            return [str(choice) for choice in parameter.type.choices]
    return []


def run_export(motion: Path, format_name: str, where: str | None) -> bytes:
    """What ``flowtag export`` writes. May be called by any thread; one export is made at a time.

    Args:
        motion: the motion.json to export from.
        format_name: one of :func:`export_formats`.
        where: filter that segments must match; None for all.

    Raises:
        SettingsError: there is no such format, or the command refused; it says why.
    """
    command = _command()
    if command is None or format_name not in export_formats():
        raise SettingsError(f"there is no format {format_name!r}")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "export")
        words = [str(motion), f"{_OPTION}={format_name}", "-o", str(written)]
        if where:
            words.append(f"--where={where}")
        try:
            with _ONE_AT_A_TIME:
                command.main(words, prog_name=f"flowtag {_COMMAND}", standalone_mode=False)
        except (click.ClickException, FlowtagError) as error:
            raise SettingsError(str(error)) from error
        return written.read_bytes()


def _command() -> click.Command | None:
    # Here, since it imports this module by way of the command that opens the page.
    from flowtag.cli import main

    return main.commands.get(_COMMAND)
