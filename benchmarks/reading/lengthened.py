"""A text export made long: its head once, its rows again and again, with time and record numbers that go on."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cellwright.readers.opening import open_files

DELIMITERS = "\t;,|"
LIKE_THE_NEXT = 12
MOST_DECIMALS = 6
_NUMBER = re.compile(r"\s*-?\d+(\.\d*)?\s*")
_BEGINS_AS_NUMBER = re.compile(r"-?\d")
_DURATION = re.compile(r"\s*(?:(\d+)d\s+)?(\d+):(\d\d?):(\d\d?(?:\.\d*)?)\s*")


@dataclass(frozen=True)
class Long:
    """A long file and how its table lies in it.

    Parameters
    ----------
    path
        Where it is.
    rows
        How many it has.
    options
        What Polars has to be told to read it as a table.
    """

    path: Path
    rows: int
    options: dict[str, object]


def lengthened(sample: Path, least_bytes: int, folder: Path) -> Long | None:
    """Write a long form of a text export into a folder; None where its rows cannot be told."""
    (file, *_) = open_files(sample)
    lines = file.text.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
    found = _first_row(lines)
    if found is None:
        return None
    first, delimiter = found
    body = "\n".join(line for line in lines[first:] if line.count(delimiter) == lines[first].count(delimiter)) + "\n"
    rows = pl.read_csv(io.StringIO(body), separator=delimiter, has_header=False, infer_schema=False, quote_char='"', null_values=[])
    times = -(-least_bytes // len(body))
    moving = {name: step for name in rows.columns if (step := _step(rows[name])) is not None}
    path = folder / f"long-{least_bytes >> 20}-{sample.name}"
    with path.open("wb") as target:
        target.write(("\n".join(lines[:first]) + "\n").encode() if first else b"")
        for number in range(times):
            moved = rows.with_columns(_moved(rows[name], number * step) for name, step in moving.items()) if number else rows
            target.write(moved.write_csv(separator=delimiter, include_header=False).encode())
    options = {"separator": delimiter, "has_header": False, "skip_lines": first, "truncate_ragged_lines": True}
    return Long(path, times * rows.height, options)


def _first_row(lines: list[str]) -> tuple[int, str] | None:
    """Find the first line that has as many delimiters as the next ones, and numbers where they have."""
    for number in range(min(200, len(lines) - LIKE_THE_NEXT)):
        window = lines[number : number + LIKE_THE_NEXT]
        delimiter = max(DELIMITERS, key=window[0].count)
        if window[0].count(delimiter) > 1 and len({line.count(delimiter) for line in window}) == 1 and _is_data(window[0], delimiter):
            return number, delimiter
    return None


def _is_data(line: str, delimiter: str) -> bool:
    cells = [cell for cell in (cell.strip('" ') for cell in line.split(delimiter)) if cell]
    return 2 * sum(bool(_BEGINS_AS_NUMBER.match(cell)) for cell in cells) > len(cells)


def _step(cells: pl.Series) -> float | None:
    """How far a column has to move so that it goes on: its span and one step more; None where it does not rise throughout."""
    values = _values(cells)
    if values is None or values.null_count() or (values.diff() < 0).any() or values[-1] <= values[0]:
        return None
    return float(values[-1] - values[0]) + float(values.diff().median() or 1)  # pyright: ignore[reportArgumentType]


def _values(cells: pl.Series) -> pl.Series | None:
    if cells.null_count():
        return None
    if _NUMBER.fullmatch(cells[0]):
        return cells.str.strip_chars().cast(pl.Float64, strict=False)
    if _DURATION.fullmatch(cells[0]):
        parts = cells.str.extract_groups(_DURATION.pattern).struct.unnest().cast(pl.Float64)
        days, hours, minutes, seconds = parts.get_columns()
        return days.fill_null(0) * 86400 + hours * 3600 + minutes * 60 + seconds
    return None


def _moved(cells: pl.Series, by: float) -> pl.Series:
    """Write a column's values moved on, in the form that they have."""
    values = _values(cells)
    assert values is not None
    decimals = min(MOST_DECIMALS, int(cells.str.extract(r"\.(\d+)\s*$").str.len_bytes().max() or 0))  # pyright: ignore[reportArgumentType]
    moved = (values + by).round(decimals)
    if _NUMBER.fullmatch(cells[0]):
        return (moved.cast(pl.Int64) if decimals == 0 else moved).cast(pl.String).alias(cells.name)
    return _durations(moved, decimals, days="d" in cells[0]).alias(cells.name)


def _durations(seconds: pl.Series, decimals: int, *, days: bool) -> pl.Series:
    """Write seconds as ``1d 02:03:04.50`` or as ``26:03:04.50``."""
    ticks = pl.DataFrame({"s": (seconds * 10**decimals).round().cast(pl.Int64)})
    whole, part = pl.col("s") // 10**decimals, pl.col("s") % 10**decimals
    hours = whole // 3600
    clock = [two.cast(pl.String).str.zfill(2) for two in (hours % 24 if days else hours, whole // 60 % 60, whole % 60)]
    shown = pl.concat_str(clock, separator=":")
    if decimals:
        shown = pl.concat_str(shown, pl.lit("."), part.cast(pl.String).str.zfill(decimals))
    return ticks.select(pl.concat_str((hours // 24).cast(pl.String), pl.lit("d "), shown) if days else shown).to_series()
