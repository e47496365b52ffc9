"""The worker as a Lambda function: messages of the chunk queue, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from flowtag.aws.failures import task_of
from gpu_worker.worker import carry_out_task, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context(clear_state=True)
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


def _carry_out(record: SQSRecord) -> str:
    try:
        return carry_out_task(task_of(record.body))
    except Exception:
        # Powertools puts the message back without a word.
        logger.exception("chunk not done; its message goes back", message_id=record.message_id)
        raise
