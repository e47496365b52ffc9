"""Run by SAM's own Python: turns a template into what CloudFormation gets, by SAM's translator.

A JSON object comes in: ``template``, its path; ``parameters``, their values; ``layers``, what tells
one content of the layers from another. A JSON template goes out.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class _NoPolicies:
    """The template names none of SAM's policy templates by AWS's names."""

    def load(self) -> dict[str, str]:
        return {}


def main() -> None:
    logging.disable(logging.CRITICAL)
    asked: dict[str, Any] = json.load(sys.stdin)
    template = yaml_parse(Path(asked["template"]).read_text(encoding="utf-8"))
    for name, resource in template["Resources"].items():
        # "sam deploy" uploads what was built and writes here where: a digest of the content.
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            properties["CodeUri"] = f"s3://built/{name}"
        if "ContentUri" in properties:
            properties["ContentUri"] = f"s3://built/{name}-{asked['layers']}"
    print(json.dumps(transform(template, asked["parameters"], _NoPolicies())))


if __name__ == "__main__":
    main()
