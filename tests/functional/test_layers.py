"""What ``sam build`` makes: the locked versions, for the right machine, within Lambda's limits."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.cloud.sam import build
from tests.cloud.template import ROOT, read_template

LAYERS = {"CoreLayer": "core", "MediaLayer": "media", "TablesLayer": "tables"}
MOST_BYTES = 250 * 1024 * 1024
ELF_MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
ZIP_FUNCTIONS = [
    name
    for name, resource in read_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function" and "CodeUri" in resource["Properties"]
]


@pytest.mark.parametrize("name", ZIP_FUNCTIONS)
def test_a_function_is_built_by_its_id_from_its_modules(name: str, tmp_path: Path) -> None:
    source = ROOT / read_template()["Resources"][name]["Properties"]["CodeUri"]

    built = build(tmp_path, "arm64", name) / name

    assert {path.name: path.read_bytes() for path in built.iterdir()} == {
        path.name: path.read_bytes() for path in source.glob("*.py")
    }


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_built_by_its_id(name: str, tmp_path: Path) -> None:
    built = build(tmp_path, "arm64", name)

    assert [path.name for path in (built / name).iterdir()] == ["python"]


@pytest.fixture(scope="module", params=sorted(ELF_MACHINES))
def everything(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """An architecture, and where all functions and layers are built for it."""
    return request.param, build(tmp_path_factory.mktemp("everything"), request.param)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_holds_what_is_locked(name: str, everything: tuple[str, Path]) -> None:
    site = everything[1] / name / "python"

    built = {
        spelled(found.metadata["Name"]): found.version for found in distributions(path=[str(site)])
    }

    assert built == locked(ROOT / "layers" / LAYERS[name] / "requirements.txt")


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_for_the_chosen_machine(name: str, everything: tuple[str, Path]) -> None:
    architecture, built = everything

    machines = {machine_of(path) for path in (built / name).rglob("*.so*")}

    assert machines == {ELF_MACHINES[architecture]}


def test_layers_are_locked_to_what_is_tested() -> None:
    tested = locked(ROOT / "requirements/dev.txt")

    for layer in LAYERS.values():
        versions = locked(ROOT / "layers" / layer / "requirements.txt")
        assert versions.items() <= tested.items()


def test_the_image_is_locked_to_what_is_tested() -> None:
    versions = locked(ROOT / "gpu_worker/requirements.txt")

    assert versions.items() <= locked(ROOT / "requirements/dev.txt").items()


@pytest.mark.parametrize("name", ZIP_FUNCTIONS)
def test_a_function_fits_into_lambda_with_its_layers(
    name: str, everything: tuple[str, Path]
) -> None:
    layers = [layer["Ref"] for layer in read_template()["Resources"][name]["Properties"]["Layers"]]

    size = sum(bytes_in(everything[1] / part) for part in (name, *layers))

    assert size <= MOST_BYTES


def test_the_core_layer_holds_flowtag_whole(everything: tuple[str, Path]) -> None:
    source, built = ROOT / "layers/core/flowtag", everything[1] / "CoreLayer/python/flowtag"

    modules = {path.relative_to(source) for path in source.rglob("*.py")}

    assert {path.relative_to(built) for path in built.rglob("*.py")} == modules


def test_layers_hold_no_tests_of_the_packages(everything: tuple[str, Path]) -> None:
    packages = {"numpy", "pyarrow"}

    found = {path.parent.name for path in everything[1].rglob("tests")}

    assert not packages & found


def locked(lock: Path) -> dict[str, str]:
    """The versions in a lock, by name."""
    pins = re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==(\S+)", lock.read_text(), re.MULTILINE)
    return dict(pins)


def spelled(name: str) -> str:
    """A package's name as locks have it."""
    return name.lower().replace("_", "-")


def bytes_in(folder: Path) -> int:
    """What Lambda counts: the files as they are unpacked."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def machine_of(library: Path) -> int:
    """The field e_machine of an ELF file's header."""
    head = library.read_bytes()[:20]
    assert head[:4] == b"\x7fELF", library
    return int.from_bytes(head[18:20], "little")
