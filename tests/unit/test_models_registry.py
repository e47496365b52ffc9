"""Models under a root, by name and digest, and what is refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from flowtag.errors import ModelError
from flowtag.flow.estimating import estimator_for, refiner_for
from flowtag.local.disk_places import FolderPlace
from flowtag.models.choosing import choose, choose_refiner, pinned
from flowtag.models.manifest import read_manifest
from flowtag.models.registry import KeptModel, ModelRegistry
from flowtag.settings import PRESETS, AnalysisSettings, ExecutionSettings
from tests.unit.flow_models import CENTROID, SURE, manifest_bytes, model_of, written


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(FolderPlace(tmp_path / "root"))


def added(
    registry: ModelRegistry, folder: Path, graph: str = CENTROID, **said: object
) -> KeptModel:
    return registry.add(written(folder, model_of(graph, **said)))


def file_of(model: KeptModel, name: str) -> Path:
    return Path(model.where).with_name(name)


def test_an_added_model_is_found_by_its_name_and_loaded_by_its_digest(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    model = model_of(CENTROID)
    written(tmp_path / "mine", model)

    registry.add(tmp_path / "mine")

    found = registry.find("tiny")
    assert found.sha256 == model.sha256
    assert registry.load("tiny", found.sha256) == model
    assert Path(found.where) == tmp_path / "root" / "tiny" / model.sha256 / "model.json"


def test_versions_of_a_model_stand_side_by_side(registry: ModelRegistry, tmp_path: Path) -> None:
    old = added(registry, tmp_path / "old", source="the first try")
    new = added(registry, tmp_path / "new", source="the second try")

    assert registry.find(f"tiny@{old.sha256}") == old
    assert registry.find(f"tiny@{new.sha256[:8]}") == new
    assert [model for model in registry.all() if model.manifest.name == "tiny"] == sorted(
        [old, new], key=lambda model: model.sha256
    )
    with pytest.raises(ModelError, match=r"tiny may mean tiny@\w{12} or tiny@\w{12}: name one"):
        registry.find("tiny")


def test_to_add_a_model_again_changes_nothing(registry: ModelRegistry, tmp_path: Path) -> None:
    first = added(registry, tmp_path / "one")
    before = file_of(first, "model.json").stat().st_mtime_ns

    assert added(registry, tmp_path / "two") == first
    assert file_of(first, "model.json").stat().st_mtime_ns == before


def test_a_model_that_is_not_there_is_told_with_what_is(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    there = added(registry, tmp_path / "one")

    with pytest.raises(ModelError, match=rf"no model tiny@0000 in .*root/, but {there};"):
        registry.find("tiny@0000")
    with pytest.raises(ModelError, match=r"there is no model other@\w{12} in .*; add it by"):
        registry.load("other", there.sha256)


@pytest.mark.parametrize("wanted", ["", "Tiny", "tiny@", "tiny@xyz1", "tiny@abc", "../tiny", "a/b"])
def test_what_names_no_model_is_refused(registry: ModelRegistry, wanted: str) -> None:
    with pytest.raises(ModelError, match="NAME or NAME@DIGEST"):
        registry.find(wanted)


def test_a_graph_that_was_changed_is_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    model = added(registry, tmp_path / "one")
    file_of(model, "model.onnx").write_bytes(b"another")

    with pytest.raises(ModelError, match=r"is not the graph that model\.json names"):
        registry.load("tiny", model.sha256)


def test_a_manifest_that_was_changed_is_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    model = added(registry, tmp_path / "one")
    changed = model.manifest.model_copy(update={"mean": 7.0})
    file_of(model, "model.json").write_bytes(manifest_bytes(changed))

    with pytest.raises(ModelError, match="was changed: its digest is"):
        registry.load("tiny", model.sha256)


def test_a_half_that_is_left_of_a_model_is_no_model(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    model = added(registry, tmp_path / "one")
    file_of(model, "model.json").unlink()

    with pytest.raises(ModelError, match="no model tiny"):
        registry.find("tiny")
    assert added(registry, tmp_path / "two") == model


def test_the_name_of_the_estimator_without_a_model_is_taken(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="the name dis is taken"):
        added(registry, tmp_path / "one", name="dis")


def test_without_a_root_nothing_is_added(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no root"):
        added(ModelRegistry(), tmp_path / "one")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"file": "../model.onnx"}, "file: String should match"),
        ({"sha256": "12"}, "sha256: String should match"),
        ({"scale": 0.0}, "scale: Input should be greater than 0"),
        ({"colour": "yuv"}, "colour: Input should be 'grey'"),
        ({"wings": 2}, "wings: Extra inputs are not permitted"),
        ({"schema": "flowtag.model/2"}, "schema: Input should be 'flowtag.model/1'"),
    ],
)
def test_a_manifest_of_another_form_is_refused(said: dict[str, object], reason: str) -> None:
    told = json.loads(manifest_bytes(model_of(CENTROID).manifest)) | said
    data = json.dumps(told).encode()

    with pytest.raises(ModelError, match=f"here describes no model: {reason}"):
        read_manifest(data, "here")


def test_a_registry_goes_to_other_processes(registry: ModelRegistry, tmp_path: Path) -> None:
    model = added(registry, tmp_path / "one")

    sent = pickle.loads(pickle.dumps(registry))

    assert sent == registry
    assert sent.load("tiny", model.sha256).sha256 == model.sha256


def test_a_model_becomes_part_of_the_settings(registry: ModelRegistry, tmp_path: Path) -> None:
    model = added(registry, tmp_path / "one", cpu_seconds_per_megapixel=2.5)

    settings, execution = pinned(
        choose("tiny", registry), AnalysisSettings.for_preset("fast"), ExecutionSettings()
    )

    assert (settings.flow.estimator, settings.model_sha256) == ("tiny", model.sha256)
    assert settings.flow.working_size_px == 96
    assert settings.flow.pairs_per_second == PRESETS["fast"].pairs_per_second
    assert execution.model_cpu_seconds_per_megapixel == 2.5


def test_dis_leaves_the_settings_as_they_are(registry: ModelRegistry) -> None:
    settings, execution = AnalysisSettings(), ExecutionSettings()

    assert pinned(choose("dis", registry), settings, execution) == (settings, execution)


def test_a_model_that_refines_becomes_part_of_the_settings(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    model = added(registry, tmp_path / "one", cpu_seconds_per_megapixel=2.5)
    fast = AnalysisSettings.for_preset("fast")

    settings, execution = pinned(None, fast, ExecutionSettings(), choose_refiner("tiny", registry))

    assert settings.refine is not None
    assert (settings.refine.model, settings.refine.model_sha256) == ("tiny", model.sha256)
    assert settings.flow == fast.flow and settings.digest() != fast.digest()
    assert execution.model_cpu_seconds_per_megapixel == 2.5
    assert refiner_for(settings, registry) is not None
    assert refiner_for(fast, registry) is None


def test_nothing_refines_what_is_not_dis(registry: ModelRegistry, tmp_path: Path) -> None:
    model = added(registry, tmp_path / "one")

    assert choose_refiner(None, registry) is None
    with pytest.raises(ModelError, match="dis is what a model refines"):
        choose_refiner("dis", registry)
    with pytest.raises(ModelError, match="refines what dis finds, not what tiny@"):
        pinned(model, AnalysisSettings(), ExecutionSettings(), model)


def test_the_estimator_is_the_one_that_the_settings_pin(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    old = added(registry, tmp_path / "old")
    added(registry, tmp_path / "new", graph=SURE)
    settings = AnalysisSettings().with_model("tiny", old.sha256, 96)

    estimator = estimator_for(settings, registry)

    assert estimator.name == "tiny"
    assert estimator_for(AnalysisSettings(), registry).name == "dis"


def test_a_model_is_read_once_in_a_process(registry: ModelRegistry, tmp_path: Path) -> None:
    model = added(registry, tmp_path / "one")
    settings = AnalysisSettings().with_model("tiny", model.sha256, 96)
    estimator_for(settings, registry)
    file_of(model, "model.onnx").unlink()

    assert estimator_for(settings, registry).name == "tiny"


def test_settings_that_do_not_pin_their_model_are_refused(registry: ModelRegistry) -> None:
    settings = AnalysisSettings().with_model("tiny", "0" * 64, 96)

    with pytest.raises(ModelError, match="not its digest"):
        estimator_for(settings.model_copy(update={"model_sha256": None}), registry)
