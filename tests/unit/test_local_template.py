from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from local_cloud.intrinsics import Resolver, TemplateError
from local_cloud.reading_wiring import read_wiring
from local_cloud.template import Template, bucket_name, read_template

FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"CodeUri": ".", "Handler": "a.b", "Runtime": "python3.13"},
}


def attribute(name: str, attribute: str) -> Any:
    return f"<{name}.{attribute}>"


def resolver(conditions: dict[str, Any] | None = None) -> Resolver:
    parameters = {"Name": "clips", "List": ["a", "b"], "Empty": ""}
    return Resolver(parameters, conditions or {}, {"M": {"x": {"y": "found"}}}, attribute)


def template(tmp_path: Path, resources: dict[str, Any], **sections: Any) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(yaml.safe_dump({"Resources": resources, **sections}))
    return read_template(path, {}, "http://cloud")


def function_with(**properties: Any) -> dict[str, Any]:
    return {**FUNCTION, "Properties": {**FUNCTION["Properties"], **properties}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ({"Ref": "Name"}, "clips"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Queue"}, "<Queue.>"),
        ({"Ref": "Plan.Alias"}, "<Plan.Alias>"),
        ({"Fn::GetAtt": "Queue.Arn"}, "<Queue.Arn>"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "<Queue.Arn>"),
        ({"Fn::Sub": "${Name}/${Queue.Arn}/${!Name}"}, "clips/<Queue.Arn>/${Name}"),
        ({"Fn::Sub": ["${A}-${Name}", {"A": {"Ref": "Name"}}]}, "clips-clips"),
        ({"Fn::Join": ["-", ["x", {"Ref": "Name"}]]}, "x-clips"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Split": [",", "x,y"]}, ["x", "y"]),
        ({"Fn::Select": [1, {"Ref": "List"}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::Split": ["i", {"Ref": "Name"}]}]}, "cl"),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::Equals": [{"Ref": "Empty"}, ""]}, True),
        ({"Fn::Equals": [0, "0"]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::Not": [{"Condition": "Yes"}]}, False),
        ({"Fn::FindInMap": ["M", "x", "y"]}, "found"),
        ({"a": [{"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, 2]}, {"a": [2]}),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ({"Condition": {"Bool": {"x": "y"}}}, {"Condition": {"Bool": {"x": "y"}}}),
    ],
)
def test_functions_are_worked_out(written: Any, value: Any) -> None:
    conditions = {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Equals": ["a", "b"]}}

    assert resolver(conditions).resolve(written) == value


@pytest.mark.parametrize(
    "written",
    [{"Fn::ImportValue": "x"}, {"a": [{"Fn::Base64": "x"}]}, {"Fn::If": ["Unknown", 1, 2]}],
)
def test_an_unknown_function_or_condition_is_an_error(written: Any) -> None:
    with pytest.raises(TemplateError, match=r"not known|no condition"):
        resolver().resolve(written)


def test_a_condition_that_refers_to_itself_is_an_error() -> None:
    with pytest.raises(TemplateError, match="itself"):
        resolver({"A": {"Fn::Not": [{"Condition": "A"}]}}).holds("A")


def test_short_forms_are_those_of_cloudformation(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "Parameters: {P: {Type: String, Default: x}}\n"
        "Conditions: {C: !Equals [!Ref P, x]}\n"
        "Resources:\n"
        "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !If [C, !Sub '${P}-q', no]}}\n"
    )

    assert read_template(path, {}, "").attribute("Q", "QueueName") == "x-q"


def test_globals_lie_under_what_a_function_says(tmp_path: Path) -> None:
    own = function_with(Timeout=5, Environment={"Variables": {"A": "own", "B": True}})
    under = {"Timeout": 9, "MemorySize": 300, "Environment": {"Variables": {"A": "x", "C": 1}}}

    read = read_wiring(template(tmp_path, {"F": own}, Globals={"Function": under})).functions["F"]

    assert (read.timeout_seconds, read.memory_mb) == (5, 300)
    assert read.environment == {"A": "own", "B": "true", "C": "1"}


def test_what_a_condition_rules_out_is_not_there(tmp_path: Path) -> None:
    batch = {"Type": "AWS::Batch::JobQueue", "Condition": "Never"}

    read = template(tmp_path, {"J": batch}, Conditions={"Never": {"Fn::Equals": ["a", "b"]}})

    assert read.types == {}
    with pytest.raises(TemplateError, match="no resource that is created"):
        read.attribute("J", "Arn")


@pytest.mark.parametrize(
    ("resources", "about"),
    [
        ({"J": {"Type": "AWS::Batch::JobQueue"}}, "AWS::Batch::JobQueue"),
        ({"F": function_with(Loudness=3)}, "Loudness"),
        ({"F": function_with(Events={"E": {"Type": "SNS", "Properties": {}}})}, "SNS"),
        (
            {
                "Q": {"Type": "AWS::SQS::Queue"},
                "F": function_with(
                    Timeout=31,
                    Events={"E": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": "Q.Arn"}}}},
                ),
            },
            "Lambda refuses that",
        ),
        (
            {
                "F": function_with(
                    Events={
                        "E": {"Type": "Schedule", "Properties": {"Schedule": "cron(0 * * * ? *)"}}
                    }
                )
            },
            "rates",
        ),
        (
            {
                "B": {
                    "Type": "AWS::S3::Bucket",
                    "Properties": {"NotificationConfiguration": {"QueueConfigurations": []}},
                }
            },
            "only EventBridge",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused(
    tmp_path: Path, resources: dict[str, Any], about: str
) -> None:
    with pytest.raises(TemplateError, match=about):
        read_wiring(template(tmp_path, resources))


@pytest.mark.parametrize(
    ("declared", "given", "about"),
    [
        ({"Type": "String"}, {}, "no default"),
        ({"Type": "String", "AllowedValues": ["a"]}, {"P": "b"}, "one of a"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": r"\.\w+"}, {"P": ".a,b"}, "look like"),
        ({"Type": "String", "Default": "x"}, {"Q": "1"}, "nothing known as Q"),
    ],
)
def test_parameters_are_checked(
    tmp_path: Path, declared: dict[str, Any], given: dict[str, str], about: str
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(yaml.safe_dump({"Parameters": {"P": declared}, "Resources": {}}))

    with pytest.raises(TemplateError, match=about):
        _ = read_template(path, given, "").parameters


@pytest.mark.parametrize(
    ("logical_id", "name"), [("UploadBucket", "uploads"), ("MyMediaBucket", "my-medias")]
)
def test_buckets_are_named_for_people(logical_id: str, name: str) -> None:
    assert bucket_name(logical_id) == name
