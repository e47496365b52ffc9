"""``--where``: a filter on the command line, and its mistakes pointed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flowtag.wording import printable

if TYPE_CHECKING:
    from flowtag.errors import FilterError
    from flowtag.filtering import Filter

_Command = TypeVar("_Command", bound=Callable[..., Any])


def read_filter(text: str) -> Filter:
    """Reads a filter as soon as the command is read.

    Raises:
        click.UsageError: it is none; it shows where in it the mistake is.
    """
    from flowtag.errors import FilterError
    from flowtag.filtering import parse_filter

    try:
        return parse_filter(text)
    except FilterError as error:
        raise click.UsageError(f"--where: {pointed(error)}") from error


def where_option(command: _Command) -> _Command:
    """Gives a command the option ``--where``."""
    return click.option(
        "--where",
        type=read_filter,
        metavar="FILTER",
        help="Only segments of which this is true, such as"
        " 'level>=high and camera has pan and length>2s'. See docs/formats/filter.md.",
    )(command)


def pointed(error: FilterError) -> str:
    """A mistake with the filter below it, and a mark below the place."""
    # Escapes of one line would be longer than what they stand for: the mark would miss.
    shown = "".join(c if c.isprintable() else " " for c in error.text)
    return f"{printable(error.reason)}\n  {shown}\n  {' ' * (error.column - 1)}^"
