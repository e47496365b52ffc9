"""The scorer of the accuracy benchmark: an oracle passes every question, a liar is caught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy import judge
from benchmarks.accuracy_cases import Case, all_cases
from benchmarks.accuracy_finding import Finding, Trial
from benchmarks.accuracy_findings import findings
from benchmarks.accuracy_report import document, missed_targets
from benchmarks.accuracy_table import share_right, targets
from tests.rendering import ClipTruth, PartTruth, truth_of


def segment_of(part: PartTruth, truth: ClipTruth) -> dict[str, Any]:
    """Return what a segment should say about a part."""
    moves = part.subject_area or part.labels - {"static"}
    level = "medium" if moves and not truth.expectation.still else "static"
    steadiness = sorted(part.steadiness or {"smooth"})[0]
    rates = {key: getattr(part.move, key) for key in ("pan", "tilt", "zoom", "roll")}
    return {
        "start": {"seconds": part.start_seconds},
        "end": {"seconds": part.end_seconds},
        "motion": {"level": level},
        "camera": {"labels": sorted(part.labels), "steadiness": steadiness, **rates},
        "subject": {"area": part.subject_area, "speed": part.subject_speed},
        "flags": ["black"] if part.black else list(truth.expectation.flags),
    }


def oracle(truth: ClipTruth) -> dict[str, Any]:
    """Return a `motion.json` that is right, as far as the scorer reads it."""
    start: dict[str, Any] = {"kind": "start", "start": {"seconds": 0.0}, "end": {"seconds": 0.0}}
    edits = [
        {
            "kind": edit.kind,
            "start": {"seconds": edit.start_seconds},
            "end": {"seconds": edit.end_seconds},
        }
        for edit in truth.edits
    ]
    return {
        "analysis": {"status": "complete"},
        "shots": [{"transition": edit} for edit in [start, *edits]],
        "segments": [segment_of(part, truth) for part in truth.parts],
    }


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {case.name: case for case in all_cases()}


def judged(case: Case, tags: dict[str, Any] | None = None) -> list[Finding]:
    """Judge tags of a case; the oracle's by default."""
    truth = truth_of(case.clip)
    trial = Trial(case.name, case.conditions, Path("unread"), truth)
    return findings(trial, tags or oracle(truth))


def test_the_oracle_is_right_about_every_clip(cases: dict[str, Case]) -> None:
    found = [finding for case in cases.values() for finding in judged(case)]
    assert [finding for finding in found if not finding.right] == []
    assert missed_targets(found) == []
    assert all(row.count for row in targets(found))
    assert "Misses (0)" in document(found, "the oracle", 1.0)


def test_the_set_holds_what_is_asked(cases: dict[str, Case]) -> None:
    found = [finding for case in cases.values() for finding in judged(case)]
    labels = {finding.key for finding in found if finding.question == "label found"}
    assert len(labels) == 10
    assert sum(finding.question == "cut found" for finding in found) > 100
    assert sum(finding.question == "gradual found" for finding in found) > 40


def test_a_cut_one_frame_late_is_a_miss_and_a_false_claim(cases: dict[str, Case]) -> None:
    case = cases["cuts-static"]
    tags = oracle(truth_of(case.clip))
    tags["shots"][2]["transition"]["start"]["seconds"] += 0.04
    wrong = [finding for finding in judged(case, tags) if not finding.right]
    assert sorted(finding.question for finding in wrong) == ["cut claimed", "cut found"]


def test_a_dissolve_called_a_fade_is_gradual_all_the_same(cases: dict[str, Case]) -> None:
    case = cases["dissolve-1.0-static"]
    tags = oracle(truth_of(case.clip))
    tags["shots"][1]["transition"]["kind"] = "fade"
    wrong = [finding for finding in judged(case, tags) if not finding.right]
    assert sorted(finding.question for finding in wrong) == ["gradual claimed", "gradual found"]


def test_a_whip_pan_taken_for_cuts_is_caught(cases: dict[str, Case]) -> None:
    case = cases["flick+1.6"]
    tags = oracle(truth_of(case.clip))
    claim = {"kind": "cut", "start": {"seconds": 2.0}, "end": {"seconds": 2.0}}
    tags["shots"].append({"transition": claim})
    wrong = [finding for finding in judged(case, tags) if not finding.right]
    assert [finding.question for finding in wrong] == ["cut claimed"]


@pytest.mark.parametrize(
    ("name", "path", "value", "questions"),
    [
        ("pan+0.2", ("camera", "labels"), ["pan_left"], {"label found", "label claimed"}),
        ("pan+0.2", ("camera", "labels"), ["pan_right", "zoom_in"], {"label claimed"}),
        ("pan+0.2", ("camera", "pan"), 0.23, {"rate"}),
        ("pan+0.2", ("camera", "pan"), None, {"rate"}),
        ("pan+0.2", ("motion", "level"), "static", {"no false rest"}),
        ("pan+0.2", ("subject", "area"), 0.2, {"no phantom subject"}),
        ("static-coffee", ("motion", "level"), "low", {"no false motion"}),
        ("static-coffee", ("motion", "level"), None, {"rest known"}),
        ("static-coffee", ("camera", "steadiness"), "handheld", {"steadiness"}),
        ("subject-12%-pan", ("subject", "area"), 0.05, {"subject area"}),
        ("dark-pan", ("flags",), [], {"flag"}),
    ],
)
def test_a_lie_is_caught_by_the_right_question(
    cases: dict[str, Case], name: str, path: tuple[str, ...], value: Any, questions: set[str]
) -> None:
    tags = oracle(truth_of(cases[name].clip))
    place: dict[str, Any] = tags["segments"][0]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    wrong = [finding for finding in judged(cases[name], tags) if not finding.right]
    assert {finding.question for finding in wrong} == questions


def test_what_cannot_be_known_may_be_left_open(cases: dict[str, Case]) -> None:
    case = cases["wall-pan"]
    tags = oracle(truth_of(case.clip))
    tags["segments"][0]["motion"]["level"] = None
    tags["segments"][0]["camera"]["labels"] = []
    assert all(finding.right for finding in judged(case, tags))
    tags["segments"][0]["motion"]["level"] = "static"
    tags["segments"][0]["camera"]["labels"] = ["static"]
    assert not all(finding.right for finding in judged(case, tags))


def test_a_tagger_that_fails_has_missed_everything(cases: dict[str, Case], tmp_path: Path) -> None:
    def failing(path: Path) -> dict[str, Any]:
        raise RuntimeError(f"no tags for {path}")

    case = cases["cuts-moving"]
    trial = Trial(case.name, case.conditions, Path("unread"), truth_of(case.clip))
    found = judge(trial, failing, tmp_path)
    asked = [finding for finding in found if finding.question in ("label found", "cut found")]
    assert len(asked) > 10
    assert not any(finding.right for finding in asked)
    assert "no tags for unread" in next(f.got for f in found if f.question == "tagged")


def test_a_needless_split_is_stated(cases: dict[str, Case]) -> None:
    case = cases["pan+0.2"]
    tags = oracle(truth_of(case.clip))
    tags["segments"].append({**tags["segments"][0], "start": {"seconds": 2.0}})
    wrong = [finding for finding in judged(case, tags) if not finding.right]
    assert [finding.question for finding in wrong] == ["whole"]


def test_labels_weigh_by_time(cases: dict[str, Case]) -> None:
    case = cases["pan-rest-tilt-abrupt"]
    tags = oracle(truth_of(case.clip))
    tags["segments"][0]["camera"]["labels"] = []
    found = [finding for finding in judged(case, tags) if finding.question == "label found"]
    weights = [1.8 - 0.6, 2.0 - 0.6, 2.2 - 0.6]
    assert [finding.weight for finding in found] == pytest.approx(weights)
    assert share_right(found) == pytest.approx(1 - weights[0] / sum(weights))
