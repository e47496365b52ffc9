"""CloudFormation's functions, worked out for one set of parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.arns import ACCOUNT, REGION

NO_VALUE = object()
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": NO_VALUE,
    "AWS::NotificationARNs": [],
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/0",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


class TemplateError(ValueError):
    """The template says something that the local cloud cannot carry out."""


@dataclass
class Resolver:
    """Replaces functions in pieces of a template.

    Attributes:
        parameters: the value of each parameter.
        conditions: the template's conditions, as written.
        mappings: the template's mappings.
        attribute: what an attribute of a resource is; of ``Ref`` where the name is empty.
    """

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]
    attribute: Callable[[str, str], Any]
    _open: list[str] = field(default_factory=list)

    def resolve(self, node: Any) -> Any:
        """A piece of the template with all functions worked out.

        Raises:
            TemplateError: a function is not known, or refers to nothing.
        """
        if isinstance(node, list):
            return [each for each in map(self.resolve, node) if each is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, value), *_ = node.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._call(name, value)
        values = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Whether one of the template's conditions is true."""
        if condition not in self.conditions:
            raise TemplateError(f"there is no condition {condition}")
        if condition in self._open:
            raise TemplateError(f"the condition {condition} refers to itself")
        self._open.append(condition)
        try:
            return bool(self.resolve(self.conditions[condition]))
        finally:
            self._open.pop()

    def _call(self, name: str, value: Any) -> Any:
        if name == "Condition":
            # A policy statement has a field of this name, too.
            return self.holds(value) if isinstance(value, str) else {name: self.resolve(value)}
        function = _FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"{name} is not known to the local cloud")
        return function(self, value)

    def _ref(self, name: str) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        # SAM lets one refer to what it makes: "PlanFunction.Alias".
        return self.attribute(*name.partition(".")[::2])

    def _get_att(self, value: Any) -> Any:
        name, attribute = value.split(".", 1) if isinstance(value, str) else value
        return self.attribute(name, self.resolve(attribute))

    def _if(self, value: Any) -> Any:
        condition, then, otherwise = value
        return self.resolve(then if self.holds(condition) else otherwise)

    def _sub(self, value: Any) -> str:
        text, own = (value, {}) if isinstance(value, str) else (value[0], self.resolve(value[1]))

        def fill(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(own[name])
            return str(self._ref(name))

        return _PLACEHOLDER.sub(fill, text)

    def _join(self, value: Any) -> str:
        separator, parts = value
        return str(separator).join(str(each) for each in self.resolve(parts))

    def _select(self, value: Any) -> Any:
        index, parts = self.resolve(value)
        return parts[int(index)]

    def _split(self, value: Any) -> list[str]:
        separator, text = self.resolve(value)
        return str(text).split(separator)

    def _equals(self, value: Any) -> bool:
        first, second = self.resolve(value)
        # CloudFormation compares what was written, and "true" is how it writes a truth.
        return _written(first) == _written(second)

    def _find_in_map(self, value: Any) -> Any:
        name, first, second = self.resolve(value[:3])
        try:
            return self.mappings[name][first][second]
        except KeyError:
            raise TemplateError(f"there is no {name}.{first}.{second} in the mappings") from None

    def _to_json(self, value: Any) -> str:
        return json.dumps(self.resolve(value), separators=(",", ":"))

    def _length(self, value: Any) -> int:
        return len(self.resolve(value))


_FUNCTIONS: Mapping[str, Callable[[Resolver, Any], Any]] = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::If": Resolver._if,
    "Fn::Sub": Resolver._sub,
    "Fn::Join": Resolver._join,
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::Equals": Resolver._equals,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::ToJsonString": Resolver._to_json,
    "Fn::Length": Resolver._length,
    "Fn::And": lambda self, value: all(self.resolve(value)),
    "Fn::Or": lambda self, value: any(self.resolve(value)),
    "Fn::Not": lambda self, value: not self.resolve(value)[0],
}


def _written(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
