"""A model in the output bucket: the plan function pins it, workers run it, or say why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowtag.aws.s3_places import S3Access, S3StorePlace
from flowtag.completing import complete
from flowtag.contracts.chunkfile import read_chunk, read_failed_chunk
from flowtag.contracts.messages import ChunkTask, Plan
from flowtag.errors import ModelError
from flowtag.models.registry import KeptModel, ModelRegistry
from flowtag.run_record import RunRecord
from flowtag.runs import put_plan, read_plan
from local_cloud.s3_server import S3Server
from tests.functional.deployed import PREFIX, deploy, keys_of, received
from tests.functional.worker_hosts import CHUNKS, Run, child, make_film, plan_run, run_child
from tests.unit.flow_models import CENTROID, model_of, written


def added(bucket: str, s3: S3Server, folder: Path, **said: object) -> KeptModel:
    """A model where a deployed application looks for it."""
    place = S3StorePlace(bucket, f"{PREFIX}models/", S3Access(s3.endpoint_url))
    return ModelRegistry(place).add(written(folder, model_of(CENTROID, **said)))


@pytest.fixture(autouse=True)
def server(s3: S3Server, credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint_url)


def by_model(run: Run, model: KeptModel) -> Run:
    """The same run, planned anew for a model."""
    settings = run.plan.settings.with_model("tiny", model.sha256, 96)
    plan = run.plan.model_copy(update={"settings": settings, "settings_digest": settings.digest()})
    run.store.delete(run.keys.plan)
    return Run(put_plan(run.store, Plan.model_validate(plan)), run.store, run.environment)


def test_an_upload_is_planned_for_the_model_that_the_parameter_names(
    s3: S3Server,
    aws_services: str,
    bucket: str,
    rushes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = added(bucket, s3, tmp_path / "old", source="old", cpu_seconds_per_megapixel=3.0)
    added(bucket, s3, tmp_path / "new", source="new")
    deployed = deploy(s3, aws_services, bucket, monkeypatch, ESTIMATOR=str(old))
    deployed.upload(rushes)

    (done,) = deployed.plan(deployed.sample("upload.json"))["uploads"]

    settings = read_plan(deployed.store, keys_of(done)).settings
    assert (settings.flow.estimator, settings.model_sha256) == ("tiny", old.sha256)
    tasks = [ChunkTask.model_validate_json(body) for body in received(deployed.chunk_queue)]
    assert {task.settings.model_sha256 for task in tasks} == {old.sha256}
    plan = read_plan(deployed.store, keys_of(done))
    assert plan.execution.model_cpu_seconds_per_megapixel == 3.0


def test_an_upload_is_planned_for_the_model_that_is_to_refine(
    s3: S3Server,
    aws_services: str,
    bucket: str,
    rushes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = added(bucket, s3, tmp_path / "model", cpu_seconds_per_megapixel=3.0)
    deployed = deploy(s3, aws_services, bucket, monkeypatch, REFINE=str(model))
    deployed.upload(rushes)

    (done,) = deployed.plan(deployed.sample("upload.json"))["uploads"]

    plan = read_plan(deployed.store, keys_of(done))
    assert plan.settings.flow.estimator == "dis"
    assert plan.settings.refine is not None
    assert plan.settings.refine.model_sha256 == model.sha256
    assert plan.execution.model_cpu_seconds_per_megapixel == 3.0


@pytest.mark.parametrize("parameter", ["ESTIMATOR", "REFINE"])
def test_a_parameter_that_names_no_model_fails_before_anything_is_written(
    s3: S3Server,
    aws_services: str,
    bucket: str,
    rushes: Path,
    monkeypatch: pytest.MonkeyPatch,
    parameter: str,
) -> None:
    deployed = deploy(s3, aws_services, bucket, monkeypatch, **{parameter: "unheard-of"})
    deployed.upload(rushes)

    with pytest.raises(ModelError, match=f"no model unheard-of in s3://{bucket}/{PREFIX}models/"):
        deployed.plan(deployed.sample("upload.json"))

    assert list(deployed.store.list("")) == []


def test_a_worker_runs_the_model_and_says_on_what(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    model = added(bucket, s3, tmp_path / "model")
    run = by_model(plan_run(bucket, make_film(tmp_path)), model)

    ended = run_child(child(run))

    assert (ended.status, run.done()) == (0, list(range(CHUNKS)))
    meta = read_chunk(run.store.get(run.keys.chunk(0))).meta
    assert meta.engine is not None and meta.engine.endswith("CPUExecutionProvider float32")
    lines = [line for line in ended.lines if line["message"] == "chunk analysed"]
    assert {line["engine"] for line in lines} == {meta.engine}
    assert (meta.working_width_px, meta.working_height_px) == (96, 54)


def test_the_record_of_a_run_says_what_ran_its_model(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    model = added(bucket, s3, tmp_path / "model")
    run = by_model(plan_run(bucket, make_film(tmp_path)), model)
    run_child(child(run))

    done = complete(run.store, run.keys, lambda ready: None)

    assert done.outcome == "published"
    (attempt,) = RunRecord.model_validate_json(run.store.get(run.keys.run)).attempts
    assert attempt.engines == (read_chunk(run.store.get(run.keys.chunk(0))).meta.engine,)


def test_a_chunk_whose_model_is_gone_is_recorded_and_not_tried_again(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    model = added(bucket, s3, tmp_path / "model")
    run = by_model(plan_run(bucket, make_film(tmp_path)), model)
    run.store.delete(f"models/tiny/{model.sha256}/model.onnx")

    ended = run_child(child(run))

    assert (ended.status, run.failed()) == (0, list(range(CHUNKS)))
    failed = read_failed_chunk(run.store.get(run.keys.failed(0)))
    assert failed.code == "bad_model"
    assert f"there is no model {model} in s3://{bucket}/{PREFIX}models/" in failed.message
