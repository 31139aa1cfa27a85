"""When the rows of a log were taken: stamps become a time that goes forward, and gaps and repeats are told."""

import polars as pl

from cellwright.core.columns import TIME
from cellwright.core.errors import MissingColumn
from cellwright.core.messages import Message, message
from cellwright.readers.engine.clock import Moments, iso, moments, unix
from cellwright.readers.engine.durations import seconds
from cellwright.readers.engine.names import factor
from cellwright.readers.settle import INDEX
from cellwright.readers.vehicles.column_map import Clock

FORMATS = (
    *("%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"),
    *("%d/%m/%Y %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f"),
)
GAP = 10.0
"""A pause of more than this many usual intervals is a gap."""

_DAYS = r"\s*days?\s+"


def timed(table: pl.DataFrame, clock: Clock, timezone: str | None, file: str) -> tuple[pl.DataFrame, str | None, list[Message]]:
    """Add the test time, the Unix time where the zone is known, and the row's number; gives the start too.

    Rows that were logged out of turn go to where their stamps put them.
    """
    raw = table[clock.column]
    if raw.dtype == pl.String:
        local, notes = _dates(raw, clock)
        if local is not None:
            if local.null_count() == len(local):
                raise MissingColumn("readers.unreadable_clock", file=file, column=clock.column, text=_first(raw))
            return _by_date(table.drop(clock.column), local, clock.zone or timezone, notes)
    elapsed = _elapsed(raw, clock, file)
    ordered, notes = _ordered(table.drop(clock.column).with_columns(elapsed.alias(TIME)))
    return ordered, None, notes


def _dates(raw: pl.Series, clock: Clock) -> tuple[pl.Series | None, list[Message]]:
    if clock.format:
        return Moments(raw, clock.format).parsed(), []
    found, notes = moments(raw, FORMATS)
    return (found.parsed() if found else None), notes


def _by_date(
    table: pl.DataFrame, local: pl.Series, zone: str | None, notes: list[Message]
) -> tuple[pl.DataFrame, str | None, list[Message]]:
    first = local.min()
    elapsed = (local - first).dt.total_microseconds() / 1e6  # pyright: ignore[reportOperatorIssue, reportUnknownVariableType, reportUnknownMemberType]
    table = table.with_columns(elapsed.alias(TIME))
    if zone:
        stamps, more = unix(local, zone)
        table, notes = table.with_columns(stamps), [*notes, *more]
    else:
        notes = [*notes, message("readers.clock_without_zone")]
    ordered, more = _ordered(table)
    return ordered, iso(first), [*notes, *more]  # pyright: ignore[reportArgumentType]


def _elapsed(raw: pl.Series, clock: Clock, file: str) -> pl.Series:
    numbers = raw.cast(pl.Float64, strict=False) * (factor(TIME, clock.unit.lower()) or 1.0)
    if raw.dtype == pl.String:
        numbers = numbers.fill_null(seconds(raw.str.replace(_DAYS, "d ")))
    if numbers.null_count() == len(numbers):
        raise MissingColumn("readers.unreadable_clock", file=file, column=clock.column, text=_first(raw))
    return numbers


def _first(raw: pl.Series) -> str:
    return str(next(iter(raw.drop_nulls().head(1)), ""))


def _ordered(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    table = table.with_row_index(INDEX, offset=1).with_columns(pl.col(INDEX).cast(pl.Int64))
    passed = table[TIME].drop_nulls().diff().drop_nulls()
    notes: list[Message] = []
    if late := int((passed < 0).sum()):
        table = table.sort(TIME, nulls_last=True, maintain_order=True)
        passed = table[TIME].drop_nulls().diff().drop_nulls()
        notes.append(message("readers.rows_out_of_turn", count=late))
    if repeated := int((passed == 0).sum()):
        notes.append(message("readers.stamps_repeat", count=repeated))
    return table, [*notes, *_gaps(passed)]


def _gaps(passed: pl.Series) -> list[Message]:
    usual = passed.filter(passed > 0).median()
    if usual is None:
        return []
    gaps = passed.filter(passed > GAP * float(usual))  # pyright: ignore[reportArgumentType]
    return [message("readers.sampling_gaps", usual_s=usual, count=len(gaps), longest_s=float(gaps.max()))] if len(gaps) else []  # pyright: ignore[reportArgumentType]
