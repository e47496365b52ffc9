"""Draws what ``flowtag show`` prints on a terminal as an SVG.

    python -m docs.picture DIR PICTURE.svg

Runs the command itself on a terminal of its own, so the picture cannot show what it does not print.
"""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_COLUMNS = 146
_COLOURS = "161b22 ff7b72 7ee787 f2cc60 79c0ff d2a8ff 76e3ea e6edf3"
_PALETTE = [(int(c[:2], 16), int(c[2:4], 16), int(c[4:], 16)) for c in _COLOURS.split()]
_THEME = TerminalTheme(_PALETTE[0], _PALETTE[-1], _PALETTE)
_FONTS = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def on_a_terminal(command: list[str], columns: int) -> str:
    """What a command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdout=theirs, env=environment):
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:
            pass  # Linux's way to say that the other side is closed.
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def drawn(command: str, printed: str) -> str:
    """An SVG of a command and what it printed, without fonts from elsewhere."""
    lines = [line.rstrip() for line in printed.rstrip().splitlines()]
    screen = Text.assemble((f"$ {command}\n", "bold"), Text.from_ansi("\n".join(lines)))
    width = max(len(line.plain) for line in screen.split("\n"))
    console = Console(record=True, width=width + 1, file=io.StringIO(), force_terminal=True)
    console.print(screen, highlight=False)
    console.print()
    svg = console.export_svg(title="flowtag", theme=_THEME, unique_id="flowtag")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {_FONTS};", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def main() -> None:
    """Draws a picture."""
    parser = argparse.ArgumentParser(description="Draw what flowtag show prints.")
    parser.add_argument("results", type=Path, metavar="DIR")
    parser.add_argument("picture", type=Path, metavar="PICTURE.svg")
    wanted = parser.parse_args()
    command = [sys.executable, "-m", "flowtag.cli", "show", str(wanted.results)]
    printed = on_a_terminal(command, _COLUMNS)
    wanted.picture.write_text(drawn(f"flowtag show {wanted.results}", printed), encoding="utf-8")


if __name__ == "__main__":
    main()
