"""What is deployed: only what is chosen, private, and nothing that can get lost unheard."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from flowtag.aws.holding import pause_seconds
from flowtag.reconciliation import LONGEST_WAIT
from gpu_worker import batch_host
from tests.cloud.sam import sam_environment, sam_program
from tests.cloud.template import (
    ACCOUNT,
    COMPUTES,
    REGION,
    ROOT,
    STACK_UUID,
    Stack,
    read_template,
    render,
)


@pytest.fixture(params=sorted(COMPUTES))
def stack(request: pytest.FixtureRequest) -> Stack:
    return render(**COMPUTES[request.param])


def test_sam_and_its_lint_accept_the_template() -> None:
    done = subprocess.run(
        [sam_program(), "validate", "--lint"],
        cwd=ROOT,
        env=sam_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


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


def test_an_existing_upload_bucket_is_named_and_not_created() -> None:
    stack = render(UploadBucketName="footage-of-ours")

    assert list(stack.of_type("AWS::S3::Bucket")) == ["OutputBucket"]
    assert "UploadBucketPolicy" not in stack.resources
    variables = stack.properties("ApiFunction")["Environment"]["Variables"]
    assert variables["UPLOAD_BUCKET"] == "footage-of-ours"


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


@pytest.mark.parametrize("key", ["", f"arn:aws:kms:eu-west-1:123456789012:key/{'0' * 36}"])
@pytest.mark.parametrize("name", ["UploadBucket", "OutputBucket"])
def test_buckets_are_private_encrypted_versioned_and_outlive_the_stack(name: str, key: str) -> None:
    stack = render(KmsKeyArn=key)
    bucket = stack.properties(name)

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    wanted = (
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    )
    assert rule["ServerSideEncryptionByDefault"] == wanted
    assert bucket["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert stack.resources[name]["DeletionPolicy"] == "Retain"
    assert stack.resources[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", ["UploadBucket", "OutputBucket"])
def test_buckets_refuse_what_is_not_tls(name: str) -> None:
    policy = render().properties(f"{name}Policy")

    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Bucket"] == name
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_chunks_expire_by_the_tag_that_the_worker_sets() -> None:
    rules = _lifecycle(render(ChunksExpireDays=7))

    assert rules["chunks"]["Status"] == "Enabled"
    assert rules["chunks"]["ExpirationInDays"] == 7
    assert rules["chunks"]["TagFilters"] == [{"Key": "flowtag", "Value": "chunk"}]
    assert [name for name, rule in rules.items() if "ExpirationInDays" in rule] == ["chunks"]


def test_chunks_can_be_kept() -> None:
    assert _lifecycle(render(ChunksExpireDays=0))["chunks"]["Status"] == "Disabled"


def test_no_rule_ever_deletes_footage() -> None:
    rules = render().properties("UploadBucket")["LifecycleConfiguration"]["Rules"]

    assert all(set(rule) <= {"Id", "Status", "AbortIncompleteMultipartUpload"} for rule in rules)


def test_every_function_is_traced_published_and_rolled_back_on_its_alarm(stack: Stack) -> None:
    shared = read_template()["Globals"]["Function"]

    assert shared["Tracing"] == "Active"
    assert shared["AutoPublishAlias"] == "live"
    assert "Type" in shared["DeploymentPreference"]
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    for name, function in stack.of_type("AWS::Serverless::Function").items():
        watched = [alarms[alarm] for alarm in function["DeploymentPreference"]["Alarms"]]
        dimensions = {each["Value"] for alarm in watched for each in alarm.get("Dimensions", ())}
        assert {name, f"{name}:live"} <= dimensions


@pytest.mark.parametrize(
    ("function", "metric"),
    [
        ("ApiFunction", "ApiFailures"),
        ("CompleteFunction", "CompletionsFailed"),
        ("FailFunction", "RecordingsFailed"),
        ("WorkerFunction", "ChunksReturned"),
    ],
)
def test_a_deployment_watches_what_its_function_answers_for_and_lambda_does_not_count(
    function: str, metric: str
) -> None:
    stack = render()
    alarms = stack.of_type("AWS::CloudWatch::Alarm")

    watched = [
        alarms[name] for name in stack.properties(function)["DeploymentPreference"]["Alarms"]
    ]

    service = function.removesuffix("Function").lower()
    (alarm,) = [each for each in watched if each["MetricName"] == metric]
    assert (alarm["Namespace"], alarm["Statistic"]) == ("flowtag", "Sum")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]
    assert alarm["AlarmActions"] == ["AlarmTopic"]


def test_every_function_logs_to_a_group_that_forgets(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")

    assert {group["RetentionInDays"] for group in groups.values()} == {30}
    for function in stack.of_type("AWS::Serverless::Function").values():
        assert function["LoggingConfig"]["LogGroup"] in groups


@pytest.mark.parametrize("function", ["Plan", "Complete", "Fail", "Api"])
def test_concurrency_is_reserved_only_where_asked(function: str) -> None:
    asked = render(**{f"{function}Concurrency": 5}).of_type("AWS::Serverless::Function")

    reserved = {name: each.get("ReservedConcurrentExecutions") for name, each in asked.items()}

    assert reserved.pop(f"{function}Function") == 5
    assert set(reserved.values()) == {None}


def test_a_queue_feeds_no_more_invocations_than_are_reserved() -> None:
    """Else Lambda refuses them, and after three refusals a message is a dead letter."""
    stack = render(CompleteConcurrency=4, FailConcurrency=3)
    results = stack.properties("CompleteFunction")["Events"]["ChunkResults"]["Properties"]

    assert results["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert stack.properties("FailedChunks")["ScalingConfig"] == {"MaximumConcurrency": 3}
    assert "ScalingConfig" not in render().properties("FailedChunks")


def test_every_queue_is_encrypted_and_refuses_what_is_not_tls(stack: Stack) -> None:
    denied = {
        queue
        for policy in stack.of_type("AWS::SQS::QueuePolicy").values()
        for queue in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    queues = stack.of_type("AWS::SQS::Queue")

    assert {queue["SqsManagedSseEnabled"] for queue in queues.values()} == {True}
    assert denied == set(queues)


def test_every_queue_that_is_worked_off_has_a_dead_letter_queue(stack: Stack) -> None:
    queues = stack.of_type("AWS::SQS::Queue")
    redriven = {
        name: queue["RedrivePolicy"]["deadLetterTargetArn"].rpartition(":")[2]
        for name, queue in queues.items()
        if "RedrivePolicy" in queue
    }

    assert set(_consumers(stack)) <= set(redriven)
    assert set(queues) - set(redriven) <= {name for name in queues if "DeadLetter" in name}
    assert set(redriven.values()) <= set(queues)


def test_every_queue_has_an_alarm_that_somebody_hears(stack: Stack) -> None:
    heard = {
        dimension["Value"].removesuffix(".QueueName")
        for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["AlarmActions"] == ["AlarmTopic"]
        for dimension in alarm.get("Dimensions", ())
        if dimension["Name"] == "QueueName"
    }

    assert heard == set(stack.of_type("AWS::SQS::Queue"))


def test_messages_stay_hidden_for_six_time_limits_and_the_window(stack: Stack) -> None:
    functions = stack.of_type("AWS::Serverless::Function")
    queues = stack.of_type("AWS::SQS::Queue")

    for queue, (function, window) in _consumers(stack).items():
        assert queues[queue]["VisibilityTimeout"] >= 6 * functions[function]["Timeout"] + window


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


def test_a_chunk_is_overdue_when_all_its_goes_are_over() -> None:
    stack = render()
    overdue = stack.properties("ReconcileFunction")["Environment"]["Variables"]["OVERDUE_SECONDS"]
    limit = stack.properties("WorkerFunction")["Timeout"]
    goes = stack.properties("ChunkQueue")["RedrivePolicy"]["maxReceiveCount"]

    pauses = sum(pause_seconds(go, goes) for go in range(1, goes + 1))

    assert int(overdue) > goes * limit + pauses
    told = read_template()["Parameters"]["OverdueSeconds"]["Description"]
    assert f"take {goes * limit + pauses} s where workers start" in told


def test_a_chunk_waits_for_a_worker_for_as_long_as_its_queue_keeps_it() -> None:
    kept = render().properties("ChunkQueue")["MessageRetentionPeriod"]

    assert timedelta(seconds=kept) == LONGEST_WAIT


def test_a_chunk_outlasts_an_outage_of_half_an_hour() -> None:
    goes = render().properties("ChunkQueue")["RedrivePolicy"]["maxReceiveCount"]

    assert sum(pause_seconds(go, goes) for go in range(1, goes + 1)) > 30 * 60


def test_a_worker_knows_which_go_is_the_last() -> None:
    stack = render()
    told = stack.properties("WorkerFunction")["Environment"]["Variables"]

    goes = stack.properties("ChunkQueue")["RedrivePolicy"]["maxReceiveCount"]
    assert int(told["CHUNK_MOST_RECEIVES"]) == goes


def test_dead_letters_are_kept_longest(stack: Stack) -> None:
    kept = {
        name: queue["MessageRetentionPeriod"]
        for name, queue in stack.of_type("AWS::SQS::Queue").items()
    }

    assert {kept[name] for name in kept if "DeadLetter" in name} == {14 * 86400}
    assert all(seconds < 14 * 86400 for name, seconds in kept.items() if "DeadLetter" not in name)


def test_a_token_is_asked_for_where_an_issuer_is_given() -> None:
    stack = render(JwtIssuer="https://id.example", JwtAudience="editors,producers")

    for route in stack.of_type("AWS::ApiGatewayV2::Route").values():
        assert (route["AuthorizationType"], route["AuthorizerId"]) == ("JWT", "JwtAuthorizer")
    assert stack.properties("JwtAuthorizer")["JwtConfiguration"] == {
        "Issuer": "https://id.example",
        "Audience": ["editors", "producers"],
    }


def test_a_signature_of_iam_is_asked_for_where_none_is() -> None:
    stack = render()

    routes = stack.of_type("AWS::ApiGatewayV2::Route").values()
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}
    assert not stack.of_type("AWS::ApiGatewayV2::Authorizer")


def test_the_api_takes_every_path_but_leaves_a_browsers_first_question_to_api_gateway() -> None:
    """A route that took OPTIONS would ask for a token, which a browser does not send with it."""
    routes = render().of_type("AWS::ApiGatewayV2::Route")

    assert {route["RouteKey"] for route in routes.values()} == {"GET /{proxy+}", "POST /{proxy+}"}


def test_a_parameter_that_is_split_by_commas_takes_no_spaces() -> None:
    """CloudFormation keeps them: an audience " b" is no audience of anybody's."""
    parameters = read_template()["Parameters"]
    split = set(_split_parameters(read_template()))

    refused = {
        name for name in split if not re.fullmatch(parameters[name]["AllowedPattern"], ".a, .b")
    }

    assert {"JwtAudience", "CorsOrigins", "SourceSuffixes", "BatchSubnets"} <= split
    assert refused == split


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("JwtAudience", ["", "editors", "https://a.example,b"]),
        ("CorsOrigins", ["", "*", "https://a.example,http://localhost:5173"]),
        ("SourceSuffixes", [".mp4", ".mp4,.MOV"]),
        ("BatchSubnets", ["", "subnet-1,subnet-2"]),
    ],
)
def test_lists_are_taken(parameter: str, values: list[str]) -> None:
    pattern = read_template()["Parameters"][parameter]["AllowedPattern"]

    assert all(re.fullmatch(pattern, value) for value in values)


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


def test_alarms_are_mailed_only_to_who_asked() -> None:
    asked = render(AlarmEmail="ops@example.com").properties("AlarmSubscription")

    assert (asked["Protocol"], asked["Endpoint"]) == ("email", "ops@example.com")
    assert "AlarmSubscription" not in render().resources


def _lifecycle(stack: Stack) -> dict[str, Any]:
    rules = stack.properties("OutputBucket")["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in rules}


def _consumers(stack: Stack) -> dict[str, tuple[str, int]]:
    """Which function works off which queue, and the seconds for which it gathers a batch."""
    found = {
        event["Properties"]["Queue"].rpartition(":")[2]: (
            name,
            event["Properties"].get("MaximumBatchingWindowInSeconds", 0),
        )
        for name, function in stack.of_type("AWS::Serverless::Function").items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        queue = mapping["EventSourceArn"].rpartition(":")[2]
        found[queue] = (mapping["FunctionName"].removesuffix(".Alias"), 0)
    return found


def _split_parameters(node: Any) -> Iterator[str]:
    """Parameters that Fn::Split takes apart at commas."""
    if isinstance(node, list):
        for each in node:
            yield from _split_parameters(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "Fn::Split" and value[0] == "," and "Ref" in value[1]:
                yield value[1]["Ref"]
            yield from _split_parameters(value)
