"""What type each column of a text is, told from its first rows and from rows throughout it, so that it is parsed only once."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, REQUIRED
from cellwright.readers.engine.names import is_count
from cellwright.readers.engine.text.dialect import TEXTS, Dialect
from cellwright.readers.engine.text.layout import Layout
from cellwright.readers.opening import HEAD

SLICES = 15
SLICE = 1 << 12
MOSTLY = 0.5
CELLS = (CELL_VOLTAGES, CELL_TEMPERATURES)

Types = dict[str, Any]


def types(content: bytes, layout: Layout, names: Sequence[str], dialect: Dialect) -> Types:
    """Return the type of each column: numbers for what the make's table says is one, else what the rows look like."""
    shown = _shown(sample(content, layout.offset), names, layout.options(dialect))
    found: Types = {}
    for name in names:
        column = dialect.column(name)
        seen = shown.get(name)
        if column is None:
            found[name] = pl.String if seen is None else seen.dtype
        else:
            found[name] = _known(column, seen, layout)
    return found


def _known(column: str, seen: pl.Series | None, layout: Layout) -> Any:
    if column in TEXTS or seen is None:
        return pl.String
    if seen.null_count() == len(seen):
        return pl.Int64 if is_count(column) else pl.Float64
    if seen.dtype == pl.String:
        numbers = seen.drop_nulls().str.contains(layout.style.pattern).mean()
        marked = layout.style.thousands and seen.drop_nulls().str.contains(layout.style.thousands, literal=True).any()
        least = 0 if column in REQUIRED else MOSTLY
        return pl.Float64 if not marked and isinstance(numbers, float) and numbers > least else pl.String
    if column in CELLS:
        return pl.Float32
    return pl.Int64 if is_count(column) and seen.dtype.is_integer() else pl.Float64


def _shown(rows: bytes, names: Sequence[str], options: Mapping[str, Any]) -> dict[str, pl.Series]:
    try:
        frame = pl.read_csv(rows, has_header=False, infer_schema_length=None, truncate_ragged_lines=True, **options)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return {}
    return dict(zip(names, frame.get_columns(), strict=False))


def sample(content: bytes, offset: int) -> bytes:
    """Take whole lines from the beginning of the rows and from places throughout them."""
    if len(content) - offset <= HEAD + SLICES * SLICE:
        return content[offset:]
    parts = [_whole_lines(content, offset, HEAD, from_start=True)]
    step = (len(content) - offset - HEAD) // SLICES
    parts += [_whole_lines(content, offset + HEAD + n * step, SLICE, from_start=False) for n in range(SLICES)]
    return b"".join(parts)


def _whole_lines(content: bytes, start: int, length: int, *, from_start: bool) -> bytes:
    part = content[start : start + length]
    begin = 0 if from_start else part.find(b"\n") + 1
    return part[begin : part.rfind(b"\n") + 1]
