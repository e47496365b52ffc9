"""What a function of the cloud is made of, put together from its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtag.aws.clients import batch_client, events_client, s3_client, sagemaker_client, sqs_client
from flowtag.aws.environment import DispatchEnvironment, NoticeEnvironment, OutputEnvironment
from flowtag.aws.notices import BusNotices
from flowtag.aws.s3_store import S3Store
from flowtag.errors import SettingsError
from flowtag.run_keys import MODELS

if TYPE_CHECKING:
    from flowtag.dispatching import Dispatcher
    from flowtag.models.registry import ModelRegistry


def output_store(environment: OutputEnvironment, *, tags_chunks: bool = False) -> S3Store:
    """Where runs are; a worker's tags what may expire."""
    return S3Store(
        s3_client(), environment.output_bucket, environment.output_prefix, tags_chunks=tags_chunks
    )


def models(environment: OutputEnvironment) -> ModelRegistry:
    """The built-in models and those beside the runs; the worker finds them where plan did."""
    # Most functions need none of this, and start sooner without.
    from flowtag.aws.s3_places import S3Access, S3StorePlace
    from flowtag.models.registry import ModelRegistry

    prefix = f"{environment.output_prefix}{MODELS}"
    return ModelRegistry(S3StorePlace(environment.output_bucket, prefix, S3Access()))


def notices(environment: NoticeEnvironment) -> BusNotices:
    """Who is told of results."""
    return BusNotices(events_client(), environment.event_bus_name, environment.output_bucket)


def dispatcher(environment: DispatchEnvironment, store: S3Store) -> Dispatcher:
    """The way to the workers that was chosen when the application was deployed.

    Raises:
        SettingsError: the environment does not say where that way leads.
    """
    if environment.compute == "lambda":
        from flowtag.aws.queue_dispatch import QueueDispatcher

        queue = _required(environment.chunk_queue_url, "CHUNK_QUEUE_URL")
        return QueueDispatcher(sqs_client(), queue)
    if environment.compute == "batch":
        from flowtag.aws.batch_dispatch import BatchDispatcher

        return BatchDispatcher(
            batch_client(),
            _required(environment.batch_job_queue, "BATCH_JOB_QUEUE"),
            _required(environment.batch_job_definition, "BATCH_JOB_DEFINITION"),
            environment.batch_share_chunks,
        )
    from flowtag.aws.sagemaker_dispatch import SageMakerDispatcher

    endpoint = _required(environment.sagemaker_endpoint, "SAGEMAKER_ENDPOINT")
    return SageMakerDispatcher(sagemaker_client(), endpoint, store)


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise SettingsError(f"environment: {name} is not set")
    return value
