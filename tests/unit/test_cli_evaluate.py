from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from flowtag.cli import main
from flowtag.evaluation.results import Evaluation
from tests.unit.known_flow_files import small_pair, write_middlebury, write_sintel


def test_estimators_are_compared_in_one_run(tmp_path: Path) -> None:
    write_sintel(tmp_path / "set", small_pair())
    words = ["evaluate", "--data", str(tmp_path / "set"), "--out", str(tmp_path / "out")]
    words += ["--estimator", "dis", "--estimator", "opencv-dis-medium", "--size", "64"]

    done = CliRunner().invoke(main, words)

    assert done.exit_code == 0, done.stderr
    for word in ("dis", "opencv-dis-medium", "clean/alley_1", "occluded", "2 pairs in 2 scenes"):
        assert word in done.stdout
    written = Evaluation.model_validate_json((tmp_path / "out/evaluation.json").read_bytes())
    assert written.data.layout == "sintel"
    assert {result.estimator: result.confidence is not None for result in written.results} == {
        "dis": True, "opencv-dis-medium": False,
    }  # fmt: skip
    page = (tmp_path / "out/evaluation.md").read_text(encoding="utf-8")
    assert "reliability.png" in page and (tmp_path / "out/reliability.png").exists()


def test_the_error_of_an_opencv_preset_is_what_opencv_gives(tmp_path: Path) -> None:
    pair = small_pair()
    write_middlebury(tmp_path, pair)
    words = ["evaluate", "--data", str(tmp_path), "--estimator", "opencv-dis-medium", "--json"]

    done = CliRunner().invoke(main, words)

    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = dis.calc(pair.first, pair.second, np.zeros((1, 1, 2), np.float32))
    wanted = np.hypot(*np.moveaxis(flow - pair.flow, -1, 0)).mean()
    result = json.loads(done.stdout)["results"][0]
    assert result["working_size_px"] is None
    assert result["errors"]["epe_px"] == pytest.approx(wanted, rel=1e-4)


def test_but_for_the_time_it_took_every_run_prints_the_same(tmp_path: Path) -> None:
    write_middlebury(tmp_path, small_pair())
    words = ["evaluate", "--data", str(tmp_path), "--estimator", "dis:fast", "--json"]

    runs = [json.loads(CliRunner().invoke(main, words).stdout) for _ in range(2)]

    for run in runs:
        assert run.pop("timings")[0]["cpu_seconds_per_pair"] > 0
    assert runs[0] == runs[1]


def test_a_part_of_the_pairs_is_spread_over_the_data_set(tmp_path: Path) -> None:
    for scene in ("a", "b", "c", "d"):
        write_middlebury(tmp_path, small_pair(), scene)
    words = ["evaluate", "--data", str(tmp_path), "--estimator", "opencv-dis-fast"]

    done = CliRunner().invoke(main, [*words, "--pairs", "2", "--json"])

    scenes = json.loads(done.stdout)["results"][0]["scenes"]
    assert [scene["scene"] for scene in scenes] == ["a", "c"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--data", "set"], 2, "--estimator"),
        (["--estimator", "dis:finest", "--data", "set"], 2, "finest"),
        (["--estimator", "dis", "--data", "set", "--size", "huge"], 2, "huge"),
        (["--estimator", "dis", "--data", "set", "--size", "8"], 2, "32 to 8192"),
        (["--estimator", "nobodys", "--data", "set"], 2, "no model nobodys"),
        (["--estimator", "dis", "--data", "nowhere"], 1, "nowhere: no such folder"),
        (["--estimator", "dis", "--data", "set", "--layout", "kitti"], 1, "layout kitti"),
        (["--estimator", "dis", "--data", "lacking"], 1, "frame11.png: missing"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_status(
    words: list[str], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_middlebury(tmp_path / "set", small_pair())
    write_middlebury(tmp_path / "lacking", small_pair())
    (tmp_path / "lacking/Shelf/frame11.png").unlink()

    done = CliRunner().invoke(main, ["evaluate", *words])

    assert done.exit_code == status
    assert said in done.stderr
