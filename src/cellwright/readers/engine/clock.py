"""Time: durations and moments as testers write them, and time that runs backwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from cellwright.core.columns import TIME
from cellwright.core.errors import DamagedFile, UsageError
from cellwright.core.messages import Message, message

UNIX = "unix_time_second"
STRAY_ROWS = 2
MOST_FALLS = 0.05

Clock = Callable[[pl.Series], pl.Series]
"""Tells the moments of rows, which are parsed only where they are asked for."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Local times of the rows, parsed only when they are asked for.

    Parameters
    ----------
    texts
        As the file has them.
    form
        Their format, chrono syntax.
    """

    texts: pl.Series
    form: str

    def parsed(self) -> pl.Series:
        """Return every row's moment; null where it cannot be read."""
        return self.texts.cast(pl.String).str.strip_chars().str.to_datetime(self.form, time_unit="ms", strict=False)

    def start(self) -> str | None:
        """Return the first row's moment, ISO 8601."""
        return iso(Moments(self.texts.head(1), self.form).parsed()[0])


def moments(texts: pl.Series, formats: Sequence[str], elapsed_s: float | None = None) -> tuple[Moments | None, list[Message]]:
    """Find the format of local times; None where no format fits the first and the last.

    Where several fit, such as day first and month first, the one is right whose span is the test's own, ``elapsed_s``; where that
    does not tell either, the first format is taken and noted.
    """
    clean = texts.cast(pl.String).str.strip_chars()
    ends = clean.drop_nulls()
    ends = pl.concat([ends.head(1), ends.tail(1)])
    fitting = {form: span for form in formats if (span := _span(ends, form)) is not None}
    if not fitting:
        return None, []
    if elapsed_s is not None:
        nearest = min(abs(span - elapsed_s) for span in fitting.values())
        fitting = {form: span for form, span in fitting.items() if abs(span - elapsed_s) <= nearest + 1}
    starts = {form: _parse(ends.head(1), form)[0] for form in fitting}
    chosen = next(iter(fitting))
    doubtful = len(set(starts.values())) > 1
    notes = [message("readers.ambiguous_date", text=ends[0], start=iso(starts[chosen]))] if doubtful else []
    return Moments(texts, chosen), notes


def _span(ends: pl.Series, form: str) -> float | None:
    parsed = _parse(ends, form)
    return None if parsed.null_count() or not len(parsed) else (parsed[1] - parsed[0]).total_seconds()


def _parse(texts: pl.Series, form: str) -> pl.Series:
    parsed = texts.str.to_datetime(form, time_unit="ms", strict=False)
    return parsed.to_frame("t").select(pl.when(pl.col("t").dt.year().is_between(1, 9999)).then("t")).to_series()


def iso(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601, with milliseconds where it has any."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def check_zone(timezone: str) -> None:
    """Raise `UsageError` for a name that is no time zone's."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError("readers.unknown_timezone", timezone=timezone) from None


def unix(local: pl.Series, timezone: str) -> tuple[pl.Series, list[Message]]:
    """Turn local times into Unix time [s].

    An hour that happens twice is read as its first; it is noted, as are moments that the zone does not have.
    """
    sure = local.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    zoned = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    doubtful = sure.null_count() - local.null_count()
    notes = [message("readers.doubtful_local_time", count=doubtful, timezone=timezone)] if doubtful else []
    return (zoned.dt.epoch("ms").cast(pl.Float64) / 1000).alias(UNIX), notes


def forward(table: pl.DataFrame, clock: Clock | None, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Make the test time non-decreasing; what was changed is noted, and raises `DamagedFile` where no rule helps.

    A stray row, below the time before it and with the time back within two rows, takes the greatest time before it.
    Where the time starts anew, it goes on from where it was, after the gap that the file's other clock tells, if it has one.
    """
    time = table[TIME]
    if time.is_sorted():
        return table, []
    held, strays = _strays_held(time)
    falls = (held.diff() < 0).fill_null(value=False).arg_true()
    if len(falls) > max(1, MOST_FALLS * len(time)):
        raise DamagedFile("readers.time_not_sensible", file=file, count=len(falls))
    notes = [message("readers.stray_times_held", count=strays)] if strays else []
    if len(falls):
        held = _restarts_joined(held, falls, clock)
        code = "readers.time_restarts_by_clock" if clock else "readers.time_restarts"
        notes.append(message(code, count=len(falls)))
    return table.with_columns(held.alias(TIME)), notes


def _strays_held(time: pl.Series) -> tuple[pl.Series, int]:
    """Tell a stray from a new start: after a stray the time leaps back up by more than half of what it fell."""
    before = time.cum_max().shift(1)
    runs = (time < before).fill_null(value=False).rle().struct.unnest()
    runs = runs.with_columns(next=pl.col("len").cum_sum()).with_columns(first=pl.col("next") - pl.col("len"))
    runs = runs.filter((pl.col("value")) & (pl.col("len") <= STRAY_ROWS) & (pl.col("next") < len(time)))
    fall = before.gather(runs["first"]) - time.gather(runs["first"])
    leap = time.gather(runs["next"]) - time.gather(runs["next"] - 1)
    strays = runs.filter(leap > fall / 2)
    rows = strays.select(pl.int_ranges("first", "next").explode()).to_series()
    return time.clone().scatter(rows, before.gather(rows)), len(rows)


def _restarts_joined(time: pl.Series, falls: pl.Series, clock: Clock | None) -> pl.Series:
    """Move what comes after each fall up to where the time was, and by the gap between."""
    gaps = pl.Series([0.0] * len(falls)) if clock is None else _seconds_of(clock(falls)) - _seconds_of(clock(falls - 1))
    moved = gaps.clip(lower_bound=0).fill_null(0) - (time.gather(falls) - time.gather(falls - 1))
    joined = time + pl.zeros(len(time), eager=True).scatter(falls, moved).cum_sum()
    return joined.cum_max()  # the last digit of a sum may fall


def _seconds_of(moments: pl.Series) -> pl.Series:
    return moments.dt.epoch("ms").cast(pl.Float64) / 1000 if moments.dtype.is_temporal() else moments
