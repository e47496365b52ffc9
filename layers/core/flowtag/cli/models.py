"""``flowtag models``: what may estimate flow beside DIS, and whether it does what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowtag.wording import printable

if TYPE_CHECKING:
    from flowtag.models.registry import KeptModel
    from flowtag.models.verifying import Verified

_EPILOG = """\b
Examples:
  flowtag models list
  flowtag models add my-model/ --models s3://bucket/models
  flowtag models verify my-model --models s3://bucket/models
  flowtag tag clip.mov --out tags --estimator my-model@3f9a1c2b --models s3://bucket/models

A model is a folder of model.json and the ONNX graph that it names; docs/formats/models.md says what
they must be. Added ones stand under DIR/NAME/DIGEST/, versions side by side; none ever changes.
"""

_ROOT = click.option(
    "--models",
    "root",
    metavar="DIR|S3-URI",
    envvar="FLOWTAG_MODELS",
    help="Where models are, beside those built in. Also FLOWTAG_MODELS.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog=_EPILOG)
def models() -> None:
    """Lists, adds and checks models of flow."""


@models.command("list")
@_ROOT
@_JSON
def list_models(root: str | None, as_json: bool) -> None:
    """Names all models: one a line, as --estimator takes it, and where it is."""
    from flowtag.cli.model_places import registry_at

    for model in registry_at(root).all():
        click.echo(_as_json(model) if as_json else _line(model))


@models.command()
@click.argument("folder", metavar="DIR", type=Path)
@_ROOT
def add(folder: Path, root: str | None) -> None:
    """Takes the model in DIR into --models, and prints its name and digest.

    It is loaded and run first; one that is refused is not added.
    """
    from flowtag.cli.model_places import registry_at
    from flowtag.models.registry import read_folder
    from flowtag.models.verifying import verify

    registry = registry_at(root)
    registry.require_root()
    verify(read_folder(folder))
    added = registry.add(folder)
    click.echo(added.where, err=True)
    click.echo(f"{added.manifest.name}@{added.sha256}")


@models.command()
@click.argument("wanted", metavar="NAME[@DIGEST]")
@_ROOT
def show(wanted: str, root: str | None) -> None:
    """Prints a model's digest, place and model.json."""
    from flowtag.cli.model_places import registry_at

    click.echo(_as_json(registry_at(root).find(wanted), indent=2))


@models.command("verify")
@click.argument("wanted", metavar="NAME[@DIGEST]")
@_ROOT
@_JSON
def verify_model(wanted: str, root: str | None, as_json: bool) -> None:
    """Reads a model anew, checks its digests, loads it, and runs it on drawn pairs.

    Exit status 1 if it is refused. One that is accepted may still be bad: the figures say how far
    its flow is from the truth, on textures that are shifted as a whole.
    """
    from dataclasses import asdict

    from flowtag.cli.model_places import registry_at
    from flowtag.models.verifying import verify

    registry = registry_at(root)
    kept = registry.find(wanted)
    found = verify(registry.load(kept.manifest.name, kept.sha256))
    if as_json:
        click.echo(json.dumps({"model": str(kept), **asdict(found)}))
    else:
        click.echo(_told(kept, found))


def _line(model: KeptModel) -> str:
    return printable(f"{model!s:<30} {model.manifest.licence:<14} {model.where}")


def _as_json(model: KeptModel, indent: int | None = None) -> str:
    told: dict[str, Any] = {
        "estimator": str(model),
        "sha256": model.sha256,
        "where": model.where,
        "manifest": model.manifest.model_dump(mode="json", by_alias=True),
    }
    return json.dumps(told, indent=indent, ensure_ascii=False)


def _told(kept: KeptModel, found: Verified) -> str:
    return "\n".join(
        [
            f"{kept} is what it says, by {found.provider} in {found.precision}",
            f"median error of the worst pair  {found.epe_px:.3f} px",
            f"off by 1 px or more             {found.off_1px:.1%}",
            f"mean confidence                 {found.claimed:.2f}",
            f"loads in                        {found.load_seconds:.2f} s",
            f"takes a pair                    {found.pair_seconds:.3f} CPU s,"
            f" {found.cpu_seconds_per_megapixel:.2f} per megapixel",
        ]
    )
