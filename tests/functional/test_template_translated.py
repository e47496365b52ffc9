"""What CloudFormation gets from SAM's own translator: whether it deploys, what an update does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.cloud.template import COMPUTES, IMAGE, Stack, read_template, render_translated

TEMPLATE = read_template()
FUNCTIONS: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
# What makes no difference to a version: it stands beside the function, or follows from the stack.
NOT_OF_A_VERSION = {"DeploymentPreference", "EventInvokeConfig", "Events", "LoggingConfig", "Role"}
NOT_OF_A_VERSION |= {"ReservedConcurrentExecutions", "VersionDescription"}
LONGEST_DESCRIPTION = 256

# Another value for each parameter that some function depends on.
OTHERS: dict[str, str] = {
    "Architecture": "x86_64",
    "ChunkCpuSeconds": "120",
    "Compute": "sagemaker",
    "Estimator": "tvl1@3f9a1c2b",
    "MaxCostPerVideo": "2.50",
    "MaxDurationSeconds": "7200",
    "OutputPrefix": "motion/",
    "OverdueSeconds": "10000",
    "Preset": "best",
    "Refine": "tvl1@3f9a1c2b",
    "SourcePrefix": "incoming/",
    "SourceSuffixes": ".mov,.mxf",
    "UploadBucketName": "footage-of-ours",
    "UsdPerCpuSecond": "0.00005",
    "WorkerImageUri": f"{IMAGE}23",
}


@pytest.mark.parametrize("on_demand", ["0", "8"])
@pytest.mark.parametrize("compute", sorted(COMPUTES))
def test_nothing_refers_to_what_is_not_created(compute: str, on_demand: str) -> None:
    """Rendering refuses any such reference."""
    stack = render_translated(**COMPUTES[compute], BatchOnDemandMaxvCpus=on_demand)

    groups = stack.of_type("AWS::CodeDeploy::DeploymentGroup")
    functions = stack.of_type("AWS::Lambda::Function")
    assert {name.removesuffix("DeploymentGroup") for name in groups} == set(functions)


def test_what_changed_nothing_publishes_nothing() -> None:
    assert versions(render_translated()) == versions(render_translated(LogRetentionDays="90"))


def test_a_layer_that_changed_is_published_with_every_function_that_has_it() -> None:
    before, after = versions(render_translated()), versions(render_translated(layers="2"))

    assert changed(before, after) == {name for name, own in FUNCTIONS.items() if "Layers" in own}


@pytest.mark.parametrize("parameter", sorted(OTHERS))
def test_a_parameter_that_changed_is_published_with_the_functions_that_are_told_it(
    parameter: str,
) -> None:
    other = {parameter: OTHERS[parameter]}
    before, after = versions(render_translated()), versions(render_translated(**other))

    told = {name for name, own in FUNCTIONS.items() if parameter in depends_on(own)}

    assert changed(before, after) == told & set(after)


@pytest.mark.parametrize("parameter", ["OutputPrefix", "UsdPerCpuSecond", "WorkerImageUri"])
@pytest.mark.parametrize("compute", sorted(COMPUTES))
def test_what_a_function_is_told_changes_with_its_version_alone(
    compute: str, parameter: str
) -> None:
    """A version keeps what it was told. Resources may pass a parameter on, as a revision does."""
    before = render_translated(**COMPUTES[compute])
    after = render_translated(**COMPUTES[compute], **{parameter: OTHERS[parameter]})

    told_before, told_after = environments(before), environments(after)

    told = {name for name in told_before if told_before[name] != told_after[name]}
    assert told <= changed(versions(before), versions(after))


def test_another_value_is_tried_for_every_parameter_that_a_function_is_told() -> None:
    assert set(OTHERS) == set.union(*(depends_on(own) for own in FUNCTIONS.values()))


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_version_is_described_by_what_it_depends_on_and_fits(function: str) -> None:
    named = re.findall(r"\$\{(\w+)\}", FUNCTIONS[function]["VersionDescription"]["Fn::Sub"])

    longest = sum(longest_value(TEMPLATE["Parameters"][name]) for name in named)

    assert sorted(named) == sorted(depends_on(FUNCTIONS[function]))
    assert longest + len(named) - 1 <= LONGEST_DESCRIPTION


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_version_never_differs_in_its_description_alone(function: str) -> None:
    """Lambda refuses it. A condition may change and leave what the function is told as it was."""
    decided = depends_on(FUNCTIONS[function]) - depends_on(FUNCTIONS[function], conditions=False)

    assert decided == set(), "tell the function these, too"


def versions(stack: Stack) -> dict[str, tuple[str, str]]:
    """By function, what makes CloudFormation publish anew: the version's id and description."""
    return {
        version["FunctionName"]: (name, version["Description"])
        for name, version in stack.of_type("AWS::Lambda::Version").items()
    }


def environments(stack: Stack) -> dict[str, Any]:
    """By function, the variables that it is told."""
    return {
        name: function["Environment"]["Variables"]
        for name, function in stack.of_type("AWS::Lambda::Function").items()
    }


def changed(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> set[str]:
    """The functions of both stacks whose version is published anew."""
    return {name for name in before.keys() & after.keys() if before[name] != after[name]}


def depends_on(function: Mapping[str, Any], conditions: bool = True) -> set[str]:
    """The parameters that a function's version is made of, directly or by a condition."""
    own = {**TEMPLATE["Globals"]["Function"], "Own": {**function}}
    for name in NOT_OF_A_VERSION:
        own.pop(name, None)
        own["Own"].pop(name, None)
    return set(_parameters_in(own, conditions))


def _parameters_in(node: Any, conditions: bool) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _parameters_in(each, conditions)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in ("Fn::If", "Condition") and conditions:
                condition = value[0] if isinstance(value, list) else value
                yield from _parameters_in(TEMPLATE["Conditions"][condition], conditions)
            yield from _named_in(name, value)
            yield from _parameters_in(value, conditions)


def _named_in(function: str, value: Any) -> Iterator[str]:
    text = value[0] if isinstance(value, list) and value else value
    names = [value] if function == "Ref" else []
    names += re.findall(r"\$\{(\w+)\}", text) if function == "Fn::Sub" else []
    yield from (name for name in names if name in TEMPLATE["Parameters"])


def longest_value(parameter: Mapping[str, Any]) -> int:
    """So many characters a parameter's value has at most."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    return int(parameter["MaxLength"])
