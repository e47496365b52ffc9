"""``flowtag schema``: what a motion.json may hold, for those who write readers."""

from __future__ import annotations

import json
from typing import Any

import click


@click.command()
def schema() -> None:
    """Prints the JSON Schema of motion.json."""
    click.echo(json.dumps(motion_schema(), indent=2, ensure_ascii=False))


def motion_schema() -> dict[str, Any]:
    """The JSON Schema of ``motion.json`` as it is written; readers should ignore what it lacks."""
    from flowtag.contracts.metadata import MotionMetadata

    described = MotionMetadata.model_json_schema(by_alias=True)
    for model in (described, *described["$defs"].values()):
        # What has a default in Python is written all the same.
        model["required"] = list(model["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:flowtag:motion:1",
        **described,
        "title": "flowtag motion metadata, version 1",
    }
