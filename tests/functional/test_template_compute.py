"""How chunks are computed: only what is chosen is created, and each way has its bounds."""

from __future__ import annotations

import re
import signal
from fnmatch import fnmatchcase

import pytest

from gpu_worker import batch_host
from tests.cloud.template import ACCOUNT, COMPUTES, REGION, STACK_UUID, render


@pytest.mark.parametrize(
    ("compute", "types"),
    [
        ("lambda", {"AWS::Lambda::EventSourceMapping"}),
        (
            "batch",
            {
                "AWS::Batch::ComputeEnvironment",
                "AWS::Batch::JobDefinition",
                "AWS::Batch::JobQueue",
                "AWS::EC2::LaunchTemplate",
                "AWS::IAM::InstanceProfile",
            },
        ),
        (
            "sagemaker",
            {
                "AWS::ApplicationAutoScaling::ScalableTarget",
                "AWS::ApplicationAutoScaling::ScalingPolicy",
                "AWS::SNS::Subscription",
                "AWS::SageMaker::Endpoint",
                "AWS::SageMaker::EndpointConfig",
                "AWS::SageMaker::Model",
            },
        ),
    ],
)
def test_only_the_chosen_way_to_compute_is_created(compute: str, types: set[str]) -> None:
    of_any = {
        found["Type"] for each in COMPUTES.values() for found in render(**each).resources.values()
    }
    of_all = set.intersection(
        *(
            {found["Type"] for found in render(**each).resources.values()}
            for each in COMPUTES.values()
        )
    )

    created = {found["Type"] for found in render(**COMPUTES[compute]).resources.values()}

    assert created - of_all == types
    assert types <= of_any


def test_workers_on_lambda_and_their_queue_come_with_that_alone() -> None:
    created = {compute: set(render(**each).resources) for compute, each in COMPUTES.items()}

    chunks = {"WorkerFunction", "ChunkQueue", "ChunkDeadLetterQueue", "ChunkQueueAgeAlarm"}

    assert chunks <= created["lambda"]
    assert not chunks & (created["batch"] | created["sagemaker"])


def test_no_on_demand_instances_where_none_are_allowed() -> None:
    stack = render(**COMPUTES["batch"], BatchOnDemandMaxvCpus=0)

    assert list(stack.of_type("AWS::Batch::ComputeEnvironment")) == ["BatchSpotEnvironment"]
    assert len(stack.properties("BatchJobQueue")["ComputeEnvironmentOrder"]) == 1


def test_spot_comes_first_and_both_environments_are_capped() -> None:
    stack = render(**COMPUTES["batch"], BatchMaxvCpus=32, BatchOnDemandMaxvCpus=4)

    order = stack.properties("BatchJobQueue")["ComputeEnvironmentOrder"]
    spot, on_demand = (
        stack.properties(each["ComputeEnvironment"])["ComputeResources"]
        for each in sorted(order, key=lambda each: each["Order"])
    )

    assert (spot["Type"], spot["MinvCpus"], spot["MaxvCpus"]) == ("SPOT", 0, 32)
    assert (on_demand["Type"], on_demand["MinvCpus"], on_demand["MaxvCpus"]) == ("EC2", 0, 4)


@pytest.mark.parametrize(
    ("status", "status_reason", "action"),
    [
        (batch_host.PASSING, "Essential container in task exited", "RETRY"),
        (128 + signal.SIGTERM, "Essential container in task exited", "RETRY"),
        (128 + signal.SIGKILL, "Essential container in task exited", "RETRY"),
        (128 + signal.SIGSEGV, "Essential container in task exited", "RETRY"),
        (128 + signal.SIGABRT, "Essential container in task exited", "RETRY"),
        (None, "Host EC2 (instance i-0123456789abcdef0) terminated.", "RETRY"),
        (batch_host.HOPELESS, "Essential container in task exited", "EXIT"),
    ],
)
def test_jobs_are_repeated_unless_they_would_only_fail_again(
    status: int | None, status_reason: str, action: str
) -> None:
    strategy = render(**COMPUTES["batch"]).properties("BatchJobDefinition")["RetryStrategy"]
    job = {"OnExitCode": str(status), "OnStatusReason": status_reason, "OnReason": "exited"}

    taken = [
        rule["Action"]
        for rule in strategy["EvaluateOnExit"]
        # The first rule counts all of whose patterns fit; they may end in an asterisk.
        if all(fnmatchcase(job[name], rule[name]) for name in rule if name != "Action")
    ]

    assert taken[0] == action
    assert strategy["Attempts"] > 1
    # AWS takes no more.
    assert len(strategy["EvaluateOnExit"]) <= 5


def test_jobs_have_one_gpu_no_privileges_and_little_to_write_to() -> None:
    container = render(**COMPUTES["batch"]).properties("BatchJobDefinition")["ContainerProperties"]

    assert {"Type": "GPU", "Value": "1"} in container["ResourceRequirements"]
    assert container["User"] not in ("", "0", "root")
    assert container["Privileged"] is False
    assert container["ReadonlyRootFilesystem"] is True
    assert [each["ContainerPath"] for each in container["LinuxParameters"]["Tmpfs"]] == ["/tmp"]


def test_the_endpoint_sleeps_at_zero_and_wakes_by_its_backlog() -> None:
    stack = render(**COMPUTES["sagemaker"])

    assert stack.properties("SageMakerScaling")["MinCapacity"] == 0
    alarm = stack.properties("SageMakerFromZeroAlarm")
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
    assert alarm["AlarmActions"] == ["SageMakerFromZeroPolicy"]


def test_chunks_are_planned_for_the_time_that_a_worker_has() -> None:
    planned = render().properties("PlanFunction")["Environment"]["Variables"]

    assert int(planned["CHUNK_TIMEOUT_SECONDS"]) == render().properties("WorkerFunction")["Timeout"]


def test_a_share_of_batch_has_time_for_one_chunk_that_takes_all_of_its_own() -> None:
    stack = render(**COMPUTES["batch"])
    planned = stack.properties("PlanFunction")["Environment"]["Variables"]
    attempt = stack.properties("BatchJobDefinition")["Timeout"]["AttemptDurationSeconds"]

    usual = (int(planned["BATCH_SHARE_CHUNKS"]) - 1) * int(planned["CHUNK_CPU_SECONDS"])

    assert attempt >= int(planned["CHUNK_TIMEOUT_SECONDS"]) + 2 * usual


@pytest.mark.parametrize("function", ["PlanFunction", "ReconcileFunction"])
def test_jobs_are_submitted_by_the_name_of_their_definition_whatever_its_revision(
    function: str,
) -> None:
    stack = render(**COMPUTES["batch"])
    named = stack.properties(function)["Environment"]["Variables"]["BATCH_JOB_DEFINITION"]

    (submit,) = stack.properties("DispatchPolicy")["PolicyDocument"]["Statement"]

    definition = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/{named}"
    assert named == stack.properties("BatchJobDefinition")["JobDefinitionName"]
    assert submit["Resource"] == ["BatchJobQueue", definition, f"{definition}:*"]


def test_an_endpoints_name_fits_whatever_the_stack_is_called() -> None:
    stack = render(**COMPUTES["sagemaker"])

    name = stack.properties("SageMakerEndpoint")["EndpointName"]

    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)
    assert STACK_UUID in name
    group = stack.properties("SageMakerLogGroup")["LogGroupName"]
    assert group == f"/aws/sagemaker/Endpoints/{name}"


def test_every_host_of_the_worker_is_told_what_the_plan_reckons_with() -> None:
    price = {"UsdPerCpuSecond": "0.0000365"}
    plan = render(**price).properties("PlanFunction")["Environment"]["Variables"]
    batch = render(**COMPUTES["batch"], **price).properties("BatchJobDefinition")
    sagemaker = render(**COMPUTES["sagemaker"], **price).properties("SageMakerModel")

    told = [
        render(**price).properties("WorkerFunction")["Environment"]["Variables"],
        {each["Name"]: each["Value"] for each in batch["ContainerProperties"]["Environment"]},
        sagemaker["PrimaryContainer"]["Environment"],
    ]

    assert {each["USD_PER_CPU_SECOND"] for each in told} == {plan["USD_PER_CPU_SECOND"]}
    assert plan["USD_PER_CPU_SECOND"] == "0.0000365"
