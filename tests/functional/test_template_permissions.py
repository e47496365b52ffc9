"""Nobody may do more than is needed, and everybody may do what they do."""

from __future__ import annotations

import re

import pytest

from flowtag.run_keys import MODELS, RunKeys
from tests.cloud.permissions import as_list, may, policy_documents, statements_of_role
from tests.cloud.template import COMPUTES, ROOT, Stack, render

KEYS = RunKeys("clip-0123456789ab", "clip-ba9876543210")
MODEL = f"{MODELS}tvl1/{'0' * 64}"
OUTPUT = "arn:aws:s3:::OutputBucket"
UPLOADS = "arn:aws:s3:::UploadBucket"
KEY_OF_KMS = "arn:aws:kms:eu-west-1:123456789012:key/" + "0" * 36

# What AWS gives no resource for, or only whole services' own policies.
_NO_NARROWER = {
    "xray:PutTraceSegments": "X-Ray has no resources for it",
    "xray:PutTelemetryRecords": "X-Ray has no resources for it",
    "ecr:GetAuthorizationToken": "a token is for the whole registry",
    "cloudwatch:PutMetricData": "CloudWatch narrows it by namespace alone",
}
# What AWS does by a role, and which call of ours needs what.
_BY_AWS = {
    "logs:CreateLogStream": "Lambda, SageMaker: log lines",
    "logs:PutLogEvents": "Lambda, SageMaker: log lines",
    "logs:DescribeLogStreams": "SageMaker: log lines",
    "sqs:ReceiveMessage": "Lambda: feeds a function from a queue",
    "sqs:DeleteMessage": "Lambda: feeds a function from a queue",
    "sqs:GetQueueAttributes": "Lambda: feeds a function from a queue",
    "sqs:SendMessage": "Lambda: sets failed events aside",
    "xray:PutTraceSegments": "Lambda: traces",
    "xray:PutTelemetryRecords": "Lambda: traces",
    "kms:Decrypt": "S3: reads with a key of the account's",
    "kms:GenerateDataKey": "S3: writes with a key of the account's",
    "sns:Publish": "SageMaker: tells of errors",
    "s3:PutObject": "SageMaker: receipts",
    "s3:AbortMultipartUpload": "SageMaker: receipts",
    "cloudwatch:PutMetricData": "SageMaker: metrics",
    "ecr:GetAuthorizationToken": "SageMaker: pulls the image",
    "ecr:BatchCheckLayerAvailability": "SageMaker: pulls the image",
    "ecr:BatchGetImage": "SageMaker: pulls the image",
    "ecr:GetDownloadUrlForLayer": "SageMaker: pulls the image",
}
_BY_CALLS = {
    "get_object": {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"},
    "put_object": {"s3:PutObject", "s3:PutObjectTagging"},
    "delete_object": {"s3:DeleteObject"},
    "get_queue_attributes": {"sqs:GetQueueAttributes"},
    "change_message_visibility": {"sqs:ChangeMessageVisibility"},
    "send_message_batch": {"sqs:SendMessage"},
    "put_events": {"events:PutEvents"},
    "submit_job": {"batch:SubmitJob"},
    "invoke_endpoint_async": {"sagemaker:InvokeEndpointAsync"},
}
_AWS_OWN = {
    "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role": (
        "Batch requires it by name for its instances"
    )
}


@pytest.fixture(params=sorted(COMPUTES))
def stack(request: pytest.FixtureRequest) -> Stack:
    return render(**COMPUTES[request.param], KmsKeyArn=KEY_OF_KMS, UploadKmsKeyArn=KEY_OF_KMS)


def test_no_action_is_a_pattern_where_something_is_allowed(stack: Stack) -> None:
    patterns = [
        (name, action)
        for name, document in policy_documents(stack)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
        if "*" in action or "?" in action
    ]

    assert patterns == []


def test_no_statement_names_every_resource_where_aws_has_narrower_ones(stack: Stack) -> None:
    wide = [
        (name, action)
        for name, document in policy_documents(stack)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        and any(_names_none(resource) for resource in _resources(statement))
        for action in as_list(statement["Action"])
        if action not in _NO_NARROWER
    ]

    assert wide == []


def test_no_statement_allows_or_names_by_exclusion(stack: Stack) -> None:
    inverted = {"NotAction", "NotResource", "NotPrincipal"}

    assert not any(
        inverted & set(statement)
        for _, document in policy_documents(stack)
        for statement in document["Statement"]
    )


def test_nobody_outside_the_account_is_allowed_anything(stack: Stack) -> None:
    principals = [
        statement["Principal"]
        for _, document in policy_documents(stack)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow" and "Principal" in statement
    ]

    assert all(set(principal) == {"Service"} for principal in principals)


def test_services_that_may_send_are_held_to_this_stack_or_account(stack: Stack) -> None:
    for _, document in policy_documents(stack):
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow" and "Principal" in statement:
                keys = {key for test in statement["Condition"].values() for key in test}
                assert keys & {"aws:SourceArn", "aws:SourceAccount"}


def test_policies_of_aws_are_used_only_where_it_requires_them(stack: Stack) -> None:
    foreign = {
        arn
        for role in stack.of_type("AWS::IAM::Role").values()
        for arn in role.get("ManagedPolicyArns", ())
        if arn not in stack.resources
    }

    assert foreign <= set(_AWS_OWN)


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    functions = stack.of_type("AWS::Serverless::Function")

    roles = {name: function["Role"].rpartition(":")[2] for name, function in functions.items()}

    assert len(set(roles.values())) == len(functions)
    assert set(roles.values()) <= set(stack.of_type("AWS::IAM::Role"))
    assert not any("Policies" in function for function in functions.values())


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("PlanRole", "s3:GetObject", f"{UPLOADS}/a b/clip.mp4"),
        ("PlanRole", "s3:GetObjectVersion", f"{UPLOADS}/clip.mp4"),
        ("PlanRole", "s3:ListBucket", UPLOADS),
        ("PlanRole", "s3:ListBucketVersions", UPLOADS),
        ("PlanRole", "s3:ListBucket", OUTPUT),
        ("PlanRole", "s3:PutObject", f"{OUTPUT}/{KEYS.plan}"),
        ("PlanRole", "s3:PutObject", f"{OUTPUT}/{KEYS.open}"),
        ("PlanRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.open}"),
        ("PlanRole", "sqs:SendMessage", "arn:aws:any:eu-west-1:123456789012:ChunkQueue"),
        ("PlanRole", "s3:GetObject", f"{OUTPUT}/{MODEL}/model.json"),
        ("CompleteRole", "s3:ListBucket", OUTPUT),
        ("CompleteRole", "s3:PutObject", f"{OUTPUT}/{KEYS.motion}"),
        ("CompleteRole", "s3:PutObject", f"{OUTPUT}/{KEYS.latest}"),
        ("CompleteRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.beside('thumbnails/0001.jpg')}"),
        ("CompleteRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.beside('evidence/0001.npz')}"),
        ("CompleteRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.open}"),
        ("FailRole", "s3:GetObject", f"{OUTPUT}/{KEYS.dispatch(1)}"),
        ("FailRole", "s3:PutObject", f"{OUTPUT}/{KEYS.failed(3)}"),
        ("FailRole", "s3:ListBucket", OUTPUT),
        ("ReconcileRole", "s3:ListBucket", OUTPUT),
        ("ReconcileRole", "s3:PutObject", f"{OUTPUT}/{KEYS.failed(3)}"),
        ("ReconcileRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.open}"),
        ("ReconcileRole", "s3:DeleteObject", f"{OUTPUT}/catalog/changes/x.json"),
        ("ReconcileRole", "sqs:SendMessage", "arn:aws:any:eu-west-1:123456789012:ChunkQueue"),
        ("ReconcileRole", "sqs:SendMessage", "arn:aws:any:eu-west-1:123456789012:CompletionQueue"),
        ("WorkerRole", "s3:GetObject", f"{UPLOADS}/clip.mp4"),
        ("WorkerRole", "s3:GetObject", f"{OUTPUT}/{MODEL}/model.json"),
        ("WorkerRole", "s3:GetObject", f"{OUTPUT}/{MODEL}/model.onnx"),
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{KEYS.chunk(3)}"),
        ("WorkerRole", "s3:PutObjectTagging", f"{OUTPUT}/{KEYS.chunk(3)}"),
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{KEYS.failed(3)}"),
        ("WorkerRole", "s3:ListBucket", OUTPUT),
        (
            "WorkerRole",
            "sqs:GetQueueAttributes",
            "arn:aws:any:eu-west-1:123456789012:ChunkQueue",
        ),
        (
            "WorkerRole",
            "sqs:ChangeMessageVisibility",
            "arn:aws:any:eu-west-1:123456789012:ChunkQueue",
        ),
        ("WorkerRole", "s3:ListBucket", UPLOADS),
        ("WorkerRole", "s3:ListBucketVersions", UPLOADS),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/catalog/catalog.json"),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/{KEYS.motion}"),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/{KEYS.beside('thumbnails/0001.jpg')}"),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/{KEYS.plan}"),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/{KEYS.frames}"),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/{KEYS.chunk(0)}"),
        ("ApiRole", "s3:PutObject", f"{UPLOADS}/clip.mp4"),
        ("ApiRole", "s3:ListBucket", OUTPUT),
    ],
)
def test_who_does_something_may(role: str, action: str, resource: str) -> None:
    assert may(render(), role, action, resource)


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("PlanRole", "s3:PutObject", f"{UPLOADS}/clip.mp4"),
        ("PlanRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.motion}"),
        ("CompleteRole", "s3:GetObject", f"{UPLOADS}/clip.mp4"),
        ("CompleteRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.motion}"),
        ("CompleteRole", "sqs:SendMessage", "arn:aws:any:eu-west-1:123456789012:ChunkQueue"),
        ("FailRole", "s3:PutObject", f"{OUTPUT}/{KEYS.motion}"),
        ("FailRole", "s3:PutObject", f"{OUTPUT}/{KEYS.chunk(3)}"),
        ("FailRole", "s3:GetObject", f"{UPLOADS}/clip.mp4"),
        ("ReconcileRole", "s3:GetObject", f"{UPLOADS}/clip.mp4"),
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{KEYS.motion}"),
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{KEYS.plan}"),
        ("WorkerRole", "s3:PutObject", f"{UPLOADS}/clip.mp4"),
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{MODEL}/model.onnx"),
        ("ApiRole", "s3:GetObject", f"{OUTPUT}/{KEYS.run}"),
        ("ApiRole", "s3:PutObject", f"{OUTPUT}/{KEYS.motion}"),
        ("ApiRole", "s3:ListBucket", UPLOADS),
    ],
)
def test_who_does_not_may_not(role: str, action: str, resource: str) -> None:
    assert not may(render(), role, action, resource)


def test_with_prefixes_nobody_reaches_beyond_them() -> None:
    stack = render(SourcePrefix="incoming/", OutputPrefix="motion/")

    assert may(stack, "PlanRole", "s3:GetObject", f"{UPLOADS}/incoming/clip.mp4")
    assert may(stack, "WorkerRole", "s3:PutObject", f"{OUTPUT}/motion/{KEYS.chunk(0)}")
    for role in ("PlanRole", "CompleteRole", "FailRole", "ReconcileRole", "WorkerRole", "ApiRole"):
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            assert not may(stack, role, action, f"{UPLOADS}/elsewhere/clip.mp4")
            assert not may(stack, role, action, f"{OUTPUT}/elsewhere/x/open/catalog/changes/y")


def test_nothing_is_allowed_that_no_code_and_no_service_does(stack: Stack) -> None:
    places = [ROOT / "layers/core/flowtag/aws", ROOT / "functions", ROOT / "gpu_worker"]
    source = "".join(file.read_text("utf-8") for place in places for file in place.rglob("*.py"))
    called = [needed for call, needed in _BY_CALLS.items() if f".{call}(" in source]

    allowed = {
        action
        for role in stack.of_type("AWS::IAM::Role")
        for statement in statements_of_role(stack, role)
        for action in as_list(statement["Action"])
    }

    assert allowed <= set(_BY_AWS).union(*called)


@pytest.mark.parametrize(
    ("image", "account", "region", "name"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/flowtag:1", "123456789012", "eu-west-1", ""),
        ("999999999999.dkr.ecr.us-east-2.amazonaws.com/flowtag:2", "999999999999", "us-east-2", ""),
        (
            f"999999999999.dkr.ecr.eu-west-1.amazonaws.com/flowtag/worker@sha256:{'0' * 64}",
            "999999999999",
            "eu-west-1",
            "/worker",
        ),
    ],
)
def test_the_endpoint_may_pull_its_image_wherever_that_is_and_no_other(
    image: str, account: str, region: str, name: str
) -> None:
    stack = render(**COMPUTES["sagemaker"], WorkerImageUri=image)
    registry = f"arn:aws:ecr:{region}:{account}:repository"

    assert may(stack, "SageMakerRole", "ecr:BatchGetImage", f"{registry}/flowtag{name}")
    assert not may(stack, "SageMakerRole", "ecr:BatchGetImage", f"{registry}/another")


@pytest.mark.parametrize(
    ("compute", "allowed"),
    [
        ("lambda", {"sqs:SendMessage"}),
        ("batch", {"batch:SubmitJob"}),
        ("sagemaker", {"sagemaker:InvokeEndpointAsync"}),
    ],
)
def test_chunks_are_handed_out_in_the_chosen_way_alone(compute: str, allowed: set[str]) -> None:
    statements = render(**COMPUTES[compute]).properties("DispatchPolicy")["PolicyDocument"]

    actions = {action for each in statements["Statement"] for action in as_list(each["Action"])}

    assert actions == allowed


@pytest.mark.parametrize(("compute", "may_ask"), [("lambda", False), ("sagemaker", True)])
def test_fail_may_ask_again_only_where_there_is_an_endpoint(compute: str, may_ask: bool) -> None:
    stack = render(**COMPUTES[compute])

    written = may(stack, "FailRole", "s3:PutObject", f"{OUTPUT}/{KEYS.task(3, go=2)}")
    invoked = may(stack, "FailRole", "sagemaker:InvokeEndpointAsync", "SageMakerEndpoint")

    assert (written, invoked) == (may_ask, may_ask)


def test_reconciliation_may_ask_whether_chunks_wait() -> None:
    queue = "arn:aws:any:eu-west-1:123456789012:ChunkQueue"

    assert may(render(), "ReconcileRole", "sqs:GetQueueAttributes", queue)


def test_keys_are_used_through_s3_alone(stack: Stack) -> None:
    for role in stack.of_type("AWS::IAM::Role"):
        for statement in statements_of_role(stack, role):
            if any(action.startswith("kms:") for action in as_list(statement["Action"])):
                assert statement["Resource"] == KEY_OF_KMS
                assert statement["Condition"] == {
                    "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
                }


def _names_none(resource: str) -> bool:
    """Whether all of a kind are meant; all revisions of one definition of a job are not."""
    named, _, last = resource.rpartition(":")
    return last.startswith("*") and not re.search(r":job-definition/[\w-]+$", named)


def _resources(statement: dict[str, object]) -> list[str]:
    return as_list(statement.get("Resource", "*"))
