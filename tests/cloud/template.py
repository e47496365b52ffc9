"""template.yaml as CloudFormation would see it under given parameters: conditions and intrinsic
functions worked out, resources that are not created left out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.cloud.sam import sam_environment

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
ACCOUNT = "123456789012"
STACK_UUID = "51af3dc0-da77-11e4-872e-1234567db123"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/flowtag:1"

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/flowtag/{STACK_UUID}",
    "AWS::StackName": "flowtag",
    "AWS::URLSuffix": "amazonaws.com",
}
_NOTHING = object()
_REVISED = {"AWS::Batch::JobDefinition"}

# What differs between the ways of computing, with what each of them needs.
COMPUTES: dict[str, dict[str, Any]] = {
    "lambda": {"Compute": "lambda"},
    "batch": {
        "Compute": "batch",
        "BatchSubnets": "subnet-0a1b2c3d",
        "BatchSecurityGroups": "sg-0a1b2c3d",
    },
    "sagemaker": {"Compute": "sagemaker"},
}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """Reads CloudFormation's short forms as its long ones."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def read_template() -> dict[str, Any]:
    """The template as it is written, with all functions in their long form; not to be changed."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, _Loader)
    return loaded


@dataclass(frozen=True)
class Stack:
    """What would be created."""

    resources: dict[str, dict[str, Any]]

    def of_type(self, *types: str) -> dict[str, dict[str, Any]]:
        """The properties of all resources of some types, by their logical ids."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] in types
        }

    def properties(self, name: str) -> dict[str, Any]:
        """What is said of a resource."""
        properties: dict[str, Any] = self.resources[name]["Properties"]
        return properties


def render(**parameters: Any) -> Stack:
    """The stack that these parameters, and the defaults of the others, make."""
    return _Rendering(read_template(), {"WorkerImageUri": IMAGE, **parameters}).stack()


def render_translated(layers: str = "1", **parameters: Any) -> Stack:
    """The same after SAM's own translator: as CloudFormation gets it, nothing left to expand.

    Args:
        layers: tells one content of the layers from another.
        parameters: where they differ from their defaults.
    """
    given = {"WorkerImageUri": IMAGE, **parameters}
    return _Rendering(_translated(layers, tuple(sorted(given.items()))), given).stack()


@cache
def _translated(layers: str, given: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    defaults = {
        name: parameter["Default"]
        for name, parameter in read_template()["Parameters"].items()
        if "Default" in parameter
    }
    asked = {
        "template": str(ROOT / "template.yaml"),
        "parameters": {**defaults, **dict(given)},
        "layers": layers,
    }
    done = subprocess.run(
        [Path(sys.prefix) / "sam" / "bin" / "python", Path(__file__).with_name("translating.py")],
        input=json.dumps(asked),
        env=sam_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    translated: dict[str, Any] = json.loads(done.stdout)
    return translated


class _Rendering:
    def __init__(self, template: dict[str, Any], given: dict[str, Any]) -> None:
        self._template = template
        self._values: dict[str, Any] = dict(_PSEUDO)
        for name, parameter in template["Parameters"].items():
            value = given.get(name, parameter.get("Default"))
            if parameter["Type"] == "CommaDelimitedList":
                value = value.split(",")
            self._values[name] = value
        assert set(given) <= set(template["Parameters"])
        self._created = {
            name
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def stack(self) -> Stack:
        resources = self._template["Resources"]
        return Stack({name: self.value(resources[name]) for name in sorted(self._created)})

    def _holds(self, name: str) -> bool:
        return bool(self.value(self._template["Conditions"][name]))

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return self._ref(argument)
            if name == "Condition" and isinstance(argument, str):
                return self._holds(argument)
            if name.startswith("Fn::"):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
        values = {
            key: child if key == "Condition" and isinstance(child, str) else self.value(child)
            for key, child in node.items()
        }
        return {key: value for key, value in values.items() if value is not _NOTHING}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        return self._values[name] if name in self._values else self._existing(name)

    def _existing(self, name: str) -> str:
        """The id itself stands for the resource, unless that is not created."""
        owner = name.removesuffix(".Alias")
        # Until SAM has translated it, what SAM will make does not stand there by its name.
        implied = "Transform" in self._template and any(
            owner.startswith(made) for made in self._created
        )
        assert owner in self._created or implied, f"{name} is not created"
        resource = self._template["Resources"].get(name, {})
        return self._revised(resource) if resource.get("Type") in _REVISED else name

    def _revised(self, resource: dict[str, Any]) -> str:
        """Its ARN, which ends with a revision: another one wherever its properties are others."""
        properties = self.value(resource["Properties"])
        revision = zlib.crc32(json.dumps(properties, sort_keys=True).encode())
        name = properties.get("JobDefinitionName", "generated")
        return f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/{name}:{revision}"

    def _getatt(self, argument: list[str]) -> str:
        name, attribute = argument
        self._existing(name)
        if attribute != "Arn":
            return f"{name}.{attribute}"
        if name.endswith("Bucket"):
            return f"arn:aws:s3:::{name}"
        return f"arn:aws:any:{REGION}:{ACCOUNT}:{name}"

    def _sub(self, argument: str | list[Any]) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument
        own = {name: self.value(value) for name, value in names.items()}

        def replaced(found: re.Match[str]) -> str:
            name = found[1]
            if name in own:
                return str(own[name])
            owner, dot, attribute = name.partition(".")
            return str(self._getatt([owner, attribute]) if dot else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, when, otherwise = argument
        return self.value(when if self._holds(condition) else otherwise)

    def _equals(self, argument: list[Any]) -> bool:
        first, second = self.value(argument)
        return str(first) == str(second)

    def _not(self, argument: list[Any]) -> bool:
        return not self.value(argument[0])

    def _and(self, argument: list[Any]) -> bool:
        return all(self.value(argument))

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(self.value(argument[1]))

    def _select(self, argument: list[Any]) -> Any:
        index, values = argument
        return self.value(values)[int(index)]

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self.value(argument[1])).split(argument[0])
