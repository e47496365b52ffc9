"""Where models are kept: in the package, and under a folder or a prefix of a bucket.

Under a root a model is ``NAME/DIGEST/model.json`` and the graph beside it, so that versions stand
side by side and none ever changes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowtag.errors import ModelError, ObjectNotFoundError, PreconditionFailedError
from flowtag.models.flow_model import FlowModel
from flowtag.models.manifest import MANIFEST_NAME, ModelManifest, read_manifest, sha256_of

if TYPE_CHECKING:
    from flowtag.places import StorePlace

BUILT_IN = Path(__file__).parent / "builtin"
DIS = "dis"
"""The estimator that is no model."""

_KEY = re.compile(rf"([a-z0-9][a-z0-9-]{{0,31}})/([0-9a-f]{{64}})/{re.escape(MANIFEST_NAME)}")
_WANTED = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]{0,31})(@(?P<digest>[0-9a-f]{4,64}))?")


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model's manifest, and where it is kept.

    Attributes:
        sha256: digest of the model.
        where: for people: ``built in``, a path or a URI.
    """

    manifest: ModelManifest
    sha256: str
    where: str

    def __str__(self) -> str:
        """As ``--estimator`` takes it."""
        return f"{self.manifest.name}@{self.sha256[:12]}"


@dataclass(frozen=True)
class ModelRegistry:
    """The built-in models and those under a root; goes to any process.

    Attributes:
        place: the root; None: the built-in models alone.
    """

    place: StorePlace | None = None

    def all(self) -> list[KeptModel]:
        """Every model, by name and digest; one that is both built in and added once.

        Raises:
            ModelError: something under the root is no model.
            StorageError: the root cannot be read.
        """
        found = {(model.manifest.name, model.sha256): model for model in self._added("")}
        found |= {(model.manifest.name, model.sha256): model for model in _built_in()}
        return [found[key] for key in sorted(found)]

    def find(self, wanted: str) -> KeptModel:
        """The one model that is meant by ``NAME`` or ``NAME@DIGEST``.

        Args:
            wanted: of the digest its first four digits, or more, will do.

        Raises:
            ModelError: none is meant, or several are.
            StorageError: the root cannot be read.
        """
        asked = _WANTED.fullmatch(wanted)
        if asked is None:
            raise ModelError(f"{wanted!r} names no model: it is NAME or NAME@DIGEST")
        name, digest = asked["name"], asked["digest"] or ""
        known = {model.sha256: model for model in self._added(f"{name}/")}
        known |= {model.sha256: model for model in _built_in() if model.manifest.name == name}
        meant = [model for sha256, model in sorted(known.items()) if sha256.startswith(digest)]
        if not meant:
            there = "".join(f", but {model}" for model in known.values())
            raise ModelError(
                f"there is no model {wanted}{self._in_root()}{there};"
                ' "flowtag models list" names all'
            )
        if len(meant) > 1:
            raise ModelError(
                f"{wanted} may mean {' or '.join(map(str, meant))}: name one with its digest"
            )
        return meant[0]

    def load(self, name: str, sha256: str) -> FlowModel:
        """The model of a name and its whole digest.

        Raises:
            ModelError: there is none, or it is not what it should be.
            StorageError: the root cannot be read.
        """
        for model in _built_in():
            if (model.manifest.name, model.sha256) == (name, sha256):
                return read_folder(BUILT_IN / name)
        title = f"model {name}@{sha256[:12]}"
        if self.place is None:
            raise ModelError(f"{title} is not built in; --models says where others are kept")
        store, where = self.place.open(), f"{title}{self._in_root()}"
        try:
            manifest_bytes = store.get(f"{name}/{sha256}/{MANIFEST_NAME}")
            found = sha256_of(manifest_bytes)
            if found != sha256:
                raise ModelError(f"{where} was changed: its digest is {found}; add it anew")
            file = read_manifest(manifest_bytes, where).file
            return FlowModel.of(manifest_bytes, store.get(f"{name}/{sha256}/{file}"), where)
        except ObjectNotFoundError as error:
            raise ModelError(f"there is no {where}; add it by flowtag models add") from error

    def require_root(self) -> StorePlace:
        """The root.

        Raises:
            ModelError: there is none.
        """
        if self.place is None:
            raise ModelError("there is no root to add models to; --models names one")
        return self.place

    def add(self, folder: Path) -> KeptModel:
        """Takes a model, a folder of ``model.json`` and its graph, into the root.

        What is there stays as it is; the graph goes first, so that no reader finds a half.

        Raises:
            ModelError: it is none, or its name is taken by what is no model.
            StorageError: the root cannot be written to.
        """
        place = self.require_root()
        manifest_bytes, model = _read(folder / MANIFEST_NAME), read_folder(folder)
        if model.manifest.name == DIS:
            raise ModelError(f"{folder}: the name {DIS} is taken; give the model another")
        store, key = place.open(), f"{model.manifest.name}/{model.sha256}"
        for file, data in ((model.manifest.file, model.graph), (MANIFEST_NAME, manifest_bytes)):
            with contextlib.suppress(PreconditionFailedError):
                store.put_if_absent(f"{key}/{file}", data)
        where = str(place.address(f"{key}/{MANIFEST_NAME}"))
        # What was there before may have been another.
        self.load(model.manifest.name, model.sha256)
        return KeptModel(model.manifest, model.sha256, where)

    def _added(self, prefix: str) -> Iterator[KeptModel]:
        if self.place is None:
            return
        store = self.place.open()
        for key in store.list(prefix):
            named = _KEY.fullmatch(key)
            if named is None:
                continue
            where = str(self.place.address(key))
            manifest = read_manifest(store.get(key), where)
            if manifest.name != named[1]:
                raise ModelError(f"{where} is of the model {manifest.name}: move it, or remove it")
            yield KeptModel(manifest, named[2], where)

    def _in_root(self) -> str:
        if self.place is None:
            return ""
        root = str(self.place.address(MANIFEST_NAME)).removesuffix(MANIFEST_NAME)
        return f" in {root}"


BUILT_IN_MODELS = ModelRegistry()


def _built_in() -> Iterator[KeptModel]:
    for path in sorted(BUILT_IN.glob(f"*/{MANIFEST_NAME}")):
        data = path.read_bytes()
        yield KeptModel(read_manifest(data, str(path)), sha256_of(data), "built in")


def read_folder(folder: Path) -> FlowModel:
    """The model in a folder of ``model.json`` and the graph that it names.

    Raises:
        ModelError: there is none, or it is not what it should be.
    """
    manifest_bytes = _read(folder / MANIFEST_NAME)
    file = read_manifest(manifest_bytes, str(folder / MANIFEST_NAME)).file
    return FlowModel.of(manifest_bytes, _read(folder / file), str(folder))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
