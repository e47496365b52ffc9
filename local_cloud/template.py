"""A SAM template as it is deployed: read, parameters filled in, conditions decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from local_cloud.arns import ACCOUNT, REGION, arn
from local_cloud.intrinsics import Resolver, TemplateError

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
_RESOURCE_FIELDS = {
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Connectors",
}
_SERVICES = {
    "AWS::Events::EventBus": "events",
    "AWS::Events::Rule": "events",
    "AWS::Logs::LogGroup": "logs",
    "AWS::SNS::Topic": "sns",
    "AWS::SQS::Queue": "sqs",
}
_PREFIXES = {"AWS::Events::EventBus": "event-bus/", "AWS::Events::Rule": "rule/"}


@dataclass(frozen=True)
class Template:
    """A template under some parameters.

    Attributes:
        path: where it was read from.
        written: what stands in it.
        given: parameters that differ from their defaults.
        endpoint_url: where the services of the local cloud are asked; queues' URLs begin so.
        http_url: where the local HTTP API is.
    """

    path: Path
    written: Mapping[str, Any]
    given: Mapping[str, str]
    endpoint_url: str
    http_url: str = ""
    _cache: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The value of every parameter."""
        return {
            name: _value(name, declared, self.given)
            for name, declared in self.written.get("Parameters", {}).items()
        }

    @cached_property
    def resolver(self) -> Resolver:
        """Works out the functions of this template."""
        written = self.written
        conditions, mappings = written.get("Conditions", {}), written.get("Mappings", {})
        return Resolver(self.parameters, conditions, mappings, self.attribute)

    @cached_property
    def types(self) -> dict[str, str]:
        """The type of every resource that exists under these parameters, by logical id."""
        return {
            name: resource["Type"]
            for name, resource in self.written["Resources"].items()
            if "Condition" not in resource or self.resolver.holds(resource["Condition"])
        }

    def of_type(self, kind: str) -> list[str]:
        """The logical ids of all resources of a type."""
        return [name for name, each in self.types.items() if each == kind]

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties, with SAM's globals under them and no functions left in them.

        Raises:
            TemplateError: something in them cannot be worked out.
        """
        if name not in self._cache:
            resource = self.written["Resources"][name]
            section = resource["Type"].rpartition("::")[2]
            try:
                own = self.resolver.resolve(resource.get("Properties", {}))
                shared = self.resolver.resolve(self.written.get("Globals", {}).get(section, {}))
            except TemplateError as error:
                raise TemplateError(f"{name}: {error}") from error
            self._cache[name] = _merged(shared, own)
        return self._cache[name]

    def raw(self, name: str, *path: str) -> Any:
        """A property as it is written, if there is one."""
        node = self.written["Resources"][name].get("Properties", {})
        for step in path:
            node = node.get(step) if isinstance(node, dict) else None
        return node

    def attribute(self, name: str, attribute: str) -> Any:
        """What ``GetAtt`` gives; with no attribute what ``Ref`` gives.

        Raises:
            TemplateError: there is no such resource under these parameters, or no such attribute.
        """
        kind = self.types.get(name)
        if kind is None:
            raise TemplateError(f"{name} is no parameter, and no resource that is created")
        given = self._attributes(name, kind)
        if attribute not in given:
            raise TemplateError(f"{kind} has no {attribute or 'Ref'} here ({name})")
        return given[attribute]

    def physical_name(self, name: str) -> str:
        """What a resource is called: its own choice, else from its logical id."""
        kind = self.types[name]
        field_name = {"AWS::S3::Bucket": "BucketName", "AWS::Events::EventBus": "Name"}.get(
            kind, f"{kind.rpartition('::')[2]}Name"
        )
        chosen = self.raw(name, field_name)
        resolved = self.resolver.resolve(chosen) if chosen is not None else None
        if isinstance(resolved, str) and resolved:
            return resolved
        return bucket_name(name) if kind == "AWS::S3::Bucket" else name

    def _attributes(self, name: str, kind: str) -> dict[str, str]:
        if kind == "AWS::S3::Bucket":
            bucket = self.physical_name(name)
            return {
                "": bucket,
                "Arn": f"arn:aws:s3:::{bucket}",
                "DomainName": f"{bucket}.s3.amazonaws.com",
                "RegionalDomainName": f"{bucket}.s3.{REGION}.amazonaws.com",
            }
        if kind in ("AWS::Serverless::Function", "AWS::Lambda::Function"):
            function = arn("lambda", f"function:{name}")
            return {
                "": name,
                "Arn": function,
                "Alias": f"{function}:live",
                "Version": f"{function}:1",
            }
        if kind == "AWS::SQS::Queue":
            queue = self.physical_name(name)
            url = f"{self.endpoint_url}/{ACCOUNT}/{queue}"
            return {"": url, "QueueUrl": url, "QueueName": queue, "Arn": arn("sqs", queue)}
        if kind == "AWS::SNS::Topic":
            topic = arn("sns", self.physical_name(name))
            return {"": topic, "TopicArn": topic, "TopicName": self.physical_name(name)}
        if kind == "AWS::ApiGatewayV2::Api":
            return {"": name, "ApiEndpoint": self.http_url}
        service = _SERVICES.get(kind, kind.split("::")[1].lower())
        full = arn(service, _PREFIXES.get(kind, "") + self.physical_name(name))
        return {"": self.physical_name(name), "Arn": full, "Name": self.physical_name(name)}


def read_template(
    path: Path, given: Mapping[str, str], endpoint_url: str, http_url: str = ""
) -> Template:
    """Reads a template, as written or as ``sam build`` left it.

    Raises:
        TemplateError: it cannot be read, or has parts that the local cloud doesn't know.
    """
    try:
        written = yaml.load(path.read_text(), _Loader)
    except (OSError, yaml.YAMLError) as error:
        raise TemplateError(f"{path} cannot be read: {error}") from error
    unknown = set(written) - _SECTIONS
    for name, resource in written.get("Resources", {}).items():
        unknown |= {f"{name}.{each}" for each in set(resource) - _RESOURCE_FIELDS}
    unknown |= set(given) - set(written.get("Parameters", {}))
    if unknown:
        raise TemplateError(f"{path} has nothing known as {', '.join(sorted(unknown))}")
    return Template(path, written, given, endpoint_url, http_url)


def bucket_name(logical_id: str) -> str:
    """A bucket's name from its logical id: ``UploadBucket`` becomes ``uploads``."""
    stem = logical_id.removesuffix("Bucket")
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", stem)
    return "-".join(words).lower() + "s"


def _value(name: str, declared: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    if name not in given and "Default" not in declared:
        raise TemplateError(f"the parameter {name} has no default: give it")
    value = str(given.get(name, declared.get("Default", "")))
    is_list = declared["Type"] == "CommaDelimitedList" or declared["Type"].startswith("List<")
    values = [each.strip() for each in value.split(",")] if is_list else [value]
    allowed = [str(each) for each in declared.get("AllowedValues", ())]
    pattern = declared.get("AllowedPattern")
    for each in values:
        if allowed and each not in allowed:
            raise TemplateError(f"{name} is one of {', '.join(allowed)}, not {each}")
        if pattern and not re.fullmatch(pattern, each):
            raise TemplateError(f"{name} does not look like {pattern}: {each}")
    return values if is_list else value


def _merged(under: Any, over: Any) -> Any:
    """SAM's way with globals: mappings are merged, lists joined, the rest is replaced."""
    if isinstance(under, dict) and isinstance(over, dict):
        both = {key: _merged(under[key], over[key]) for key in under.keys() & over.keys()}
        return {**under, **over, **both}
    if isinstance(under, list) and isinstance(over, list):
        return [*under, *over]
    return over


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short forms of its functions."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _short_form)
# "2010-09-09" and "2012-10-17" are names, not days.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)
