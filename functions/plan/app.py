"""An upload in, its chunks handed out: probes a video and plans it; decodes nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from flowtag.announcing import announce
from flowtag.aws.clients import s3_client
from flowtag.aws.environment import PlanEnvironment, read_environment
from flowtag.aws.s3_source import S3Media, find_source
from flowtag.aws.upload_events import Uploaded, uploads_of
from flowtag.aws.wiring import dispatcher, models, notices, output_store
from flowtag.errors import SourceNotFoundError
from flowtag.ingest import Ingested, Intake, ingest
from flowtag.models.choosing import choose, choose_refiner, pinned
from flowtag.settings import AnalysisSettings, ExecutionSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from flowtag.models.registry import KeptModel

logger = Logger(service="plan")
tracer = Tracer(service="plan")
metrics = Metrics(namespace="flowtag", service="plan")


@cache
def _environment() -> PlanEnvironment:
    return read_environment(PlanEnvironment)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes *Object Created* of EventBridge, or a notification of S3 itself.

    Raises:
        StorageError: S3 or the way to the workers failed; Lambda calls again.
        ModelError: there is no such estimator as ESTIMATOR, or no such model as REFINE.
        ContractError: the event, or an object of its run, is damaged.
    """
    uploads = uploads_of(event)
    metrics.add_metric("Uploads", MetricUnit.Count, len(uploads))
    if not uploads:
        logger.info("ignored: not the event of an upload", detail_type=event.get("detail-type"))
    return {"uploads": [_ingest(uploaded) for uploaded in uploads]}


def _ingest(uploaded: Uploaded) -> dict[str, Any]:
    # Of the upload before, in the same event.
    logger.remove_keys(["video_id", "run_id"])
    logger.append_keys(source=f"s3://{uploaded.bucket}/{uploaded.key}")
    if uploaded.key.endswith("/"):
        logger.info("ignored: a folder's mark")
        return {"key": uploaded.key, "outcome": "ignored"}
    if not _environment().wants(uploaded.key):
        logger.info("ignored: its suffix is none of SOURCE_SUFFIXES")
        return {"key": uploaded.key, "outcome": "ignored"}
    client = s3_client()
    try:
        found = find_source(client, uploaded.bucket, uploaded.key, uploaded.version_id)
    except SourceNotFoundError as error:
        logger.warning("ignored: it is gone", reason=str(error))
        return {"key": uploaded.key, "outcome": "gone"}
    order = found.order
    if uploaded.sequencer is not None:
        # Of unequal length; the shorter is to be filled up on the right, says S3's documentation.
        order = order.model_copy(update={"sequence": uploaded.sequencer.ljust(32, "0")})
    intake = _intake()
    done = ingest(intake, found.source, order, lambda: S3Media(client, found.source))
    logger.append_keys(video_id=done.keys.video_id, run_id=done.keys.run_id)
    if done.outcome in ("closed", "finished"):
        announce(intake.store, done.keys, notices(_environment()))
    _report(done)
    return {
        "key": uploaded.key,
        "outcome": done.outcome,
        "video_id": done.keys.video_id,
        "run_id": done.keys.run_id,
        "chunks": done.chunks,
        "reason": done.reason,
    }


def _intake() -> Intake:
    environment = _environment()
    store = output_store(environment)
    execution = ExecutionSettings(
        chunk_seconds=environment.chunk_seconds,
        chunk_cpu_seconds=environment.chunk_cpu_seconds,
        chunk_timeout_seconds=environment.chunk_timeout_seconds,
    )
    settings = AnalysisSettings.for_preset(environment.preset)
    model, refiner = _models(environment)
    settings, execution = pinned(model, settings, execution, refiner)
    return Intake(
        store=store,
        dispatcher=dispatcher(environment, store),
        settings=settings,
        execution=execution,
        limits=environment.limits(),
    )


@cache
def _models(environment: PlanEnvironment) -> tuple[KeptModel | None, KeptModel | None]:
    """What estimates the flow, and what refines it; None: DIS, and nothing."""
    kept = models(environment)
    return choose(environment.estimator, kept), choose_refiner(environment.refine, kept)


def _report(done: Ingested) -> None:
    logger.info(
        f"upload {done.outcome}",
        chunks=done.chunks,
        chunk_count=done.chunk_count,
        reason=done.reason,
    )
    metrics.add_metric("ChunksDispatched", MetricUnit.Count, done.chunks)
    if done.outcome == "closed":
        metrics.add_metric("VideosClosed", MetricUnit.Count, 1)
