"""Exports for the viewer's page, by the very command that people use: ``flowtag export``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from flowtag.errors import SettingsError

_COMMAND = "export"
_TIMEOUT_SECONDS = 120


def export_formats() -> list[str]:
    """The formats that ``flowtag export`` writes; none where there is no such command."""
    from flowtag.cli import main

    command = main.commands.get(_COMMAND)
    for parameter in command.params if command else ():
        if parameter.name == "format" and isinstance(parameter.type, click.Choice):
            return [str(choice) for choice in parameter.type.choices]
    return []


def run_export(motion: Path, format_name: str, where: str | None) -> bytes:
    """What ``flowtag export`` writes.

    Args:
        motion: the motion.json to export from.
        format_name: one of :func:`export_formats`.
        where: filter that segments must match; None for all.

    Raises:
        SettingsError: there is no such format, or the command refused; it says why.
    """
    if format_name not in export_formats():
        raise SettingsError(f"there is no format {format_name!r}")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "export")
        command = [sys.executable, "-m", "flowtag.cli", _COMMAND, str(motion)]
        command += [f"--format={format_name}", "-o", str(written)]
        if where:
            command.append(f"--where={where}")
        ran = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False, text=True
        )
        if ran.returncode or not written.is_file():
            raise SettingsError(ran.stderr.strip() or "flowtag export wrote nothing")
        return written.read_bytes()
