"""From a reader's draft to a recording: what every make has in common is checked here, once."""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import TIME, columns
from cellwright.core.errors import DamagedFile, MissingColumn
from cellwright.core.messages import Message, message
from cellwright.core.recording import Recording, Source
from cellwright.readers.engine.clock import UNIX, Clock, Moments, forward
from cellwright.readers.engine.names import require_columns
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Draft, Reader

LISTED = 20
SECONDS_A_YEAR = 365.25 * 86400
MOST_YEARS = 15
INDEX = "record_index"


def settle(draft: Draft, file: RawFile, reader: Reader) -> Recording:
    """Make a recording of a draft; raises `MissingColumn`, `DamagedFile`."""
    draft = _finite(draft)
    _check(draft, file.file)
    table, renumbered = _indexed(draft)
    table, timing = _timed(table, draft, file.file)
    table, empty = _without_empty(table, draft.required)
    table, unknown = _ordered(table)
    notes = tuple(dict.fromkeys((*draft.notes, *renumbered, *timing, *empty, *unknown)))
    return Recording(
        table=table,
        source=Source(
            file=file.file,
            sha256=file.sha256,
            make=draft.make or reader.name,
            format=draft.format,
            reader=f"cellwright.readers.{reader.name}",
            reader_version=reader.version,
            channel=draft.channel,
            start=draft.start,
        ),
        sampling=draft.sampling,
        notes=notes,
        metadata=draft.metadata,
    )


def _timed(table: pl.DataFrame, draft: Draft, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Make the time one that goes forward; a spectrum may have none."""
    if TIME not in table.columns:
        if table.is_empty():
            raise DamagedFile("readers.no_rows", file=file)
        return table, []
    table, untimed = _timed_rows(table)
    if table.is_empty():
        raise DamagedFile("readers.no_rows", file=file)
    table, backwards = forward(table, _second_clock(table, draft), file)
    return table, [*untimed, *backwards, *_clock_falls(table), *_lasting(table)]


def _second_clock(table: pl.DataFrame, draft: Draft) -> Clock | None:
    if UNIX in table.columns:
        return table[UNIX].gather
    if draft.clock is None:
        return None
    texts, form = table[draft.clock[0]], draft.clock[1]
    return lambda rows: Moments(texts.gather(rows), form).parsed()


def _finite(draft: Draft) -> Draft:
    """Empty what is no finite number; a row whose time is none is left out later."""
    table, notes = draft.table, list[Message]()
    known = columns()
    floats = [name for name, dtype in table.schema.items() if dtype.is_float() and name != TIME and name in known]
    odd = table.select((~pl.col(name).is_finite()).sum() for name in floats)
    for name in (name for name in known if name in odd.columns):
        if count := int(odd[name][0]):
            table = table.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name))
            notes.append(message("readers.not_finite", column=name, count=count))
    return replace(draft, table=table, notes=(*draft.notes, *notes)) if notes else draft


def _lasting(table: pl.DataFrame) -> list[Message]:
    """No test lasts decades: where one seems to, its time is most likely in another unit than the file says."""
    years = float(table[TIME][-1] - table[TIME][0]) / SECONDS_A_YEAR
    return [message("readers.lasts_too_long", years=round(years, 1))] if years > MOST_YEARS else []


def _check(draft: Draft, file: str) -> None:
    require_columns(draft.table.columns, draft.required, file)
    for name in draft.required:
        column = draft.table[name]
        if len(column) and (not column.dtype.is_numeric() or column.null_count() == len(column)):
            raise MissingColumn("readers.column_without_numbers", file=file, column=name)


def _indexed(draft: Draft) -> tuple[pl.DataFrame, list[Message]]:
    """Keep the file's own record numbers where they tell the rows apart, else number the rows."""
    table, notes = draft.table, list[Message]()
    if INDEX in table.columns:
        if draft.sampling == "step" or _is_distinct(table[INDEX]):
            return table, notes
        table = table.drop(INDEX)
        notes = [message("readers.record_numbers_repeat")]
    return table.with_row_index(INDEX, offset=1).with_columns(pl.col(INDEX).cast(pl.Int64)), notes


def _is_distinct(numbers: pl.Series) -> bool:
    """Tell whether no number is there twice, nor empty; numbers that grow need no table of those seen."""
    grows = numbers.dtype.is_numeric() and bool((numbers.diff() > 0).all())
    return not numbers.null_count() and (grows or numbers.n_unique() == len(numbers))


def _timed_rows(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    timed = table[TIME].is_finite().fill_null(value=False)
    if timed.all():
        return table, []
    gone = table.filter(~timed)[INDEX].to_list()
    return table.filter(timed), [message("readers.rows_without_time", count=len(gone), rows=gone[:LISTED])]


def _without_empty(table: pl.DataFrame, required: tuple[str, ...]) -> tuple[pl.DataFrame, list[Message]]:
    """Leave out BDF columns that hold nothing at all, so that a column that is there can be used."""
    empty = [name for name in columns() if name in table.columns and name not in required and table[name].null_count() == table.height]
    return table.drop(empty), [message("readers.empty_columns", columns=empty)] if empty else []


def _clock_falls(table: pl.DataFrame) -> list[Message]:
    if UNIX not in table.columns or table[UNIX].is_sorted():
        return []
    falls = -table[UNIX].diff().drop_nulls()
    falls = falls.filter(falls > 0)
    return [message("readers.unix_time_falls", count=len(falls), longest_s=float(falls.max()))] if len(falls) else []  # pyright: ignore[reportArgumentType]


def _ordered(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    known = [name for name in columns() if name in table.columns]
    unknown = [name for name in table.columns if name not in columns()]
    return table.select(known + unknown), [message("readers.unknown_columns", columns=unknown)] if unknown else []
