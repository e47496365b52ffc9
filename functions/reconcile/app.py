"""On a schedule: finds runs that got stuck, and gets them going again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from flowtag.aws.clients import sqs_client
from flowtag.aws.completion_requests import CompletionRequests
from flowtag.aws.environment import ReconcileEnvironment, read_environment
from flowtag.aws.wiring import dispatcher, output_store
from flowtag.catalog import compact
from flowtag.reconciliation import Found, Reconciler

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="reconcile")
tracer = Tracer(service="reconcile")
metrics = Metrics(namespace="flowtag", service="reconcile")


@cache
def _environment() -> ReconcileEnvironment:
    return read_environment(ReconcileEnvironment)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes the event of a schedule; what stands in it does not matter.

    Raises:
        StorageError: S3 failed; the schedule calls again.
    """
    environment = _environment()
    store = output_store(environment)
    reconciler = Reconciler(
        store=store,
        dispatcher=dispatcher(environment, store),
        ask_to_complete=CompletionRequests(
            sqs_client(), environment.completion_queue_url, environment.output_prefix
        ),
        overdue=timedelta(seconds=environment.overdue_seconds),
    )
    findings: Counter[str] = Counter(in_time=0)
    for found in reconciler.reconcile(datetime.now(UTC)):
        findings[found.finding] += 1
        _report(found)
    for finding, count in findings.items():
        metrics.add_metric(f"Runs.{finding}", MetricUnit.Count, count)
    for key in compact(store).unreadable:
        logger.error("a change of the catalog cannot be read", key=key)
    return dict(findings)


def _report(found: Found) -> None:
    if found.finding == "in_time":
        return
    logger.warning(
        f"run {found.finding}",
        video_id=found.keys.video_id,
        run_id=found.keys.run_id,
        chunks=found.chunks,
        reason=found.reason,
    )
