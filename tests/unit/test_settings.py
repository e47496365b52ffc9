"""Settings: what is in a run's identity, and how they stand in JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flowtag.frozen_model import Model
from flowtag.settings import (
    PRESETS,
    AnalysisSettings,
    ExecutionSettings,
    FlowSettings,
    Preset,
    Rational,
    canonical_digest,
    canonical_json,
)
from flowtag.thresholds import Thresholds


class Ratio(Model):
    """A model with a Rational in it."""

    value: Rational


def another(value: object) -> object:
    """A value of the same type that differs."""
    if isinstance(value, tuple):
        return tuple(number + 0.5 for number in value)
    assert isinstance(value, (int, float, Fraction))
    return value + 1


def test_equal_settings_have_one_digest() -> None:
    assert AnalysisSettings().digest() == AnalysisSettings.for_preset("balanced").digest()


def test_the_digest_is_the_same_in_another_process() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "from flowtag.settings import AnalysisSettings as A; print(A().digest())",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "5"},
    )
    assert said.stdout.strip() == AnalysisSettings().digest()


@pytest.mark.parametrize("name", sorted(Thresholds.model_fields))
def test_every_threshold_is_in_the_digest(name: str) -> None:
    standard = AnalysisSettings()
    changed = Thresholds.model_validate({name: another(getattr(standard.thresholds, name))})
    assert standard.model_copy(update={"thresholds": changed}).digest() != standard.digest()


@pytest.mark.parametrize("name", sorted(set(FlowSettings.model_fields) - {"estimator"}))
def test_every_setting_of_the_flow_is_in_the_digest(name: str) -> None:
    standard = AnalysisSettings()
    changed = FlowSettings.model_validate({name: another(getattr(standard.flow, name))})
    assert standard.model_copy(update={"flow": changed}).digest() != standard.digest()


def test_range_preset_and_model_are_in_the_digest() -> None:
    half = Fraction(1, 2)
    chosen = [
        AnalysisSettings(),
        *(AnalysisSettings.for_preset(name) for name in PRESETS if name != "balanced"),
        AnalysisSettings(range_seconds=(half, None)),
        AnalysisSettings(range_seconds=(half, Fraction(2))),
        AnalysisSettings(model_sha256="0" * 64),
    ]
    assert len({settings.digest() for settings in chosen}) == len(chosen)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_settings_come_back_from_json_as_they_were(preset: Preset) -> None:
    settings = AnalysisSettings.for_preset(preset, (Fraction(1001, 30000), None))
    read = AnalysisSettings.model_validate_json(settings.model_dump_json())
    assert read == settings
    assert read.digest() == settings.digest()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        AnalysisSettings().preset = "fast"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        Thresholds().zoom = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("model", [AnalysisSettings, ExecutionSettings, FlowSettings, Thresholds])
def test_an_unknown_setting_is_refused(model: type[Model]) -> None:
    with pytest.raises(ValidationError, match=r"extra_forbidden|Extra inputs"):
        model.model_validate({"treshold": 1})


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (FlowSettings, "working_size_px", 63),
        (FlowSettings, "pairs_per_second", "0/1"),
        (FlowSettings, "grid_step_px", 0),
        (ExecutionSettings, "jobs", 0),
        (ExecutionSettings, "chunk_seconds", "-1/2"),
        (AnalysisSettings, "preset", "finest"),
    ],
)
def test_a_setting_out_of_bounds_is_refused(model: type[Model], name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        model.model_validate({name: value})


@given(st.fractions())
def test_a_fraction_goes_through_json_unharmed(value: Fraction) -> None:
    text = Ratio(value=value).model_dump_json()
    assert json.loads(text) == {"value": f"{value.numerator}/{value.denominator}"}
    assert Ratio.model_validate_json(text).value == value


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert canonical_digest({"b": 1, "a": 2}) == canonical_digest({"a": 2, "b": 1})


def test_a_number_that_is_none_is_never_digested() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": float("nan")})
