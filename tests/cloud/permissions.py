"""What the roles of a stack may do: their statements, and whether those allow a call."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from tests.cloud.template import Stack


def policy_documents(stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy in the stack, whether of a role, shared, or of a resource."""
    for name, resource in stack.resources.items():
        properties = resource.get("Properties", {})
        if "PolicyDocument" in properties:
            yield name, properties["PolicyDocument"]
        for policy in properties.get("Policies", ()):
            yield name, policy["PolicyDocument"]


def statements_of_role(stack: Stack, role: str) -> list[dict[str, Any]]:
    """All that a role was given, its own and shared."""
    properties = stack.properties(role)
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    shared = [arn for arn in properties.get("ManagedPolicyArns", ()) if arn in stack.resources]
    documents += [stack.properties(name)["PolicyDocument"] for name in shared]
    return [statement for document in documents for statement in document["Statement"]]


def may(stack: Stack, role: str, action: str, resource: str) -> bool:
    """Whether some statement of a role allows a call; conditions are taken to hold."""
    return any(
        statement["Effect"] == "Allow"
        and action in as_list(statement["Action"])
        and any(fnmatchcase(resource, each) for each in as_list(statement["Resource"]))
        for statement in statements_of_role(stack, role)
    )


def as_list(value: Any) -> list[str]:
    """A policy's value, which may stand alone or in a list."""
    return [value] if isinstance(value, str) else list(value)
