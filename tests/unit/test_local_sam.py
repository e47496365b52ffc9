from __future__ import annotations

import pytest

from local_cloud.sam_local import declaring, failed


def test_a_copy_of_the_template_declares_what_is_to_be_set() -> None:
    written = {"Globals": {"Function": {"Timeout": 3, "Environment": {"Variables": {"A": "x"}}}}}

    changed = declaring(written, {"A": "1", "B": "2"})

    function = {"Timeout": 3, "Environment": {"Variables": {"A": "x", "B": ""}}}
    assert changed == {"Globals": {"Function": function}}


@pytest.mark.parametrize(
    ("output", "is_failure"),
    [
        ('{"uploads": []}', False),
        ("START\n{}\n", False),
        ("null", False),
        ("", False),
        ('{"errorMessage": "no", "errorType": "ValueError"}', True),
        ("Task timed out after 3.00 seconds", True),
        ('{"batchItemFailures": []}', False),
        ('{"batchItemFailures": [{"itemIdentifier": "a"}]}', True),
    ],
)
def test_failures_are_read_from_what_sam_prints(output: str, is_failure: bool) -> None:
    assert failed(output) is is_failure
