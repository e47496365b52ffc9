"""Exports for the viewer's page, by the very command that people use: ``flowtag export``."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import click

from flowtag.cli.export import EXPORT_FORMATS, export
from flowtag.errors import FlowtagError, SettingsError

# A command line has its process to itself: what it does to warnings holds for all threads.
_ONE_AT_A_TIME = threading.Lock()


def run_export(motion: Path, format_name: str, where: str | None) -> bytes:
    """What ``flowtag export`` writes. May be called by any thread; one export is made at a time.

    Args:
        motion: the motion.json to export from.
        format_name: one of ``EXPORT_FORMATS``.
        where: filter that segments must match; None for all.

    Raises:
        SettingsError: there is no such format, or the command refused; it says why.
    """
    if format_name not in EXPORT_FORMATS:
        raise SettingsError(f"there is no format {format_name!r}")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "export")
        words = [str(motion), f"--format={format_name}", "-o", str(written)]
        if where:
            words.append(f"--where={where}")
        try:
            with _ONE_AT_A_TIME:
                export.main(words, prog_name="flowtag export", standalone_mode=False)
        except (click.ClickException, FlowtagError) as error:
            raise SettingsError(str(error)) from error
        return written.read_bytes()
