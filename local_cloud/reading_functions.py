"""Reads a function from a template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from local_cloud.intrinsics import TemplateError
from local_cloud.template import Template
from local_cloud.wiring import Function

_USED = {
    "CodeUri",
    "Environment",
    "EventInvokeConfig",
    "Events",
    "Handler",
    "ImageConfig",
    "MemorySize",
    "PackageType",
    "ReservedConcurrentExecutions",
    "Timeout",
}
# What they ask for is the machine's, the checkout's, or has no meaning on one machine.
_LEFT_OUT = {
    "Architectures",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "DeploymentPreference",
    "Description",
    "EphemeralStorage",
    "ImageUri",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "Role",
    "Runtime",
    "RuntimeManagementConfig",
    "Tags",
    "Tracing",
    "VersionDescription",
}


def read_function(template: Template, name: str) -> Function:
    """Reads a function.

    Raises:
        TemplateError: it has a property that is not understood here.
    """
    known = checked(name, template.properties(name), _USED, _LEFT_OUT)
    is_image = known.get("PackageType") == "Image"
    command = (known.get("ImageConfig") or {}).get("Command") or [""]
    handler = command[-1] if is_image else known["Handler"]
    if not handler:
        raise TemplateError(f"{name}: an image runs here by the command in its ImageConfig")
    later = checked(
        name,
        known.get("EventInvokeConfig") or {},
        {"MaximumRetryAttempts", "DestinationConfig"},
        {"MaximumEventAgeInSeconds"},
    )
    destinations = checked(name, later.get("DestinationConfig") or {}, {"OnFailure"}, frozenset())
    reserved = known.get("ReservedConcurrentExecutions")
    return Function(
        name=name,
        handler=handler,
        folder=None if is_image else (template.path.parent / known["CodeUri"]).resolve(),
        timeout_seconds=int(known.get("Timeout", 3)),
        memory_mb=int(known.get("MemorySize", 128)),
        environment={
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in (known.get("Environment") or {}).get("Variables", {}).items()
        },
        reserved=None if reserved is None else int(reserved),
        retries=int(later.get("MaximumRetryAttempts", 2)),
        on_failure=(destinations.get("OnFailure") or {}).get("Destination", ""),
    )


def checked(
    where: str, properties: Mapping[str, Any], used: Set[str], left_out: Set[str]
) -> Mapping[str, Any]:
    """Properties none of which would be passed over unseen.

    Args:
        where: the resource; of use to the message alone.
        properties: what stands in the template.
        used: the names that the caller reads.
        left_out: names whose properties change nothing on one machine.

    Raises:
        TemplateError: there is another name among the properties.
    """
    unknown = set(properties) - used - left_out
    if unknown:
        raise TemplateError(f"{where}: {', '.join(sorted(unknown))} is not understood here")
    return properties


def function_of(text: str) -> str:
    """A function's name from its name or ARN, with an alias or without."""
    found = re.search(r"function:([^:]+)", text)
    return found[1] if found else text.partition(":")[0]
