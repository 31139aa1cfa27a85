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

_DURATION = r"^(?:(\d+)\s*d\s+)?(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)$"


def seconds(texts: pl.Series) -> pl.Series:
    """Read ``144:01:18``, ``2:03.5``, ``1d 10:10:5.47`` as seconds; null where it is no duration."""
    clean = texts.cast(pl.String).str.strip_chars()
    if clean.str.contains(",", literal=True).any():
        clean = clean.str.replace(",", ".", literal=True)
    with_days = clean.drop_nulls().head(1).str.contains("d", literal=True).any()
    frame = pl.DataFrame({"t": clean})
    quick = frame.select(_split(with_days=with_days)).to_series()
    # Rarer forms, and columns of several forms, cost a regular expression.
    return quick if quick.null_count() == texts.null_count() else quick.fill_null(frame.select(_matched()).to_series())


def _split(*, with_days: bool) -> pl.Expr:
    parts = pl.col("t").str.split_exact(":", 2).struct
    hours, minutes, last = (parts.field(f"field_{n}") for n in range(3))
    begin = [_number(hours) * 3600]
    if with_days:
        days = hours.str.split_exact("d", 1).struct
        begin = [_number(days.field("field_0")) * 86400, _number(days.field("field_1").str.strip_chars()) * 3600]
    return pl.sum_horizontal(*begin, _number(minutes) * 60, _number(last), ignore_nulls=False)


def _matched() -> pl.Expr:
    parts = pl.col("t").str.extract_groups(_DURATION).struct
    days, hours, minutes, last = (_number(parts.field(str(n))) for n in range(1, 5))
    return days.fill_null(0) * 86400 + hours.fill_null(0) * 3600 + minutes * 60 + last


def _number(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Float64, strict=False)


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
    return texts.str.to_datetime(form, time_unit="ms", strict=False)


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


def forward(table: pl.DataFrame, clock: Callable[[], pl.Series] | None, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Make the test time non-decreasing; what was changed is noted, and raises `DamagedFile` where no rule helps.

    A stray row, below the time before it and with the time back within two rows, takes the greatest time before it.
    Where the time starts anew, it goes on from where it was, after the gap that the file's other clock tells, if it has one.
    """
    time = table[TIME]
    if not (time.diff() < 0).any():
        return table, []
    held, strays = _strays_held(time)
    falls = (held.diff() < 0).fill_null(value=False)
    if int(falls.sum()) > max(1, MOST_FALLS * len(time)):
        raise DamagedFile("readers.time_not_sensible", file=file, count=int(falls.sum()))
    notes = [message("readers.stray_times_held", count=strays)] if strays else []
    if falls.any():
        held, by_clock = _restarts_joined(held, falls, clock() if clock else None)
        code = "readers.time_restarts_by_clock" if by_clock else "readers.time_restarts"
        notes.append(message(code, count=int(falls.sum())))
    return table.with_columns(held.alias(TIME)), notes


def _strays_held(time: pl.Series) -> tuple[pl.Series, int]:
    """Tell a stray from a new start: after a stray the time leaps back up by more than half of what it fell."""
    frame = pl.DataFrame({"t": time}).with_columns(before=pl.col("t").cum_max().shift(1), after=pl.col("t").shift(-1))
    frame = frame.with_columns(low=(pl.col("t") < pl.col("before")).fill_null(value=False))
    frame = frame.with_columns(run=pl.col("low").rle_id())
    fall = pl.col("before").first() - pl.col("t").first()
    leap = pl.col("after").last() - pl.col("t").last()
    stray = pl.col("low") & ((pl.len() <= STRAY_ROWS) & (leap > fall / 2)).over("run")
    frame = frame.with_columns(stray.fill_null(value=False).alias("stray"))
    held = frame.select(pl.when("stray").then("before").otherwise("t"))
    return held.to_series(), int(frame["stray"].sum())


def _restarts_joined(time: pl.Series, falls: pl.Series, clock: pl.Series | None) -> tuple[pl.Series, bool]:
    gap = pl.Series([0.0] * len(time)) if clock is None else _clock_gaps(clock)
    steps = pl.DataFrame({"dt": time.diff(), "fall": falls, "gap": gap})
    joined = steps.select(pl.when("fall").then("gap").otherwise(pl.col("dt").fill_null(0)).cum_sum()).to_series()
    return joined + float(time[0]), clock is not None


def _clock_gaps(clock: pl.Series) -> pl.Series:
    if clock.dtype.is_temporal():
        clock = clock.dt.epoch("ms").cast(pl.Float64) / 1000
    return clock.diff().clip(lower_bound=0).fill_null(0)
