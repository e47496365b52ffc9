"""What stands at a mark: its name, its figures, its colour; and text that fits into a format."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from flowtag.contracts.metadata import Level, Segment

_UNITS = {"pan": "w/s", "tilt": "h/s", "zoom": "/s", "roll": "deg/s"}
_ELLIPSIS = "..."

Palette = Mapping[Level | None, str]
"""A program's names of colours, by level; None: of an unknown level."""


def mark_name(segment: Segment) -> str:
    """A segment in a few words: ``high: pan right, zoom in``."""
    level = segment.motion.level or "motion unknown"
    labels = [_label(label) for label in segment.camera.labels]
    return f"{level}: {', '.join(labels)}" if labels else level


def mark_comment(segment: Segment) -> str:
    """A segment's figures and how far they can be trusted, in one line that begins with a word."""
    motion, camera, subject = segment.motion, segment.camera, segment.subject
    rates = [
        f"{name} {value:+.2f} {unit}"
        for name, unit in _UNITS.items()
        if any(label.startswith(name) for label in camera.labels)
        and (value := getattr(camera, name)) is not None
    ]
    said = [f"camera {camera.steadiness or 'unknown'}", *rates]
    if subject.level is not None:
        area = f" in {subject.area:.0%} of the picture" if subject.area else ""
        said.append(f"subject {subject.level}{area}")
    trust = segment.confidence
    said.append(f"confidence {trust.mean:.0%}, coverage {trust.coverage:.0%}")
    if motion.speed is not None:
        said.append(f"speed {motion.speed:.2f} diagonals/s")
    said += [f"activity {motion.activity} of 5"] if motion.activity is not None else []
    said += [" ".join(segment.flags)] if segment.flags else []
    return "; ".join([*said, f"segment {segment.index}, shot {segment.shot}"])


def one_line(text: str, most: int, forbidden: str = "") -> str:
    """Text without anything that a line of text, or XML, cannot hold, cut to a length.

    Args:
        text: any text.
        most: characters at most; what is cut ends in ``...``.
        forbidden: characters that mean something in the format; they become ``/``.
    """
    line = "".join(_plain(character, forbidden) for character in text).strip()
    return line if len(line) <= most else line[: most - len(_ELLIPSIS)].rstrip() + _ELLIPSIS


def ascii_only(text: str) -> str:
    """Text for readers that know no more than ASCII: accents go, the rest becomes ``?``."""
    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in bare)


def _plain(character: str, forbidden: str) -> str:
    if character in forbidden:
        return "/"
    # Cc: controls; Cs: what is left of names that are no UTF-8; Zl, Zp: other ends of lines.
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    return "?" if kind == "Cs" or ord(character) & 0xFFFE == 0xFFFE else character


def _label(label: str) -> str:
    return "static camera" if label == "static" else label.replace("_", " ")
