"""The chunks of runs in, motion.json out, once all of a run's chunks are there or have failed."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from flowtag.aws.chunk_spending import spent_on
from flowtag.aws.completion_requests import run_of
from flowtag.aws.environment import NoticeEnvironment, read_environment
from flowtag.aws.metric_sources import metric_source
from flowtag.aws.wiring import notices, output_store
from flowtag.run_keys import RunKeys

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from flowtag.announcing import Ready
    from flowtag.completing import Completed

logger = Logger(service="complete")
tracer = Tracer(service="complete")
metrics = Metrics(namespace="flowtag", service="complete")


@cache
def _environment() -> NoticeEnvironment:
    return read_environment(NoticeEnvironment)


class _Runs:
    """Looks at each run once, however many of a batch's messages are about it."""

    def __init__(self) -> None:
        self._looked_at: dict[RunKeys, Completed | Exception] = {}

    def take(self, record: SQSRecord) -> str:
        """Handles a message.

        Raises:
            Exception: its run could not be completed; the same for all messages about it.
        """
        keys = run_of(record.body, _environment().output_prefix)
        if keys is None:
            logger.info("ignored: not about a chunk", message_id=record.message_id)
            return "ignored"
        if keys not in self._looked_at:
            self._looked_at[keys] = _look_at(keys)
        found = self._looked_at[keys]
        if isinstance(found, Exception):
            raise found
        return found.outcome


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes messages of the completion queue; those whose run failed to complete come again."""
    metrics.add_metric("CompletionMessages", MetricUnit.Count, len(event["Records"]))
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(
        event=event, record_handler=_Runs().take, processor=processor, context=context
    )
    return dict(response)


def _look_at(keys: RunKeys) -> Completed | Exception:
    # Imports what assembles only now: most batches find that chunks are still missing.
    from flowtag.completing import complete

    environment = _environment()
    store = output_store(environment)
    with logger.append_context_keys(video_id=keys.video_id, run_id=keys.run_id):
        try:
            done = complete(store, keys, notices(environment), partial(spent_on, store))
        except Exception as error:
            logger.exception("could not be completed")
            metrics.add_metric("CompletionsFailed", MetricUnit.Count, 1)
            return error
        _report(done)
        return done


def _report(done: Completed) -> None:
    logger.info(
        f"run {done.outcome}",
        chunks=done.chunk_count,
        missing=done.missing,
        failed=done.failed,
        status=done.ready.status if done.ready else None,
        reason=done.ready.reason if done.ready else None,
    )
    if done.ready:
        share = 100 * done.failed / max(done.chunk_count, 1)
        metrics.add_metric("RunsPublished", MetricUnit.Count, 1)
        metrics.add_metric("FailedChunkShare", MetricUnit.Percent, share)
        _measure_source(done.ready, share)


def _measure_source(ready: Ready, failed_percent: float) -> None:
    # Metrics of their own: what alarms watch has no dimension but the service.
    of_source = EphemeralMetrics(namespace="flowtag", service="complete")
    of_source.add_dimension(name="source", value=metric_source(ready.uri))
    of_source.add_metadata("uri", ready.uri)
    of_source.add_metadata("video_id", ready.video_id)
    of_source.add_metadata("run_id", ready.run_id)
    of_source.add_metric("RunsPublished", MetricUnit.Count, 1)
    of_source.add_metric("FailedChunkShare", MetricUnit.Percent, failed_percent)
    of_source.flush_metrics()
