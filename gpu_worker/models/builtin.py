"""Writing a model into the package: its graph, and the ``model.json`` that tells of it."""

from __future__ import annotations

import json
from pathlib import Path

from flowtag.flow.calibration import DIS_CALIBRATION
from flowtag.models.manifest import MANIFEST_NAME, ModelManifest, read_manifest, sha256_of
from flowtag.models.registry import BUILT_IN


def write_model(manifest: ModelManifest, graph: bytes, root: Path = BUILT_IN) -> Path:
    """Writes a model, and keeps the calibration that was fitted for the same graph.

    Args:
        manifest: all but the calibration, the figures, and the digest, which follow from others.
        graph: bytes of the ONNX file.
        root: folder of models.

    Returns:
        The model's folder.

    Raises:
        ModelError: what is there is no model.
        OSError: the folder cannot be written to.
    """
    folder = root / manifest.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifest.file).write_bytes(graph)
    described = manifest.model_copy(update={"sha256": sha256_of(graph)})
    path = folder / MANIFEST_NAME
    if path.exists():
        before = read_manifest(path.read_bytes(), str(path))
        kept = ("calibration", "evaluation") if before.sha256 == described.sha256 else ()
        described = described.model_copy(update={name: getattr(before, name) for name in kept})
    write_manifest(described, folder)
    return folder


def write_manifest(manifest: ModelManifest, folder: Path) -> None:
    """Writes ``model.json`` as people read it."""
    content = manifest.model_dump(mode="json", by_alias=True, exclude_none=True)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


UNCALIBRATED = DIS_CALIBRATION
"""Stands until ``benchmarks.calibrate_confidence --write`` has fitted a model's own."""
