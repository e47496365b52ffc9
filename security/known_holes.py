"""Looks up what is locked in the list of known vulnerabilities.

pip-audit alone would not do: where its service knows none of the packages, as behind a mirror that
lacks it, it says that no vulnerabilities were found and ends well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TIMEOUT_SECONDS = 300
_UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError")


class AuditError(Exception):
    """pip-audit itself failed: a lock that it cannot read, for example."""


@dataclass(frozen=True)
class Audit:
    """What was found out about the packages of one lock.

    Attributes:
        holes: a line for each known vulnerability.
        looked_up: how many packages the service answered for.
        unknown: the packages it did not answer for.
        reason: why, in one line; None where all were looked up.
    """

    holes: tuple[str, ...]
    looked_up: int
    unknown: tuple[str, ...] = ()
    reason: str | None = None


def audit(lock: str) -> Audit:
    """Looks up the packages of a lock.

    Raises:
        AuditError: pip-audit failed, and not for want of its service.
    """
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, "--requirement", lock],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    return read_answer(done.stdout, done.stderr)


def read_answer(stdout: str, stderr: str) -> Audit:
    """Understands what pip-audit wrote.

    Raises:
        AuditError: it wrote no report, and not for want of its service.
    """
    if not stdout.strip():
        last = (stderr.strip().splitlines() or ["no word of why"])[-1]
        if any(name in last for name in _UNREACHABLE):
            return Audit((), 0, ("all",), f"the service cannot be reached: {last[:120]}")
        raise AuditError(last)
    packages = json.loads(stdout)["dependencies"]
    unknown = tuple(package["name"] for package in packages if "skip_reason" in package)
    return Audit(
        holes=tuple(line for package in packages for line in _holes(package)),
        looked_up=len(packages) - len(unknown),
        unknown=unknown,
        reason="the service does not know them" if unknown else None,
    )


def _holes(package: dict[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {hole['id']}"
        f" (mended in {', '.join(hole['fix_versions']) or 'no release yet'})"
        for hole in package.get("vulns", ())
    ]


def main(locks: Sequence[str]) -> int:
    """Says what was found; fails for a hole, or a lock that cannot be read."""
    status = 0
    for lock in locks:
        try:
            found = audit(lock)
        except AuditError as error:
            print(f"{lock}: the audit failed: {error}", file=sys.stderr)
            status = 1
            continue
        print(f"{lock}: {found.looked_up} packages looked up, {len(found.holes)} known holes")
        if found.unknown:
            names = ", ".join(found.unknown)
            print(f"  NOT LOOKED UP, since {found.reason}: {names}", file=sys.stderr)
        for hole in found.holes:
            print(f"  {hole}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
