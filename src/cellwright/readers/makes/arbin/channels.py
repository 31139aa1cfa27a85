"""Several tests in one file: Arbin numbers them, and says of each on which channel it ran."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message

TEST = "Test_ID"
POINT = "Data_Point"
MOST_UNLISTED = 64


def parted(records: pl.DataFrame, listed: int, file: str) -> dict[int | None, pl.DataFrame]:
    """Part records by their test, in the order in which they lie.

    Raises `DamagedFile` where there are no records, or so many more tests than the file lists that their numbers cannot be right.
    """
    if records.is_empty():
        raise DamagedFile("readers.no_rows", file=file)
    if TEST not in records.columns:
        return {None: records}
    tests = records[TEST].unique(maintain_order=True)
    if len(tests) > max(listed, MOST_UNLISTED):
        raise DamagedFile("readers.too_many_tests", file=file, count=len(tests))
    if len(tests) == 1:
        return {tests[0]: records}
    return {number: records.filter(pl.col(TEST).eq_missing(number)) for number in tests.to_list()}


def channels(tests: Mapping[int | None, Any], ran_on: Mapping[int | None, int]) -> dict[int | None, str | None]:
    """Name each test by its channel, with its number where a channel ran several; a lone test of unknown channel has no name."""
    named = {test: str(ran_on[test]) if test in ran_on else None for test in tests}
    taken = list(named.values())
    return named if len(taken) == 1 else {test: _told_apart(test, name, taken) for test, name in named.items()}


def _told_apart(test: int | None, name: str | None, taken: list[str | None]) -> str:
    if name is None:
        return str(test)
    return name if taken.count(name) == 1 else f"{name}-{test}"


def in_order(records: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Sort records by their number where they do not lie so."""
    if POINT not in records.columns or not (falls := int((records[POINT].diff() < 0).sum())):
        return records, []
    return records.sort(POINT, maintain_order=True), [message("readers.sorted_by_record", count=falls)]


def facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a row of a table of tests tells: text that is not empty, and finite numbers."""
    texts = {k: v for k, v in row.items() if isinstance(v, str) and v.strip()}
    numbers = {k: v for k, v in row.items() if isinstance(v, int | float) and isfinite(v)}
    return {k: texts.get(k, numbers.get(k)) for k in row if k in texts or k in numbers}
