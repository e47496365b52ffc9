from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from flowtag.cli import main
from flowtag.cli.finding import find_motion
from flowtag.cli.show import camera_text, subject_text
from flowtag.cli.sparkline import samples_of
from flowtag.contracts.metadata import Gate, Refining
from flowtag.errors import ContractError, ObjectNotFoundError
from flowtag.latest import Latest, SourceOrder, update_latest
from flowtag.run_keys import RunKeys
from flowtag.runs import put_motion, put_plan, readable_json
from flowtag.settings import AnalysisSettings
from flowtag.storage import FolderStore
from tests.unit.run_objects import make_metadata, make_plan, make_source

_NOW = SourceOrder(modified_at=datetime(2026, 1, 1, tzinfo=UTC))


def _publish(
    root: Path, name: str = "Take 2.mov", failed: tuple[int, ...] = (), preset: str = "balanced"
) -> Path:
    store = FolderStore(root)
    settings = AnalysisSettings.model_validate({"preset": preset})
    plan = make_plan(source=make_source(name), settings=settings)
    put_plan(store, plan)
    put_motion(store, plan, make_metadata(plan, failed=failed))
    update_latest(store, RunKeys.of(plan), _NOW)
    return store.path(RunKeys.of(plan).motion)


def test_a_path_may_be_file_run_video_or_output(tmp_path: Path) -> None:
    motion = _publish(tmp_path)
    for path in (motion, motion.parent, motion.parent.parent, tmp_path):
        assert find_motion(path) == [motion]


def test_an_output_folder_means_all_its_videos_in_order(tmp_path: Path) -> None:
    second, first = _publish(tmp_path, "b.mov"), _publish(tmp_path, "a.mov")
    (tmp_path / "notes").mkdir()
    assert find_motion(tmp_path) == [first, second]


def test_of_several_runs_the_latest_is_meant(tmp_path: Path) -> None:
    _publish(tmp_path, preset="fast")
    later = _publish(tmp_path, preset="best")
    assert find_motion(tmp_path) == [later]


def test_what_a_model_refined_is_told_of_the_video_and_of_each_segment(tmp_path: Path) -> None:
    store, plan = FolderStore(tmp_path), make_plan()
    metadata = make_metadata(plan)
    gate = Gate(
        path="mixed",
        model="tvl1",
        asked_share=0.5,
        refined_share=0.25,
        followed_share=0.0,
        reasons={"complexity": 0.125, "low_confidence": 0.375},
    )
    refining = Refining(
        name="tvl1",
        sha256="0" * 64,
        pairs=8,
        asked=4,
        refined=2,
        followed=0,
        reasons={"across_cut": 0, "complexity": 1, "low_confidence": 3},
    )
    analysis = metadata.analysis.model_copy(update={"refining": refining})
    segments = [metadata.segments[0].model_copy(update={"gate": gate})]
    put_plan(store, plan)
    put_motion(
        store, plan, metadata.model_copy(update={"analysis": analysis, "segments": segments})
    )

    shown = CliRunner().invoke(main, ["show", str(store.path(RunKeys.of(plan).motion))])

    *heading, row = [line.strip() for line in shown.output.splitlines() if line.strip()]
    assert heading[1] == (
        "tvl1 was asked about 4 of 8 pairs and explained 2 better (low_confidence 3, complexity 1)"
    )
    assert row.split()[-1] == "mixed"


def test_where_no_model_refines_there_is_no_gate(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["show", str(_publish(tmp_path))])
    assert "gate" not in shown.output


def test_where_there_is_nothing_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFoundError, match="no results"):
        find_motion(tmp_path)
    with pytest.raises(ObjectNotFoundError, match="there is no"):
        find_motion(tmp_path / "nowhere")


@pytest.mark.parametrize("run", ["gone", "../..", "../other-video/run"])
def test_a_pointer_that_leads_astray_is_not_followed(tmp_path: Path, run: str) -> None:
    motion = _publish(tmp_path)
    (tmp_path / "other-video" / "run").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "other-video" / "run"):
        (folder / "motion.json").write_bytes(motion.read_bytes())
    latest = Latest(video_id="a", run_id=run, motion="x", source=_NOW, planned_at=_NOW.modified_at)
    (motion.parents[1] / "latest.json").write_bytes(readable_json(latest))
    with pytest.raises(ContractError, match="no result"):
        find_motion(motion.parents[1])


def test_show_prints_a_table_and_a_sparkline(tmp_path: Path) -> None:
    _publish(tmp_path, "[red]Take\n2.mov", failed=(1,))
    result = CliRunner().invoke(main, ["show", str(tmp_path)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == r"[red]Take\n2.mov, 64 x 36, 1 shot, 1 segment, partial"
    assert lines[1] == "  00:00:04:00 to 00:00:08:00: chunk_failed: no reason"
    assert set(lines[2]) <= set("▁▂▃▄▅▆▇█·")
    row = next(line for line in lines if line.lstrip().startswith("0 "))
    for cell in (
        "00:00:00:00",
        "00:00:12:00",
        "high",
        "pan_right (pan +0.31 w/s) smooth",
        "low, 6%",
        "93%",
        "low_light",
    ):
        assert cell in row


def test_show_leaves_out_what_a_filter_does_not_find(tmp_path: Path) -> None:
    _publish(tmp_path)

    found = CliRunner().invoke(main, ["show", str(tmp_path), "--where", "camera has pan"])
    none = CliRunner().invoke(main, ["show", str(tmp_path), "--where", "level is unknown"])

    assert (found.exit_code, "pan_right" in found.stdout) == (0, True)
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr == "no segment matches --where\n"


def test_show_points_at_a_mistake_in_a_filter(tmp_path: Path) -> None:
    _publish(tmp_path)

    result = CliRunner().invoke(main, ["show", str(tmp_path), "--where", "speed>1 and leval=high"])

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-3:] == [
        "Error: --where: there is no field 'leval'; did you mean 'level'?",
        "  speed>1 and leval=high",
        "              ^",
    ]


def test_show_says_in_one_line_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "motion.json").write_text("{}")
    result = CliRunner().invoke(main, ["show", str(tmp_path / "motion.json")])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: not a readable motion.json")
    assert len(result.stderr.splitlines()) == 1
    debug = CliRunner().invoke(main, ["--debug", "show", str(tmp_path / "motion.json")])
    assert "Traceback" in debug.stderr


def test_speeds_come_from_the_table_and_else_from_segments(tmp_path: Path) -> None:
    motion = _publish(tmp_path)
    metadata = make_metadata(make_plan())
    from_segments = [(0.0, 0.21), (2.0, 0.6)]
    assert samples_of(motion, metadata) == from_segments
    table = pa.table({"seconds": [0.0, 1.0, 2.0], "speed": [0.1, None, 0.3]})
    pq.write_table(table, motion.with_name("frames.parquet"))
    assert samples_of(motion, metadata) == [(0.0, 0.1), (2.0, 0.3)]
    motion.with_name("frames.parquet").write_bytes(b"PAR1 no table")
    assert samples_of(motion, metadata) == from_segments


def test_camera_and_subject_in_words() -> None:
    segment = make_metadata(make_plan()).segments[0]
    camera = segment.camera
    assert camera_text(camera) == "pan_right (pan +0.31 w/s) smooth"
    both = camera.model_copy(update={"labels": ["zoom_in", "roll_ccw"], "zoom": 0.2, "roll": -3.0})
    assert camera_text(both) == "zoom_in roll_ccw (zoom +0.20 /s, roll -3.00 °/s) smooth"
    shaking = camera.model_copy(update={"labels": ["handheld"], "steadiness": "handheld"})
    assert camera_text(shaking) == "handheld"
    unknown = camera.model_copy(update={"labels": [], "pan": None, "steadiness": None})
    assert camera_text(unknown) == "unknown"
    subject = segment.subject
    assert subject_text(subject) == "low, 6%"
    assert subject_text(subject.model_copy(update={"level": None})) == "unknown"
    assert subject_text(subject.model_copy(update={"level": "static", "area": 0.0})) == "static"
