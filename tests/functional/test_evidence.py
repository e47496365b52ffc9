"""What is kept of a run's least trusted pairs, and the pictures that are drawn of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from flowtag.contracts.evidence import EvidenceIndex, read_index, read_sample
from flowtag.settings import AnalysisSettings
from flowtag.thresholds import Thresholds
from tests.functional.command import Ran, make_clip, run_flowtag
from tests.rendering import CameraMove, Clip, Edit, Flash, Look, Part, Picture, Shot, render_clip
from tests.tagging import Tagged, tag

_PAN = Part(3.0, CameraMove(pan=0.1))
# A flash in mid-shot, and a cut: only the first is something to look at.
_FILM = Clip(
    "flashed",
    (
        Shot(Picture("coffee", span=2.0), (_PAN,)),
        Shot(Picture("astronaut"), (Part(2.0, CameraMove(pan=0.1)),)),
    ),
    (Edit("cut"),),
    look=Look(flashes=(Flash(1.5, frames=2),)),
    size=(320, 180),
)


@pytest.fixture(scope="module")
def flashed(tmp_path_factory: pytest.TempPathFactory) -> Tagged:
    return tag(render_clip(_FILM, tmp_path_factory.mktemp("films")).path)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    ran = run_flowtag("tag", make_clip(folder / "take.mp4", frames=60), "--out", folder / "tags")
    assert ran.status == 0, ran.err
    return ran.motion.parent


def index_of(tagged: Tagged) -> EvidenceIndex:
    return read_index(tagged.assembly.evidence["evidence/index.json"])


def test_what_defeats_flow_is_the_first_to_be_kept(flashed: Tagged) -> None:
    worst = index_of(flashed).pairs[0]

    assert worst.start.seconds < 1.6
    assert worst.end.seconds > 1.4
    assert "light_change" in worst.reasons


def test_a_cut_is_no_evidence(flashed: Tagged) -> None:
    (cut,) = [shot.start.pts for shot in flashed.metadata.shots[1:]]
    pairs = index_of(flashed).pairs

    assert [pair for pair in pairs if pair.start.pts < cut <= pair.end.pts] == []


def test_no_more_are_kept_than_the_settings_say_and_the_least_trusted_come_first(
    flashed: Tagged,
) -> None:
    pairs = index_of(flashed).pairs

    assert 1 < len(pairs) <= Thresholds().evidence_pairs
    assert len(flashed.assembly.evidence) == len(pairs) + 1
    assert [pair.confidence for pair in pairs] == sorted(pair.confidence for pair in pairs)


def test_numbers_are_those_of_the_frames_that_are_kept(flashed: Tagged) -> None:
    for pair in index_of(flashed).pairs:
        sample = read_sample(flashed.assembly.evidence[pair.name])
        first = cv2.imdecode(np.frombuffer(sample.first, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert first is not None
        assert (sample.pts, sample.second_pts) == (pair.start.pts, pair.end.pts)
        assert first.mean() == pytest.approx(pair.luma, abs=1.0)
        assert sample.confidence.mean() == pytest.approx(pair.confidence, abs=0.01)


def test_none_is_kept_where_none_is_wanted(tmp_path: Path) -> None:
    settings = AnalysisSettings(thresholds=Thresholds(evidence_pairs=0))

    tagged = tag(make_clip(tmp_path / "take.mp4", frames=40), settings=settings)

    assert tagged.assembly.evidence == {}


def evidence(*words: str | Path) -> Ran:
    return run_flowtag("evidence", *words)


def test_each_pair_becomes_a_picture(results: Path, tmp_path: Path) -> None:
    ran = evidence(results, "--out", tmp_path / "incident")

    assert ran.status == 0, ran.err
    kept = sorted(results.glob("evidence/*.npz"))
    assert len(ran.lines) == len(kept) > 0
    for line in ran.lines:
        picture = cv2.imread(line)
        assert picture is not None
        assert picture.shape[1] > 1000
    assert sorted(tmp_path.rglob(".*")) == []


def test_one_pair_alone_can_be_asked_for(results: Path, tmp_path: Path) -> None:
    ran = evidence(results.parent, "--pair", "0", "--out", tmp_path)

    assert [Path(line).name[-8:] for line in ran.lines] == ["0000.png"]


def test_a_pair_that_is_not_there_is_wrong_usage(results: Path, tmp_path: Path) -> None:
    ran = evidence(results, "--pair", "99", "--out", tmp_path)

    assert ran.status == 2
    assert "no pair 99" in ran.err


def test_a_run_without_evidence_says_why(results: Path, tmp_path: Path) -> None:
    (tmp_path / "motion.json").write_bytes((results / "motion.json").read_bytes())

    ran = evidence(tmp_path / "motion.json")

    assert ran.status == 1
    assert "keeps no evidence" in ran.err
