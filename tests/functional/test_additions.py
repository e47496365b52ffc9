"""What is made beside a result after it: the proxy, and the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.command import fingerprints, make_clip, run_flowtag


@pytest.mark.parametrize(
    ("option", "field", "name"),
    [("--proxy", "proxy", "proxy.mp4"), ("--report", "report", "report.html")],
)
def test_it_changes_nothing_else_and_is_made_once(
    tmp_path: Path, option: str, field: str, name: str
) -> None:
    clip, out = make_clip(tmp_path / "a.mp4", frames=50), tmp_path / "out"
    plain = run_flowtag("tag", clip, "--out", out).motion
    before = fingerprints(out, "*.*")

    ran = run_flowtag("tag", clip, "--out", out, option, "--json")

    assert ran.status == 0, ran.err
    (line,) = ran.json_lines
    assert (line["status"], line[field]) == ("already_done", str(plain.with_name(name)))
    after = fingerprints(out, "*.*")
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {plain.with_name(name)}
    again = run_flowtag("tag", clip, "--out", out, option, "--json")
    assert again.json_lines == [line]
    assert fingerprints(out, "*.*") == after
