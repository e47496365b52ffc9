"""The filter language by the API and the command: the cases that the viewer is held to as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from flowtag.cli import main
from flowtag.contracts.metadata import Segment
from flowtag.runs import readable_json
from tests.functional.shelf import Ask, Shelf, answered
from tests.unit.run_objects import make_metadata, make_plan

TESTS = Path(__file__).parents[1]
SEGMENTS = [
    Segment.model_validate(entry)
    for entry in json.loads((TESTS / "filter_segments.json").read_text(encoding="utf-8"))
]
CASES: list[dict[str, Any]] = json.loads((TESTS / "filter_cases.json").read_text(encoding="utf-8"))


def expected() -> list[dict[str, Any]]:
    return [{name: case[name] for name in case if name != "where"} for case in CASES]


def test_the_api_finds_what_the_cases_say(ask: Ask, shelf: Shelf) -> None:
    keys = shelf.put("rushes/a.mov", segments=len(SEGMENTS))
    written = json.loads(shelf.store.get(keys.motion))
    written["segments"] = [segment.model_dump(mode="json") for segment in SEGMENTS]
    shelf.store.put(keys.motion, json.dumps(written).encode())

    def found(where: str) -> dict[str, Any]:
        query = {"where": where, "limit": "500"}
        answer = ask("GET", f"/videos/{keys.video_id}/segments", query)
        told = answered(answer)
        if answer["statusCode"] == 400:
            return {"error_at": told["fields"][0]["location"][-1]}
        return {"matches": [segment["index"] for segment in told["segments"]]}

    assert [found(case["where"]) for case in CASES] == expected()


def test_the_command_exports_what_the_cases_say(tmp_path: Path) -> None:
    plan = make_plan()
    metadata = make_metadata(plan).model_copy(update={"segments": SEGMENTS})
    motion = tmp_path / "motion.json"
    motion.write_bytes(readable_json(metadata))

    def found(where: str) -> dict[str, Any]:
        words = ["export", str(motion), "--format", "jsonl", "--where", where]
        done = CliRunner().invoke(main, words)
        if done.exit_code == 2:
            # The mark below the filter stands two columns in.
            (mark,) = [line for line in done.stderr.splitlines() if line.strip() == "^"]
            return {"error_at": len(mark) - 2}
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {"matches": [line["index"] for line in lines]}

    assert [found(case["where"]) for case in CASES] == expected()
