"""A model of flow, whole and checked: its manifest and its graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from flowtag.errors import ModelError
from flowtag.models.manifest import ModelManifest, read_manifest, sha256_of


@dataclass(frozen=True, slots=True)
class FlowModel:
    """A model whose graph is the one that its manifest names.

    Attributes:
        manifest: what it says of itself.
        sha256: digest of the model, that is of the bytes of its ``model.json``.
        graph: bytes of the ONNX file.
    """

    manifest: ModelManifest
    sha256: str
    graph: bytes

    @classmethod
    def of(cls, manifest_bytes: bytes, graph: bytes, where: str) -> Self:
        """Puts a model together.

        Args:
            manifest_bytes: of ``model.json``.
            graph: of the file that it names.
            where: it stands, for the error.

        Raises:
            ModelError: the one is no manifest, or the other not the graph that it names.
        """
        manifest = read_manifest(manifest_bytes, where)
        found = sha256_of(graph)
        if found != manifest.sha256:
            raise ModelError(
                f"{where}: {manifest.file} is not the graph that model.json names: its SHA-256 is"
                f" {found}, not {manifest.sha256}; put the right file there, or the model anew"
            )
        return cls(manifest, sha256_of(manifest_bytes), graph)

    def __str__(self) -> str:
        """As people name it: ``tvl1@3f9a1c2b77d0``."""
        return f"{self.manifest.name}@{self.sha256[:12]}"


class ModelSource(Protocol):
    """Whence a process gets the model that a plan names; goes to any process."""

    def __hash__(self) -> int:
        """What was loaded from equal sources is not loaded twice."""
        ...

    def load(self, name: str, sha256: str) -> FlowModel:
        """The model of a name and digest.

        Raises:
            ModelError: there is none, or it is not what it should be.
            StorageError: the place where models are kept failed.
        """
        ...
