from __future__ import annotations

import json
import secrets
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_batch.literals import JobStatusType

_STATES: tuple[JobStatusType, ...] = (
    "SUBMITTED",
    "PENDING",
    "RUNNABLE",
    "STARTING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
)


@dataclass(frozen=True)
class BatchQueue:
    """A job queue of AWS Batch with a job definition of the same name, and no container behind."""

    name: str
    endpoint_url: str

    def jobs(self) -> int:
        """How many jobs were ever submitted to it."""
        batch = boto3.client("batch", endpoint_url=self.endpoint_url)
        listed = [batch.list_jobs(jobQueue=self.name, jobStatus=state) for state in _STATES]
        return sum(len(each["jobSummaryList"]) for each in listed)


def batch_queue(endpoint_url: str) -> BatchQueue:
    """Makes a queue on a server that :func:`aws_server` runs; its jobs succeed at once."""
    without_docker = json.dumps({"batch": {"use_docker": False}}).encode()
    urllib.request.urlopen(f"{endpoint_url}/moto-api/config", without_docker).close()
    # The server forgets nothing while its process lives.
    name = f"queue-{secrets.token_hex(8)}"
    iam = boto3.client("iam", endpoint_url=endpoint_url)
    batch = boto3.client("batch", endpoint_url=endpoint_url)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    environment = batch.create_compute_environment(
        computeEnvironmentName=name, type="UNMANAGED", serviceRole=role
    )["computeEnvironmentArn"]
    batch.create_job_queue(
        jobQueueName=name,
        priority=1,
        state="ENABLED",
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
    )
    batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={"image": "worker", "vcpus": 1, "memory": 100},
    )
    return BatchQueue(name, endpoint_url)
