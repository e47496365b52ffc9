"""The viewer's palette, whose light half stands twice: chosen by hand, and by the system.

CSS's ``light-dark()`` would do with once, but the timeline reads the colours' computed values for
its canvas, and of a variable the value is its text.
"""

from __future__ import annotations

import re
from pathlib import Path

TOKENS = (Path(__file__).parents[2] / "viewer/styles/tokens.css").read_text(encoding="utf-8")


def block(opening: str) -> dict[str, str]:
    """The properties of the rule that begins with a selector."""
    body = TOKENS.partition(opening)[2].partition("}")[0]
    return dict(re.findall(r"([\w-]+):\s*([^;]+);", body))


def test_light_is_the_same_whoever_chose_it() -> None:
    by_hand = block(':root[data-theme="light"] {')

    assert len(by_hand) > 20
    assert block(':root:not([data-theme="dark"]) {') == by_hand


def test_light_names_every_colour_of_dark() -> None:
    dark = {name for name, value in block(":root {").items() if "#" in value}

    assert dark - block(':root[data-theme="light"] {').keys() == set()
