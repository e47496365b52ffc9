"""Puts a report beside its result, or elsewhere."""

from __future__ import annotations

from pathlib import Path

from flowtag.errors import SettingsError, StorageError
from flowtag.runs import read_motion
from flowtag.whole_files import write_whole

REPORT = "report.html"


def require_template_engine() -> None:
    """Makes sure that reports can be made here.

    Raises:
        SettingsError: something is not installed.
    """
    try:
        import jinja2  # noqa: F401
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"there is no module {error.name}; reports need flowtag[report] to be installed"
        ) from error


def report_bytes(motion: Path, report: Path) -> bytes:
    """The report of a motion.json, to lie at a path.

    Raises:
        ContractError: the motion.json is damaged, or of another version.
        StorageError: something beside it cannot be read.
    """
    from flowtag.report.page import page_of

    try:
        return page_of(motion, read_motion(motion.read_bytes()), report)
    except OSError as error:
        raise StorageError(f"{error.filename or motion}: {error.strerror or error}") from error


def write_report(motion: Path, report: Path) -> None:
    """Writes the report of a motion.json, whole or not at all.

    Raises:
        ContractError: the motion.json is damaged, or of another version.
        StorageError: reading or writing failed.
    """
    write_whole(report, report_bytes(motion, report))
