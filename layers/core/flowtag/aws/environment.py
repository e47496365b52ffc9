"""What the template tells a function by its environment, read once, as it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from flowtag.errors import SettingsError
from flowtag.frozen_model import Model
from flowtag.ingest_limits import Limits
from flowtag.settings import Preset

Compute = Literal["lambda", "batch", "sagemaker"]

MAX_FORM_BYTES = 5 << 30
"""S3 takes no more in one upload."""

MAX_LINK_SECONDS = 7 * 24 * 3600
"""S3 honours no link for longer."""


class OutputEnvironment(Model):
    """Where runs are."""

    output_bucket: str = Field(min_length=3)
    output_prefix: str = ""


class WorkerEnvironment(OutputEnvironment):
    """And what a worker's work costs."""

    usd_per_cpu_second: float | None = Field(None, gt=0)


class LambdaWorkerEnvironment(WorkerEnvironment):
    """And where chunks come from."""

    chunk_queue_url: str
    chunk_most_receives: int = Field(ge=1, description="After so many a chunk is a dead letter.")


class FailEnvironment(OutputEnvironment):
    """And what is asked again before a chunk counts as lost."""

    sagemaker_endpoint: str | None = None


class NoticeEnvironment(OutputEnvironment):
    """And who is told of results."""

    event_bus_name: str = "default"


class DispatchEnvironment(NoticeEnvironment):
    """And how chunks get to workers; of the three ways, what the chosen one needs."""

    compute: Compute = "lambda"
    chunk_queue_url: str | None = None
    batch_job_queue: str | None = None
    batch_job_definition: str | None = None
    batch_share_chunks: int = Field(16, ge=1)
    sagemaker_endpoint: str | None = None


class PlanEnvironment(DispatchEnvironment):
    """And how videos are planned."""

    source_suffixes: str = Field("", description="Separated by commas; empty: any.")
    preset: Preset = "balanced"
    estimator: str = Field("dis", description="Or a model: NAME or NAME@DIGEST.")
    refine: str | None = Field(None, description="A model that refines; None: none.")
    chunk_seconds: Fraction = Field(Fraction(60), gt=0)
    chunk_cpu_seconds: float | None = Field(None, gt=0)
    chunk_timeout_seconds: float = Field(900, gt=0, description="What a worker has for a chunk.")
    max_duration_seconds: float | None = Field(None, gt=0)
    max_cost_usd: float | None = Field(None, gt=0)
    usd_per_cpu_second: float | None = Field(None, gt=0)

    def wants(self, key: str) -> bool:
        """Whether an object's name ends as videos' do, in capitals or not."""
        suffixes = [part.strip().lower() for part in self.source_suffixes.split(",")]
        return key.lower().endswith(tuple(part for part in suffixes if part) or ("",))

    def limits(self) -> Limits:
        """What is too much for one video."""
        return Limits(
            max_duration_seconds=self.max_duration_seconds,
            max_cost_usd=self.max_cost_usd,
            usd_per_cpu_second=self.usd_per_cpu_second,
        )


class ReconcileEnvironment(DispatchEnvironment):
    """And when a run is overdue."""

    completion_queue_url: str
    overdue_seconds: float = Field(3600, gt=0)


class ApiEnvironment(OutputEnvironment):
    """And what users may read and upload."""

    upload_bucket: str = Field(min_length=3)
    upload_prefix: str = ""
    source_suffixes: str = Field("", description="Those that are tagged, by commas; empty: all.")
    max_upload_bytes: int = Field(MAX_FORM_BYTES, ge=1, le=MAX_FORM_BYTES)
    link_seconds: int = Field(900, ge=1, le=MAX_LINK_SECONDS)

    def suffixes(self) -> tuple[str, ...]:
        """What the name of an upload ends with; none: with anything."""
        return tuple(part.strip() for part in self.source_suffixes.split(",") if part.strip())


_Environment = TypeVar("_Environment", bound=Model)


def read_environment(
    model: type[_Environment], variables: Mapping[str, str] | None = None
) -> _Environment:
    """Reads the variables that a model names, in capitals; an empty one counts as not set.

    Raises:
        SettingsError: one is missing, or no such value.
    """
    variables = os.environ if variables is None else variables
    given = {name: variables.get(name.upper(), "") for name in model.model_fields}
    try:
        return model.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            f"environment: {str(first['loc'][0]).upper()}: {first['msg']}"
        ) from error
