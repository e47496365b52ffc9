"""What a function imports before it knows whether it needs it: each costs time at a cold start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Of AWS's client, of Powertools with its traces, and of pydantic. numpy takes 170 ms more, pyarrow
# 240, PyAV 110.
_EXPECTED = {
    "annotated_types",
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "certifi",
    "dateutil",
    "flowtag",
    "jmespath",
    "pydantic",
    "pydantic_core",
    "s3transfer",
    "six",
    "typing_extensions",
    "typing_inspection",
    "urllib3",
    "wrapt",
}
_LIST = """
import app, json, sys
from pathlib import Path
found = [getattr(module, "__file__", None) for module in sys.modules.values()]
print(json.dumps([str(name) for name in found if name]))
"""


def _imported_by(function: str) -> set[str]:
    """The packages beyond Python's own that importing a function's handler imports."""
    path = os.pathsep.join([str(ROOT / "functions" / function), str(ROOT / "layers" / "core")])
    ran = subprocess.run(
        [sys.executable, "-c", _LIST],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=True,
        text=True,
    )
    packages = set()
    for name in json.loads(ran.stdout):
        if "site-packages" in name:
            packages.add(Path(name.rpartition("site-packages/")[2]).parts[0].removesuffix(".py"))
        elif str(ROOT / "layers") in name:
            packages.add("flowtag")
    # The second comes with measuring the tests.
    return packages - {"_distutils_hack", "coverage"}


def test_completing_imports_no_array_before_it_knows_that_all_chunks_are_there() -> None:
    assert _imported_by("complete") == _EXPECTED


def test_the_api_imports_no_array_and_no_timeline() -> None:
    assert _imported_by("api") == _EXPECTED


def test_planning_imports_what_probes_and_nothing_that_estimates_flow() -> None:
    assert _imported_by("plan") == _EXPECTED | {"av", "numpy"}
