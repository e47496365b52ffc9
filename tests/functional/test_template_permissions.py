"""Nobody may do more than is needed, and everybody may do what they do."""

from __future__ import annotations

import pytest

from flowtag.runs import RunKeys
from tests.cloud.permissions import as_list, may, policy_documents, statements_of_role
from tests.cloud.template import COMPUTES, Stack, render

KEYS = RunKeys("clip-0123456789ab", "clip-ba9876543210")
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
        and any(resource.split(":")[-1].startswith("*") for resource in _resources(statement))
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
        ("PlanRole", "s3:ListBucket", OUTPUT),
        ("PlanRole", "s3:PutObject", f"{OUTPUT}/{KEYS.plan}"),
        ("PlanRole", "s3:PutObject", f"{OUTPUT}/{KEYS.open}"),
        ("PlanRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.open}"),
        ("PlanRole", "sqs:SendMessage", "arn:aws:any:eu-west-1:123456789012:ChunkQueue"),
        ("CompleteRole", "s3:ListBucket", OUTPUT),
        ("CompleteRole", "s3:PutObject", f"{OUTPUT}/{KEYS.motion}"),
        ("CompleteRole", "s3:PutObject", f"{OUTPUT}/{KEYS.latest}"),
        ("CompleteRole", "s3:DeleteObject", f"{OUTPUT}/{KEYS.beside('thumbnails/0001.jpg')}"),
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
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{KEYS.chunk(3)}"),
        ("WorkerRole", "s3:PutObjectTagging", f"{OUTPUT}/{KEYS.chunk(3)}"),
        ("WorkerRole", "s3:PutObject", f"{OUTPUT}/{KEYS.failed(3)}"),
        ("WorkerRole", "s3:ListBucket", OUTPUT),
        ("WorkerRole", "s3:ListBucket", UPLOADS),
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


def test_keys_are_used_through_s3_alone(stack: Stack) -> None:
    for role in stack.of_type("AWS::IAM::Role"):
        for statement in statements_of_role(stack, role):
            if any(action.startswith("kms:") for action in as_list(statement["Action"])):
                assert statement["Resource"] == KEY_OF_KMS
                assert statement["Condition"] == {
                    "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
                }


def _resources(statement: dict[str, object]) -> list[str]:
    return as_list(statement.get("Resource", "*"))
