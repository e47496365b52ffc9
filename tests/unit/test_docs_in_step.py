"""What is written follows from the code: whoever changes one is told of the other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.generate import PAGES
from flowtag.catalog_entry import CatalogEntry
from flowtag.contracts.features import FRAME_DTYPE, PAIR_DTYPE
from flowtag.contracts.metadata import MotionMetadata

ROOT = Path(__file__).parents[2]
ASSEMBLY = ROOT / "layers/core/flowtag/assembly"


@pytest.mark.parametrize("page", sorted(PAGES))
def test_generated_pages_are_what_the_code_says(page: str) -> None:
    written = (ROOT / page).read_text(encoding="utf-8")

    assert written == PAGES[page]()


def test_every_flag_that_assembly_can_raise_is_explained() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in ASSEMBLY.glob("*.py"))
    raised = set(re.findall(r'flags\.(?:add|append)\("(\w+)"', sources))
    raised |= {
        word
        for found in re.findall(r"flags \|?\+?= [\[{]([^\]}]*)", sources)
        for word in re.findall(r'"(\w+)"', found)
    }
    explained = (ROOT / "docs/formats/motion-json.md").read_text(encoding="utf-8")

    assert {"flash", "truncated", "single_frame", "blank"} <= raised
    assert {flag for flag in raised if f"`{flag}`" not in explained} == set()


def test_every_column_of_the_table_is_explained() -> None:
    page = (ROOT / "docs/formats/frames-parquet.md").read_text(encoding="utf-8")
    columns = {*(FRAME_DTYPE.names or ()), *(PAIR_DTYPE.names or ())} - {"confidence"}

    assert {name for name in columns if f"`{name}`" not in page} == set()


def test_the_schema_describes_every_part_of_a_segment() -> None:
    schema = MotionMetadata.model_json_schema(by_alias=True)

    assert set(schema["properties"]) == {"schema", "video", "analysis", "shots", "segments"}
    assert schema["$defs"]["Segment"]["additionalProperties"] is False


def test_every_field_of_the_catalog_is_explained() -> None:
    page = (ROOT / "docs/formats/catalog.md").read_text(encoding="utf-8")

    assert {name for name in CatalogEntry.model_fields if f"`{name}`" not in page} == set()


def test_every_request_of_the_api_is_explained() -> None:
    page = (ROOT / "docs/formats/api.md").read_text(encoding="utf-8")
    paths = json.loads((ROOT / "docs/formats/openapi.json").read_text(encoding="utf-8"))["paths"]
    requests = {
        f"`{method.upper()} {path}`" for path, methods in paths.items() for method in methods
    }

    assert len(requests) == 7
    assert {request for request in requests if request not in page} == set()
