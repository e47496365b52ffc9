"""What is deployed: private, traced, rolled back on its alarms, and open to nobody else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.sam import sam_environment, sam_program
from tests.cloud.template import ROOT, Stack, read_template, render


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


def test_an_existing_upload_bucket_is_named_and_not_created() -> None:
    stack = render(UploadBucketName="footage-of-ours")

    assert list(stack.of_type("AWS::S3::Bucket")) == ["OutputBucket"]
    assert "UploadBucketPolicy" not in stack.resources
    variables = stack.properties("ApiFunction")["Environment"]["Variables"]
    assert variables["UPLOAD_BUCKET"] == "footage-of-ours"


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


def test_alarms_are_mailed_only_to_who_asked() -> None:
    asked = render(AlarmEmail="ops@example.com").properties("AlarmSubscription")

    assert (asked["Protocol"], asked["Endpoint"]) == ("email", "ops@example.com")
    assert "AlarmSubscription" not in render().resources


def _lifecycle(stack: Stack) -> dict[str, Any]:
    rules = stack.properties("OutputBucket")["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in rules}


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
