"""Every field, flag and column that flowtag writes is documented, and nothing else is."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest

from docs.generate import ROOT
from flowtag.cli.schema import motion_schema
from flowtag.contracts.evidence import EvidenceIndex, EvidencePair, Reason, write_sample
from flowtag.flow.onnx_graph import INPUTS, OUTPUTS
from flowtag.models.manifest import ModelManifest
from flowtag.tables import table_schema
from tests.unit.run_objects import make_plan
from tests.unit.test_evidence import make_sample

_FORMATS = ROOT / "docs" / "formats"
_ASSEMBLY = ROOT / "layers" / "core" / "flowtag" / "assembly"
_CODE = re.compile(r"`([^`]+)`")


def _named_in(text: str) -> set[str]:
    return set(_CODE.findall(text))


def _first_cells(text: str) -> set[str]:
    """What stands in backticks in the first cells of the tables of a text."""
    rows = (line.split("|")[1] for line in text.splitlines() if line.startswith("|"))
    return {name for cell in rows for name in _CODE.findall(cell)}


def _section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def motion_page() -> str:
    return (_FORMATS / "motion-json.md").read_text(encoding="utf-8")


def test_every_field_of_the_schema_is_documented(motion_page: str) -> None:
    schema = motion_schema()
    models = [schema, *schema["$defs"].values()]
    fields = {name for model in models for name in model["properties"]}

    assert sorted(fields - _named_in(motion_page)) == []


def test_every_value_that_the_schema_lists_is_documented(motion_page: str) -> None:
    values = {value for value in _enumerated(motion_schema()) if isinstance(value, str)}

    assert "pan_left" in values
    assert sorted(values - _named_in(motion_page)) == []


def test_every_documented_field_is_in_the_schema(motion_page: str) -> None:
    schema = motion_schema()
    models = [schema, *schema["$defs"].values()]
    fields = {name for model in models for name in model["properties"]}
    tables = motion_page.split("\n## Flags\n")[0]

    assert sorted(_first_cells(tables) - fields) == []


def test_the_flags_that_are_documented_are_those_that_can_be_said(motion_page: str) -> None:
    assert _first_cells(_section(motion_page, "Flags")) == set(_flags_in_code())


def test_every_column_of_the_table_is_documented() -> None:
    page = (_FORMATS / "frames-parquet.md").read_text(encoding="utf-8")
    schema = table_schema(make_plan())

    assert _first_cells(page) == set(schema.names)
    assert {key.decode() for key in schema.metadata} <= _named_in(page)


def test_every_field_and_reason_of_evidence_is_documented() -> None:
    page = (_FORMATS / "evidence.md").read_text(encoding="utf-8")
    index = _section(page, "index.json")
    arrays = np.load(io.BytesIO(write_sample(make_sample()))).files

    assert _first_cells(index) == {*EvidencePair.model_fields, *get_args(Reason)}
    assert set(EvidenceIndex.model_fields) - {"schema_name"} <= _named_in(index)
    assert _first_cells(_section(page, "NNNN.npz")) == set(arrays)


def _enumerated(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        yield from node.get("enum", [])
        for child in node.values():
            yield from _enumerated(child)
    elif isinstance(node, list):
        for child in node:
            yield from _enumerated(child)


def _flags_in_code() -> Iterator[str]:
    """Texts that assembly puts where flags are kept."""
    for module in sorted(_ASSEMBLY.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            for value in _flag_expressions(node):
                yield from _texts(value)


def _flag_expressions(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.AugAssign) and _is_flags(node.target):
        return [node.value]
    if not isinstance(node, ast.Call):
        return []
    if isinstance(node.func, ast.Attribute) and _is_flags(node.func.value):
        return node.args
    if isinstance(node.func, ast.Name) and node.func.id == "_Span":
        return node.args
    return [word.value for word in node.keywords if word.arg == "flags"]


def _is_flags(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "flags"


def _texts(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def test_every_field_of_a_model_is_documented_and_no_other() -> None:
    page = (_FORMATS / "models.md").read_text(encoding="utf-8")
    fields = set(ModelManifest.model_json_schema(by_alias=True)["properties"])

    assert _first_cells(_section(page, "model.json")) - {"field"} == fields


def test_every_output_of_a_graph_is_documented() -> None:
    page = (_FORMATS / "models.md").read_text(encoding="utf-8")

    assert {*INPUTS, *OUTPUTS} <= _named_in(_section(page, "The graph"))
