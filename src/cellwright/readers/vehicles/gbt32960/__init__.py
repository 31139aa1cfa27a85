"""GB/T 32960, the telemetry of electric vehicles in China: a platform's tables, and the messages themselves in hexadecimal.

The standard has the current of a discharge positive; here positive charges.
"""

from dataclasses import replace

import polars as pl

from cellwright.core.errors import DamagedFile, MissingColumn
from cellwright.core.messages import Message
from cellwright.readers.engine import sheets, text
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader
from cellwright.readers.settle import INDEX
from cellwright.readers.vehicles.column_map import Clock
from cellwright.readers.vehicles.gbt32960.tables import TIME_COLUMN, is_standard, named, valued
from cellwright.readers.vehicles.sign import turned
from cellwright.readers.vehicles.stamps import timed

BEIJING = "Asia/Shanghai"
MESSAGE, DIGITS, FEWEST_DIGITS = "2323", "0123456789abcdef", 50
"""How a message begins, in hexadecimal, and the digits of one that tells nothing."""

DIALECT = text.Dialect(frozenset(), {}, empty=("", "null", "NULL", "\\N", "NaN", "--"))


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if places := sheets.places(file, is_standard):
        return [_draft(sheets.table(file, place), "xlsx", [], ask, file) for place in places]
    if _is_hexadecimal(_first_line(file)):
        return [_of_messages(file, ask)]
    table, notes = text.parse(file, text.require(_layout(file), file), DIALECT)
    return [_draft(table, "csv", notes, ask, file)]


def _of_messages(file: RawFile, ask: Ask) -> Draft:
    from cellwright.readers.vehicles.can.frames import lines
    from cellwright.readers.vehicles.gbt32960.messages import read_messages

    table, notes = read_messages(lines(file))
    if table.is_empty():
        raise DamagedFile("readers.gbt_no_messages", file=file.file)
    return _settled(Draft(table, "hex", notes=tuple(notes)), Clock(TIME_COLUMN, "%Y%m%d%H%M%S", zone=BEIJING), ask, file)


def _draft(table: pl.DataFrame, form: str, notes: list[Message], ask: Ask, file: RawFile) -> Draft:
    if not is_standard(table.columns):
        raise MissingColumn("readers.gbt_header", file=file.file, found=table.columns[:20])
    clock = named(table.columns)[TIME_COLUMN]
    table = table.rename({clock: TIME_COLUMN}).with_columns(pl.col(TIME_COLUMN).cast(pl.String).str.strip_chars())
    table, told = valued(table)
    return _settled(Draft(table, form, notes=(*notes, *told)), Clock(TIME_COLUMN, zone=BEIJING), ask, file)


def _settled(draft: Draft, clock: Clock, ask: Ask, file: RawFile) -> Draft:
    lines_of = draft.table[INDEX] if INDEX in draft.table.columns else None
    table, start, more = timed(draft.table.drop(INDEX, strict=False), clock, ask.timezone, file.file)
    if lines_of is not None:
        table = table.with_columns(lines_of.gather(table[INDEX] - 1).alias(INDEX))
    table, signed = turned(table, "discharge", file.file)
    return replace(draft, table=table, start=start, notes=(*draft.notes, *more, *signed))


def _first_line(file: RawFile) -> str:
    return file.head.split(b"\n", 1)[0].decode("utf-8", errors="replace")


def _is_hexadecimal(line: str) -> bool:
    """Tell whether a line is a message."""
    shown = line.strip().lower().removeprefix("0x").replace(" ", "")
    return shown.startswith(MESSAGE) and len(shown) >= FEWEST_DIGITS and all(c in DIGITS for c in shown[:64])


def _layout(file: RawFile) -> text.Layout | None:
    first = file.head.split(b"\n", 1)[0]
    cells, delimiter = text.split_line(first)
    return text.layout_at(file, cells, len(first) + 1, delimiter) if is_standard(cells) else None


def _recognises(file: RawFile) -> bool:
    if file.encoding is None:
        return bool(sheets.places(file, is_standard))
    first = _first_line(file)
    return _is_hexadecimal(first) or is_standard(text.split_line(first.encode())[0])


FORMATS = (
    Format("platform table csv", "published"),
    Format("platform table xlsx", "published"),
    Format("messages in hexadecimal", "published"),
)
READER = Reader("gbt32960", "GB/T 32960", FORMATS, (), _recognises, _read)
