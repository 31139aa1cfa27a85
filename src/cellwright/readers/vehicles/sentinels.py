"""Numbers that a battery management system writes where it has measured nothing: masked, and counted."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from cellwright.core.messages import Message, message

CLOSE = 1e-6


def masked(numbers: pl.DataFrame, sentinels: Sequence[float]) -> tuple[pl.DataFrame, dict[float, int]]:
    """Empty every number that is a sentinel, in all columns; tells how many there were of each."""
    counts = found(numbers, sentinels)
    return (numbers.select(emptied(name, counts) for name in numbers.columns) if counts else numbers), counts


def found(numbers: pl.DataFrame, sentinels: Sequence[float]) -> dict[float, int]:
    """Count the sentinels in all columns; those that are not there are left out."""
    if not sentinels or not numbers.width:
        return {}
    totals = numbers.select(
        pl.sum_horizontal(_is(_number(name), value).sum() for name in numbers.columns).alias(str(n)) for n, value in enumerate(sentinels)
    )
    return {value: count for n, value in enumerate(sentinels) if (count := int(totals[0, n]))}


def counted(column: str, counts: Mapping[float, int]) -> list[Message]:
    """Say how many of each sentinel a column had."""
    return [message("readers.sentinel_emptied", column=column, value=value, count=count) for value, count in counts.items()]


def emptied(name: str, sentinels: Collection[float]) -> pl.Expr:
    """Return a column as numbers, empty where they are sentinels."""
    number = _number(name)
    if not sentinels:
        return number
    return pl.when(~pl.any_horizontal(_is(number, value).fill_null(value=False) for value in sentinels)).then(number).alias(name)


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False)


def _is(number: pl.Expr, value: float) -> pl.Expr:
    slack = CLOSE * max(1.0, abs(value))
    return number.is_between(value - slack, value + slack)
