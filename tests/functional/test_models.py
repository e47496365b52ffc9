"""``flowtag models``, and tagging by a model, on this machine's disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowtag.contracts.metadata import MotionMetadata
from tests.functional.command import make_clip, read_json, run_flowtag
from tests.unit.flow_models import CENTROID, SURE, model_of, written


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a model, added by the command."""
    folder = tmp_path_factory.mktemp("models")
    for name, source in (("old", "the first try"), ("new", "the second try")):
        model = written(folder / name, model_of(CENTROID, source=source))
        ran = run_flowtag("models", "add", model, "--models", folder / "root")
        assert ran.status == 0, ran.err
    return folder / "root"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "take.mp4", frames=50)


def versions(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "tiny").iterdir())


def test_all_versions_are_listed_as_they_are_asked_for(root: Path) -> None:
    ran = run_flowtag("models", "list", "--models", root, "--json")

    mine = [line for line in ran.json_lines if line["manifest"]["name"] == "tiny"]
    assert [line["estimator"] for line in mine] == [f"tiny@{v[:12]}" for v in versions(root)]
    assert {line["manifest"]["source"] for line in mine} == {"the first try", "the second try"}


def test_show_prints_the_manifest(root: Path) -> None:
    wanted = f"tiny@{versions(root)[0][:4]}"

    ran = run_flowtag("models", "show", wanted, "--models", root)

    shown = json.loads(ran.out)
    assert shown["sha256"] == versions(root)[0]
    assert shown["manifest"] == read_json(Path(shown["where"]))


def test_verify_runs_a_model_on_pairs_of_known_flow(root: Path) -> None:
    wanted = f"tiny@{versions(root)[0]}"

    ran = run_flowtag("models", "verify", wanted, "--models", root, "--json")

    (found,) = ran.json_lines
    assert found["provider"] == "CPUExecutionProvider"
    # The centre of light of a texture that fills the picture hardly moves: that is a bad model.
    assert found["epe_px"] == pytest.approx(6.7, abs=0.5)


def test_a_model_that_is_refused_is_not_added(root: Path, tmp_path: Path) -> None:
    broken = written(tmp_path / "broken", model_of(SURE, confidence="output", scale=9.0))

    ran = run_flowtag("models", "add", broken, "--models", root)

    assert (ran.status, ran.out) == (1, "")
    assert "no probability" in ran.err
    assert len(versions(root)) == 2


def test_tagging_by_a_model_pins_it_and_says_so(root: Path, clip: Path, tmp_path: Path) -> None:
    wanted = versions(root)[1]

    ran = run_flowtag(
        "tag", clip, "--out", tmp_path, "--estimator", f"tiny@{wanted[:8]}", "--models", root
    )

    assert ran.status == 0, ran.err
    analysis = MotionMetadata.model_validate_json(ran.motion.read_bytes()).analysis
    assert (analysis.estimator.name, analysis.estimator.sha256) == ("tiny", wanted)
    assert analysis.settings["model_sha256"] == wanted
    assert read_json(ran.motion.parent / "plan.json")["settings"]["flow"]["estimator"] == "tiny"


def test_another_version_is_another_run(root: Path, clip: Path, tmp_path: Path) -> None:
    runs = {
        run_flowtag(
            "tag", clip, "--out", tmp_path, "--estimator", f"tiny@{version}", "--models", root
        ).motion.parent.name
        for version in versions(root)
    }

    assert len(runs) == 2


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [("tiny", "may mean"), ("unheard-of", "no model unheard-of"), ("No Name", "names no model")],
)
def test_an_estimator_that_is_not_there_is_a_wrong_option(
    root: Path, clip: Path, tmp_path: Path, estimator: str, reason: str
) -> None:
    ran = run_flowtag("tag", clip, "--out", tmp_path, "--estimator", estimator, "--models", root)

    assert ran.status == 2
    assert "--estimator: " in ran.err and reason in " ".join(ran.err.split())


def test_a_model_that_is_gone_by_now_fails_the_video_and_says_so(
    root: Path, clip: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    model = model_of(CENTROID, source="soon gone")
    run_flowtag("models", "add", written(tmp_path / "m", model), "--models", folder)
    (folder / "tiny" / model.sha256 / "model.onnx").write_bytes(b"another graph")

    ran = run_flowtag(
        "tag", clip, "--out", tmp_path / "out", "--estimator", "tiny", "--models", folder, "--json"
    )

    (line,) = ran.json_lines
    assert (ran.status, line["status"], line["code"]) == (1, "failed", "bad_model")
    assert "is not the graph that model.json names" in line["reason"]
