"""A costlier model refines what DIS leaves in doubt: there alone, and however chunks are cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from flowtag.contracts.chunkfile import read_chunk, write_chunk
from flowtag.contracts.evidence import EVIDENCE_INDEX, EvidenceIndex
from flowtag.contracts.features import PairGate
from flowtag.contracts.metadata import MotionMetadata
from flowtag.models.registry import BUILT_IN_MODELS
from flowtag.settings import AnalysisSettings, Preset
from tests.functional.command import make_clip, read_json, run_flowtag
from tests.functional.contract_clips import assert_valid
from tests.functional.filmed import film_as
from tests.rendering import Clip, Edit, Part, Picture, Shot, Subject, render_clip, steady
from tests.tagging import Tagged, plan_of, tag

# What a quarter of the picture's width jumps in 0.08 s is beyond DIS at its working size.
_CROSSING = Subject("coffee", 0.3, (1.1, 0.0), aspect=1.0)
CLIP = Clip(
    "easy-hard",
    (
        steady(1.2, picture="rocket", pan=0.1),
        Shot(Picture("astronaut"), (Part(2.4),), subjects=(_CROSSING,)),
    ),
    (Edit("cut"),),
    size=(256, 144),
)
REFINED = AnalysisSettings().with_refining("tvl1", BUILT_IN_MODELS.find("tvl1").sha256)


def opened(preset: Preset = "balanced") -> AnalysisSettings:
    """Asks about every pair for which the model could do better."""
    assert REFINED.refine is not None
    always = {"low_confidence": 1.0, "least_gain": 0.0, "least_gain_levels": 0.0}
    refine = REFINED.refine.model_copy(update=always)
    return AnalysisSettings.for_preset(preset).model_copy(update={"refine": refine})


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An easy shot, and one in which something large crosses fast."""
    return render_clip(CLIP, tmp_path_factory.mktemp("clips")).path


@pytest.fixture(scope="module")
def refined(clip: Path) -> Tagged:
    return tag(clip, settings=REFINED)


def test_the_model_is_asked_where_dis_is_in_doubt_and_nowhere_else(refined: Tagged) -> None:
    easy, hard = (segment.gate for segment in refined.segments)

    assert easy is not None and hard is not None
    assert (easy.path, easy.asked_share, easy.refined_share) == ("cheap", 0, 0)
    assert easy.reasons == {}
    assert hard.path in ("mixed", "refined")
    assert hard.asked_share >= hard.refined_share > 0.3
    assert min(hard.reasons["low_confidence"], hard.reasons["disagreement"]) > 0.5
    assert (easy.model, hard.model) == ("tvl1", "tvl1")


def test_what_crosses_fast_is_found_by_the_model_as_it_is(clip: Path, refined: Tagged) -> None:
    """Its area is three tenths of the picture; DIS sees parts of it."""
    cheap = tag(clip).segments[-1].subject.area
    found = refined.segments[-1].subject.area

    assert cheap is not None and found is not None
    assert abs(found - 0.3) < abs(cheap - 0.3) - 0.03


def test_the_video_says_how_much_was_refined(refined: Tagged) -> None:
    told = refined.metadata.analysis.refining
    gates = [row for data in refined.chunks.values() for row in read_chunk(data).pairs["gate"]]

    assert told is not None
    assert told.sha256 == BUILT_IN_MODELS.find("tvl1").sha256
    assert told.pairs == len(gates)
    assert told.asked == sum(bool(gate & PairGate.ASKED) for gate in gates) > 10
    assert told.asked >= told.refined == sum(bool(gate & PairGate.REFINED) for gate in gates)
    assert told.reasons["across_cut"] == 1
    assert_valid(refined)


def test_without_refining_nothing_is_said_of_it(clip: Path) -> None:
    plain = tag(clip)

    assert {segment.gate for segment in plain.segments} == {None}
    assert plain.metadata.analysis.refining is None
    assert not read_chunk(plain.chunks[0]).pairs["gate"].any()


@pytest.mark.parametrize(
    ("gate", "whose"), [(PairGate.ASKED, None), (PairGate.ASKED | PairGate.REFINED, "tvl1")]
)
def test_evidence_says_whose_flow_it_is(refined: Tagged, gate: PairGate, whose: str | None) -> None:
    """All pairs are said to be refined: what the model is surer of is seldom least trusted."""
    chunk = read_chunk(refined.chunks[0])
    pairs = chunk.pairs.copy()
    pairs["gate"] = gate

    told = refined.again_with({0: write_chunk(replace(chunk, pairs=pairs))})

    index = EvidenceIndex.model_validate_json(told.assembly.evidence[EVIDENCE_INDEX])
    assert {pair.refined_by for pair in index.pairs} == {whose}


def test_a_gate_that_is_opened_asks_about_all_pairs_but_those_across_the_cut(clip: Path) -> None:
    told = tag(clip, settings=opened()).metadata.analysis.refining

    assert told is not None
    assert told.asked == told.pairs - told.reasons["across_cut"]


def test_twice_the_same_bytes(clip: Path, refined: Tagged) -> None:
    again = tag(clip, settings=REFINED)

    assert again.chunks == refined.chunks
    assert again.motion_json == refined.motion_json


@pytest.mark.parametrize(
    ("coding", "preset"),
    [("h264-open", "balanced"), ("h264-varying", "balanced"), ("h264-closed", "fast")],
)
@pytest.mark.parametrize("chunk_seconds", [Fraction(1, 2), Fraction(7, 5)])
def test_neither_chunks_nor_their_order_change_a_byte(
    coding: str, preset: Preset, chunk_seconds: Fraction, tmp_path: Path
) -> None:
    def shuffled(count: int) -> Iterable[int]:
        return Random(7).sample(range(count), count)

    path = film_as(coding, tmp_path)
    whole = tag(path, settings=opened(preset))

    parts = tag(path, chunk_seconds, opened(preset), shuffled)

    told = whole.metadata.analysis.refining
    assert told is not None and told.refined > 1 and told.followed > 0
    assert len(parts.plan.chunks) > 1
    assert parts.motion_json == whole.motion_json
    assert parts.assembly.evidence == whole.assembly.evidence


def test_parts_of_chunks_between_key_frames_change_no_byte(tmp_path: Path) -> None:
    path = film_as("h264-one-key", tmp_path)
    whole = tag(path, settings=REFINED)

    divided = tag(path, settings=REFINED, chunk_timeout_seconds=0.5)

    assert len(divided.plan.chunks) > 1
    assert divided.motion_json == whole.motion_json


def test_chunks_are_shorter_where_a_model_refines(clip: Path) -> None:
    plain, refining = (plan_of(clip, settings=s) for s in (AnalysisSettings(), REFINED))

    assert plain.estimate is not None and refining.estimate is not None
    assert refining.estimate.cpu_seconds > plain.estimate.cpu_seconds


def test_the_command_pins_the_model_and_writes_the_gate_to_the_table(
    clip: Path, tmp_path: Path
) -> None:
    ran = run_flowtag("tag", clip, "--out", tmp_path, "--refine", "tvl1")

    assert ran.status == 0, ran.err
    analysis = MotionMetadata.model_validate_json(ran.motion.read_bytes()).analysis
    assert (analysis.estimator.name, analysis.estimator.sha256) == ("dis", None)
    assert analysis.refining is not None and analysis.refining.refined > 10
    pinned = read_json(ran.motion.parent / "plan.json")["settings"]["refine"]
    assert pinned["model_sha256"] == analysis.refining.sha256
    (attempt,) = read_json(ran.motion.parent / "run.json")["attempts"]
    (engine,) = attempt["engines"]
    assert engine.startswith("onnxruntime ") and engine.endswith("CPUExecutionProvider float32")
    column = pq.read_table(ran.motion.parent / "frames.parquet")["gate"].to_pylist()
    assert sum(bool(gate & PairGate.REFINED) for gate in column if gate is not None) > 10


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--refine", "unheard-of"), "no model unheard-of"),
        (("--refine", "dis"), "dis is what a model refines"),
        (("--refine", "tvl1", "--estimator", "tvl1"), "refines what dis finds"),
    ],
)
def test_a_model_that_cannot_refine_is_a_wrong_option(
    words: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    ran = run_flowtag("tag", make_clip(tmp_path / "take.mp4", 10), "--out", tmp_path, *words)

    assert ran.status == 2
    assert "--refine: " in ran.err and reason in " ".join(ran.err.split())
