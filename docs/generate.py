"""Writes the pages that follow from the code: help texts, thresholds, JSON Schemas, OpenAPI.

    python -m docs.generate [PAGE...]

Tests keep the pages in step: whoever changes a help text or a threshold runs ``make docs``.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer
from pydantic import BaseModel

from flowtag import __version__
from flowtag.catalog_entry import Catalog
from flowtag.cli import main as flowtag
from flowtag.cli.schema import motion_schema
from flowtag.models.manifest import ModelManifest
from flowtag.settings import DECODING, PRESETS, DecodingSettings, FlowSettings
from flowtag.thresholds import RefineSettings, Thresholds
from functions.api.app import app as api

ROOT = Path(__file__).parents[1]
_HELP_WIDTH = 80

_CLI = """\
# The command

The help texts of `flowtag`, as it prints them. Written by `make docs`.
"""

_API = """\
Videos, their motion metadata, links to files and pictures, and uploads. Callers show a JWT of the
issuer that the application was deployed with; where none was named, they sign with AWS's SigV4.
"""

_THRESHOLDS = """\
# Thresholds and presets

Where assembly draws its lines, with the reason for each value, and how the presets decode and
estimate flow.
Written by `make docs` from `flowtag/thresholds.py` and `settings.py`, where each stands once. All
are part of a run's settings, are written into `motion.json`, and change its run id.
"""


_REFINING = """\
Which pairs of frames `--refine MODEL` has estimated again after DIS, and when the model's flow
counts. [Why](decisions/estimating-flow.md#only-where-it-pays).
"""


def cli_page() -> str:
    """``docs/cli.md``: what ``--help`` prints, for the command and each of its commands."""
    parts = [_CLI, _help_section(flowtag, ("flowtag",))]
    for name in flowtag.list_commands(click.Context(flowtag)):
        command = flowtag.commands[name]
        parts.append(_help_section(command, ("flowtag", name)))
        if isinstance(command, click.Group):
            parts += [
                _help_section(inner, ("flowtag", name, word))
                for word, inner in sorted(command.commands.items())
            ]
    return "\n".join(parts)


def thresholds_page() -> str:
    """``docs/thresholds.md``: thresholds with their reasons, presets side by side."""
    parts = [_THRESHOLDS, "## Thresholds\n", *_reasons(Thresholds)]
    parts += ["\n## Refining\n", _REFINING, *_reasons(RefineSettings)]
    parts += ["\n## Presets\n", _presets_table(), ""]
    return "\n".join(parts)


def _reasons(settings: type[BaseModel]) -> list[str]:
    """An entry for each of the settings that has a value of its own."""
    entries = []
    for name, field in settings.model_fields.items():
        if field.is_required():
            continue
        reason = textwrap.fill(field.description or "", 96, initial_indent="  ")
        reason = reason.replace("\n", "\n  ")
        entries.append(f"- `{name}` = {_plain(field.default)}\n{reason}")
    return entries


def schema_page() -> str:
    """``docs/formats/motion.schema.json``: what ``flowtag schema`` prints."""
    return json.dumps(motion_schema(), indent=2, ensure_ascii=False) + "\n"


def model_schema_page() -> str:
    """``docs/formats/model.schema.json``: what a model says of itself."""
    schema = ModelManifest.model_json_schema(by_alias=True)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def catalog_schema_page() -> str:
    """``docs/formats/catalog.schema.json``: what ``catalog/catalog.json`` looks like."""
    schema = Catalog.model_json_schema(by_alias=True, mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def openapi_page() -> str:
    """``docs/formats/openapi.json``: what the API answers and takes, as Powertools tells it."""
    described = json.loads(
        api.get_openapi_json_schema(
            title="flowtag",
            version=__version__,
            description=_API,
            security_schemes={"jwt": HTTPBearer(bearerFormat="JWT")},
            security=[{"jwt": []}],
        )
    )
    _drop_unused(described["components"]["schemas"], described)
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": cli_page,
    "docs/thresholds.md": thresholds_page,
    "docs/formats/motion.schema.json": schema_page,
    "docs/formats/catalog.schema.json": catalog_schema_page,
    "docs/formats/model.schema.json": model_schema_page,
    "docs/formats/openapi.json": openapi_page,
}


def _drop_unused(schemas: dict[str, Any], described: dict[str, Any]) -> None:
    # Powertools describes its own errors too, whose place flowtag's problems take.
    def is_used(name: str) -> bool:
        return f'"#/components/schemas/{name}"' in json.dumps(described)

    while unused := [name for name in schemas if not is_used(name)]:
        for name in unused:
            del schemas[name]


def _help_section(command: click.Command, words: tuple[str, ...]) -> str:
    parent = None
    for word in words[:-1]:
        parent = click.Context(flowtag, info_name=word, parent=parent)
    context = click.Context(
        command,
        info_name=words[-1],
        parent=parent,
        terminal_width=_HELP_WIDTH,
        max_content_width=_HELP_WIDTH,
    )
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {' '.join(words)}\n\n```text\n{text}\n```\n"


def _presets_table() -> str:
    names = list(PRESETS)
    rows = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for name in FlowSettings.model_fields:
        values = [_plain(getattr(preset, name)) for preset in PRESETS.values()]
        rows.append(f"| `{name}` | {' | '.join(values)} |")
    for name in DecodingSettings.model_fields:
        values = [_plain(getattr(DECODING[preset], name)) for preset in PRESETS]
        rows.append(f"| `{name}` | {' | '.join(values)} |")
    described = [*_notes(FlowSettings), *_notes(DecodingSettings)]
    notes = [f"- `{name}`: {note}" for name, note in described]
    return "\n".join([*rows, "", *notes])


def _notes(model: type[BaseModel]) -> list[tuple[str, str]]:
    fields = model.model_fields.items()
    return [(name, field.description) for name, field in fields if field.description]


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_plain(each) for each in value)
    return str(value)


def main() -> None:
    """Writes the pages that are named, or all."""
    parser = argparse.ArgumentParser(description="Write the pages that follow from the code.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=", ".join(PAGES))
    for name in parser.parse_args().pages or PAGES:
        if name not in PAGES:
            parser.error(f"no such page: {name}")
        (ROOT / name).write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
