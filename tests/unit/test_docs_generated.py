"""The pages that follow from the code are in step with it, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import PAGES, ROOT

_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
_TARGET = re.compile(r"`make ([a-z]+)`")

DOCUMENTS = sorted(
    path for folder in (ROOT.glob("*.md"), (ROOT / "docs").rglob("*.md")) for path in folder
)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_what_would_be_written_now(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_lead_to_files(document: Path) -> None:
    links = _LINK.findall(document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_the_make_targets_that_are_named_exist(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(_TARGET.findall(document.read_text(encoding="utf-8")))

    assert [name for name in sorted(named) if f"\n{name}:" not in makefile] == []
