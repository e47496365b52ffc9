"""A lock is cleared only by an answer: silence is told apart from "none known"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from security.known_holes import Audit, AuditError, audit, read_answer

# As pip-audit 2.10 writes it; the vulnerability is on record in PyPI's advisory database.
KNOWN = {"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": [], "description": "…"}


def report(*packages: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


def test_a_known_hole_is_told_with_its_remedy() -> None:
    found = read_answer(report({"name": "jinja2", "version": "2.4.1", "vulns": [KNOWN]}), "")

    assert found == Audit(("jinja2 2.4.1: PYSEC-2014-8 (mended in 2.7.2)",), 1)


def test_what_the_service_does_not_know_is_not_cleared() -> None:
    skipped = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}
    clean = {"name": "av", "version": "18.1.0", "vulns": []}

    found = read_answer(report(skipped, clean), "")

    assert (found.holes, found.looked_up, found.unknown) == ((), 1, ("numpy",))
    assert found.reason is not None


def test_a_service_out_of_reach_clears_nothing() -> None:
    found = read_answer("", "Traceback …\nrequests.exceptions.ConnectionError: no route\n")

    assert (found.looked_up, found.unknown) == (0, ("all",))


def test_any_other_failure_is_one() -> None:
    with pytest.raises(AuditError, match="hash"):
        read_answer("", "ERROR:pip_audit._cli:requirement numpy does not contain a hash\n")


def test_a_lock_without_hashes_fails(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("numpy==2.4.6\n", encoding="utf-8")

    with pytest.raises(AuditError):
        audit(str(lock))
