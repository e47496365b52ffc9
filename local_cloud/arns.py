"""How AWS would name what is in the local cloud."""

from __future__ import annotations

# The account that Lambda's emulator puts into a function's own ARN.
ACCOUNT = "012345678912"
REGION = "us-east-1"


def arn(service: str, resource: str) -> str:
    """The ARN of a resource of a service in the local account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def last_part(text: str) -> str:
    """The name at the end of an ARN or a URL."""
    return text.rpartition("/")[2].rpartition(":")[2]
