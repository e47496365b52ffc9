from __future__ import annotations

import pytest

from flowtag.aws.metric_sources import metric_source
from flowtag.spent import Spent, total


def test_what_a_chunk_took_stands_in_its_notes() -> None:
    spent = Spent.at_price(12.5, 0.00002)
    assert Spent.of_notes(spent.notes()) == Spent(12.5, 0.00025)


def test_without_a_price_nothing_is_said_of_a_cost() -> None:
    assert Spent.at_price(12.5, None).notes() == {"cpu-seconds": "12.500000000"}


@pytest.mark.parametrize("notes", [{}, {"cpu-seconds": "much"}])
def test_what_nobody_noted_is_not_known(notes: dict[str, str]) -> None:
    assert Spent.of_notes(notes) == Spent(None, None)


def test_chunks_add_up() -> None:
    assert total([Spent(1.5, 0.25), Spent(2.25, 0.5)]) == Spent(3.75, 0.75)


@pytest.mark.parametrize("parts", [[], [Spent(1.5, 0.25), Spent(None, None)]])
def test_a_sum_is_not_known_where_a_part_is_not(parts: list[Spent]) -> None:
    assert total(parts) == Spent(None, None)


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("s3://footage/rushes/day 1/Take 2.mov", "footage/rushes"),
        ("s3://footage/Take 2.mov", "footage"),
        ("s3://footage/Füße + 50%/Take 2.mov", "footage/F%C3%BC%C3%9Fe + 50%25"),
        ("s3://footage/a?b#c/Take 2.mov", "footage/a?b#c"),
    ],
)
def test_the_source_of_a_metric_is_a_bucket_and_the_folder_at_its_top(
    uri: str, source: str
) -> None:
    assert metric_source(uri) == source


def test_the_source_of_a_metric_is_no_longer_than_cloudwatch_takes() -> None:
    assert len(metric_source(f"s3://footage/{'ü' * 500}/Take 2.mov")) == 250
