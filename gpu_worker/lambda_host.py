"""The worker as a Lambda function: messages of the chunk queue, one at a time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from flowtag.aws.clients import sqs_client
from flowtag.aws.environment import LambdaWorkerEnvironment, read_environment
from flowtag.aws.failures import task_of
from flowtag.aws.holding import give_back, hold_message, pause_seconds
from flowtag.errors import ContractError, StorageError
from gpu_worker.worker import carry_out_task, logger, named

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

    from flowtag.contracts.messages import ChunkTask

tracer = Tracer(service="worker")
metrics = Metrics(namespace="flowtag", service="worker")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes chunk tasks from SQS; those that may succeed later are left in the queue."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(
        event=event, record_handler=_carry_out, processor=processor, context=context
    )
    # Lambda counts no error for them; where there are none the alarm is to see a zero.
    metrics.add_metric("ChunksReturned", MetricUnit.Count, len(response["batchItemFailures"]))
    return dict(response)


def _carry_out(record: SQSRecord, lambda_context: LambdaContext) -> str:
    # Powertools puts a message back without a word.
    try:
        task = task_of(record.body)
    except ContractError:
        logger.exception("no chunk's task; the message goes back", message_id=record.message_id)
        _give_back(record)
        raise
    with named(task):
        try:
            _hold(record, lambda_context.get_remaining_time_in_millis() / 1000)
            return _carry_out_traced(task)
        except Exception:
            logger.exception("chunk not done; its message goes back", message_id=record.message_id)
            _give_back(record)
            raise


def _carry_out_traced(task: ChunkTask) -> str:
    with tracer.provider.in_subsegment("## chunk") as traced:
        traced.put_annotation("video_id", task.video_id)
        traced.put_annotation("run_id", task.run_id)
        traced.put_annotation("chunk", str(task.index))
        return carry_out_task(task)


def _hold(record: SQSRecord, seconds: float) -> None:
    try:
        hold_message(_queues(), _environment().chunk_queue_url, record.receipt_handle, seconds)
    except StorageError:
        # Two at a time do no harm but the work: the same bytes are written twice.
        logger.exception("message not held: it may come again", message_id=record.message_id)


def _give_back(record: SQSRecord) -> None:
    receives = int(record.attributes.approximate_receive_count)
    environment = _environment()
    pause = pause_seconds(receives, environment.chunk_most_receives)
    try:
        give_back(_queues(), environment.chunk_queue_url, record.receipt_handle, pause)
    except StorageError:
        logger.exception("message not given back: it comes later", message_id=record.message_id)


@cache
def _environment() -> LambdaWorkerEnvironment:
    return read_environment(LambdaWorkerEnvironment)


@cache
def _queues() -> SQSClient:
    return sqs_client()
