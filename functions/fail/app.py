"""Lost chunks in, recorded gaps out: so that no video waits for ever for one of its chunks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from flowtag.aws.clients import sagemaker_client
from flowtag.aws.environment import FailEnvironment, read_environment
from flowtag.aws.failures import (
    FailedInvocation,
    failed_invocation,
    is_failed_job,
    left_by_job,
    task_of,
)
from flowtag.aws.s3_store import S3Store
from flowtag.aws.sagemaker_dispatch import SageMakerDispatcher
from flowtag.aws.wiring import output_store
from flowtag.chunk_work import has_result, record_failure
from flowtag.errors import ContractError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from flowtag.contracts.messages import ChunkTask

LOST = "chunk_lost"
MOST_INVOCATIONS = 3
"""Of an endpoint for one chunk: as often as the queue delivers a message."""

logger = Logger(service="fail")
tracer = Tracer(service="fail")
metrics = Metrics(namespace="flowtag", service="fail")


@cache
def _environment() -> FailEnvironment:
    return read_environment(FailEnvironment)


@cache
def _store() -> S3Store:
    return output_store(_environment())


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes dead letters of the chunk queue, failed jobs of Batch, and errors of SageMaker.

    Raises:
        StorageError: S3 failed; Lambda calls again.
        ContractError: the event names no task that can be read.
    """
    # Always, so that the alarms see zeros between.
    metrics.add_metric("FailedChunks", MetricUnit.Count, 0)
    metrics.add_metric("RecordingsFailed", MetricUnit.Count, 0)
    if is_failed_job(event):
        tasks, reason = left_by_job(_store(), event)
        return {"recorded": sum(_record(task, reason) for task in tasks)}
    records = event.get("Records", [])
    if records and all(record.get("EventSource") == "aws:sns" for record in records):
        failed = [failed_invocation(_store(), record["Sns"]["Message"]) for record in records]
        return {"recorded": sum(_invoke_again_or_record(each) for each in failed)}
    if records and all(record.get("eventSource") == "aws:sqs" for record in records):
        return _drain(event, context)
    logger.info("ignored: not about a lost chunk", detail_type=event.get("detail-type"))
    return {"recorded": 0}


def _drain(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(
        event=event, record_handler=_dead_letter, processor=processor, context=context
    )
    return dict(response)


def _dead_letter(record: SQSRecord) -> bool:
    # Powertools puts a message back without a word, and Lambda counts no error.
    try:
        task = task_of(record.body)
    except ContractError:
        logger.exception("no chunk's task; the letter goes back", message_id=record.message_id)
        metrics.add_metric("RecordingsFailed", MetricUnit.Count, 1)
        raise
    deliveries = record.attributes.approximate_receive_count
    try:
        return _record(task, f"no worker finished it; its message was delivered {deliveries} times")
    except Exception:
        metrics.add_metric("RecordingsFailed", MetricUnit.Count, 1)
        raise


def _invoke_again_or_record(failed: FailedInvocation) -> bool:
    # A failure for good is on record by the container itself: this one may pass.
    task, endpoint = failed.task, _environment().sagemaker_endpoint
    if endpoint is None or failed.go >= MOST_INVOCATIONS:
        return _record(task, f"{failed.reason} (invoked {failed.go} times)")
    with _named(task):
        if has_result(_store(), task):
            logger.info("chunk has a result after all")
            return False
        SageMakerDispatcher(sagemaker_client(), endpoint, _store()).invoke(task, failed.go + 1)
        logger.warning("chunk not done; invoked again", go=failed.go + 1, reason=failed.reason)
    return False


def _record(task: ChunkTask, reason: str) -> bool:
    with _named(task):
        try:
            recorded = record_failure(_store(), task, LOST, reason)
        except Exception:
            logger.exception("failure of a chunk not recorded", reason=reason)
            raise
        if recorded:
            logger.error("chunk failed", reason=reason)
            metrics.add_metric("FailedChunks", MetricUnit.Count, 1)
        else:
            logger.info("chunk has a result after all")
    return recorded


def _named(task: ChunkTask) -> AbstractContextManager[None]:
    return logger.append_context_keys(
        video_id=task.video_id, run_id=task.run_id, chunk=task.index, source=task.source.uri
    )
