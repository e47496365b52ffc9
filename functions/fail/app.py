"""Lost chunks in, recorded gaps out: so that no video waits for ever for one of its chunks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from flowtag.aws.environment import OutputEnvironment, read_environment
from flowtag.aws.failures import failed_invocation, is_failed_job, left_by_job, task_of
from flowtag.aws.s3_store import S3Store
from flowtag.aws.wiring import output_store
from flowtag.chunk_work import record_failure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from flowtag.contracts.messages import ChunkTask

LOST = "chunk_lost"

logger = Logger(service="fail")
tracer = Tracer(service="fail")
metrics = Metrics(namespace="flowtag", service="fail")


@cache
def _store() -> S3Store:
    return output_store(read_environment(OutputEnvironment))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes dead letters of the chunk queue, failed jobs of Batch, and errors of SageMaker.

    Raises:
        StorageError: S3 failed; Lambda calls again.
        ContractError: the event names no task that can be read.
    """
    # Always, so that the alarm sees zeros between.
    metrics.add_metric("FailedChunks", MetricUnit.Count, 0)
    if is_failed_job(event):
        tasks, reason = left_by_job(_store(), event)
        return {"recorded": sum(_record(task, reason) for task in tasks)}
    records = event.get("Records", [])
    if records and all(record.get("EventSource") == "aws:sns" for record in records):
        lost = [failed_invocation(_store(), record["Sns"]["Message"]) for record in records]
        return {"recorded": sum(_record(task, reason) for task, reason in lost)}
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
    deliveries = record.attributes.approximate_receive_count
    reason = f"no worker finished it; its message was delivered {deliveries} times"
    try:
        return _record(task_of(record.body), reason)
    except Exception:
        # The message goes back, which Lambda does not count as an error.
        metrics.add_metric("RecordingsFailed", MetricUnit.Count, 1)
        raise


def _record(task: ChunkTask, reason: str) -> bool:
    keys: dict[str, object] = {
        "video_id": task.video_id,
        "run_id": task.run_id,
        "chunk": task.index,
        "source": task.source.uri,
    }
    recorded = record_failure(_store(), task, LOST, reason)
    if recorded:
        logger.error("chunk failed", reason=reason, extra=keys)
        metrics.add_metric("FailedChunks", MetricUnit.Count, 1)
    else:
        logger.info("chunk has a result after all", extra=keys)
    return recorded
