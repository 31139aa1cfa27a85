"""The rows under a header as a table: once and fast where every cell is what it seems, else leniently."""

from dataclasses import replace
from typing import Any

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers import encoding
from cellwright.readers.engine.names import unique
from cellwright.readers.engine.text.columns import Types, types
from cellwright.readers.engine.text.dialect import Dialect
from cellwright.readers.engine.text.layout import Layout, split_line
from cellwright.readers.engine.text.mending import mended
from cellwright.readers.engine.text.repeats import without_repeats
from cellwright.readers.opening import HEAD, RawFile

MOST_COLUMNS = 2000
LARGE, WIDE, MOST_GROUPS = 16 << 20, 8, 3
QUOTE = b'"'
NOT_UTF8 = "invalid utf-8"


def parse(file: RawFile, layout: Layout, dialect: Dialect) -> tuple[pl.DataFrame, list[Message]]:
    """Read the rows under a header: vendor's names, numbers as numbers where they are; raises `DamagedFile`."""
    if not layout.first:
        raise DamagedFile("readers.no_rows", file=file.file)
    if (count := max(len(layout.first), len(layout.header))) > MOST_COLUMNS:
        raise DamagedFile("readers.too_many_columns", file=file.file, count=count)
    notes = [message("readers.encoding_assumed", encoding=file.encoding)] if file.encoding in encoding.ASSUMED else []
    if layout.style.assumed:
        notes.append(message("readers.decimal_comma_assumed", number=_first_with_comma(layout)))
    frame, more = _read(file, file.text, layout, dialect)
    return _with_numbers(_without_nameless(frame, layout), layout), [*notes, *more]


def _first_with_comma(layout: Layout) -> str:
    return next((cell.strip() for cell in layout.first if "," in cell), "")


def _read(file: RawFile, content: bytes, layout: Layout, dialect: Dialect) -> tuple[pl.DataFrame, list[Message]]:
    names = unique([*layout.header, *[""] * (len(layout.first) - len(layout.header))])[: len(layout.first)]
    kinds = types(content, layout, names, dialect)
    kept = [number for number, name in enumerate(names) if dialect.keeps(name, file.wanted)]
    end = _before_blank(content)
    try:
        frame = _fast(content, layout, dialect, kinds, kept if len(kept) < len(names) else None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if content is file.text and (NOT_UTF8 in str(error) or not encoding.is_utf8(content)):
            return _in_another_encoding(file, layout, dialect)
        once, repeats = without_repeats(content, layout)
        if repeats:
            frame, notes = _read(file, once, layout, dialect)
            return frame, [*repeats, *notes]
        frame, notes = mended(content[layout.offset : end], kinds, layout, dialect, file=file.file)
        frame = frame.select([c for c in frame.columns if dialect.keeps(c, file.wanted)])
        return _without_cut(frame, content, end, layout, notes)
    blank = content[end:].count(b"\n") - 1
    return _without_cut(frame.head(-blank) if blank > 0 else frame, content, end, layout, [])


def _fast(content: bytes, layout: Layout, dialect: Dialect, kinds: Types, kept: list[int] | None) -> pl.DataFrame:
    """Read the rows where they lie, in the types that are expected; raises what Polars raises where a cell is another."""
    above = content.count(b"\n", 0, layout.offset)
    if layout.offset and content[layout.offset - 1] != ord("\n"):
        content, above = content[layout.offset :], 0
    quoted = QUOTE in content
    options: dict[str, Any] = {**layout.options(dialect), "quote_char": QUOTE.decode() if quoted else None}
    options |= {"has_header": False, "skip_lines": above}
    kinds = {name: _repeated(name, kind, dialect) for name, kind in kinds.items()}
    groups = _groups(kinds, kept) if not quoted and _is_even(content, layout, len(kinds)) else [kept]
    if len(groups) == 1:
        frame = pl.read_csv(content, schema=kinds, columns=groups[0], **options)
    else:
        # Each in one piece before the next is read, which then takes the room that the pieces had.
        frame = pl.concat([pl.read_csv(content, schema=kinds, columns=group, **options).rechunk() for group in groups], how="horizontal")
    if quoted and frame.height < content.rstrip(b"\r\n").count(b"\n") + 1 - above:
        # A quote that is never closed swallows rows.
        raise pl.exceptions.ComputeError("rows within quotes")
    return frame


def _repeated(name: str, kind: Any, dialect: Dialect) -> Any:
    return pl.Categorical if kind == pl.String and name.lower().startswith(dialect.repeated) else kind


def _groups(kinds: Types, kept: list[int] | None) -> list[list[int]]:
    """Part the columns of a large table: one that is read as a whole is held twice while each column becomes one piece."""
    numbers = list(range(len(kinds))) if kept is None else kept
    each = max(WIDE, -(-len(numbers) // MOST_GROUPS))
    return [numbers[begin : begin + each] for begin in range(0, len(numbers), each)]


def _is_even(content: bytes, layout: Layout, width: int) -> bool:
    """Tell whether a large table has the same number of cells in each row: Polars does not look where it reads some columns only."""
    if len(content) < LARGE:
        return False
    rows = content.count(b"\n", layout.offset) + (not content.endswith(b"\n"))
    return content.count(layout.delimiter.encode(), layout.offset) == rows * (width - 1)


def _in_another_encoding(file: RawFile, layout: Layout, dialect: Dialect) -> tuple[pl.DataFrame, list[Message]]:
    """Read a text again whose beginning is ASCII and whose rest is no UTF-8."""
    name = encoding.legacy(file.data)
    content = file.decoded(name)
    first = content[layout.offset : layout.offset + HEAD].split(b"\n", 1)[0]
    layout = replace(layout, first=tuple(split_line(first, layout.delimiter)[0]))
    frame, notes = _read(file, content, layout, dialect)
    if name == "utf-8":
        return frame, [message("readers.characters_replaced", count=content.count("\ufffd".encode())), *notes]
    return frame, [message("readers.encoding_assumed", encoding=name), *notes]


def _before_blank(content: bytes) -> int:
    end = len(content)
    while end and content[end - 1] in b"\r\n":
        end -= 1
    return end


def _without_cut(frame: pl.DataFrame, content: bytes, end: int, layout: Layout, notes: list[Message]) -> tuple[pl.DataFrame, list[Message]]:
    """Leave out the last row where writing stopped within it: it has fewer cells than the first row and the one before it."""
    lines = content[max(layout.offset, end - HEAD) : end].split(b"\n")[-2:]
    cells = [len(split_line(line, layout.delimiter)[0]) for line in lines]
    if len(lines) < 2 or cells[1] >= min(cells[0], len(layout.first)) or any(n.code == "readers.footer_left_out" for n in notes):
        return frame, notes
    return frame.head(-1), [*notes, message("readers.cut_last_row")]


def _without_nameless(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Leave out columns that have neither a name nor content, such as what a delimiter at the end of each line makes."""
    named = set(unique(layout.header)) - {f"column_{n}" for n, cell in enumerate(layout.header, start=1) if not cell.strip()}
    return frame.drop([c for c in frame.columns if c not in named and _is_blank(frame[c])])


def _is_blank(column: pl.Series) -> bool:
    return column.null_count() == len(column) or (column.dtype == pl.String and not (column.str.strip_chars() != "").any())


def _with_numbers(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Make numbers of the columns whose numbers have marks between thousands."""
    if not layout.style.thousands:
        return frame
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String and frame[name].null_count() < frame.height]
    pattern = layout.style.pattern
    numeric = frame.select(pl.col(texts).str.contains(pattern).all()).row(0, named=True) if texts else {}
    return frame.with_columns(layout.style.number(pl.col(name)) for name, every in numeric.items() if every)
