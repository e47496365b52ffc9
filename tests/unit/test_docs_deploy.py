"""The page on deployment says what the template has."""

from __future__ import annotations

import re

from tests.cloud.template import COMPUTES, ROOT, read_template, render

PAGE = (ROOT / "docs/operations/deploy.md").read_text(encoding="utf-8")


def test_every_parameter_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z]\w+)` \| ([^|]+) \|[^|]+\|$", PAGE, re.MULTILINE))

    wanted = {
        name: _told(parameter.get("Default"))
        for name, parameter in read_template()["Parameters"].items()
    }

    assert {name: cell for name, cell in rows.items() if not name.endswith("Alarm")} == wanted


def test_every_alarm_has_a_remedy() -> None:
    alarms = {
        name
        for parameters in COMPUTES.values()
        for name in render(**parameters).of_type("AWS::CloudWatch::Alarm")
    }

    explained = re.findall(r"^\| `(\w+Alarm)` \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)

    assert sorted(explained) == sorted(alarms)


def _told(default: object) -> str:
    if default is None:
        return "required"
    return f"`{default}`" if default != "" else "empty"
