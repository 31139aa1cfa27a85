"""A text export as a `LazyFrame`: the same columns and units as when it is read, taken at its word."""

from pathlib import Path

import polars as pl

from cellwright.core.columns import REQUIRED
from cellwright.core.errors import UsageError
from cellwright.readers.engine.names import unique
from cellwright.readers.engine.text.columns import types
from cellwright.readers.engine.text.dialect import Dialect
from cellwright.readers.engine.text.layout import Layout
from cellwright.readers.engine.text.translation import known_columns, selection
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile


def scan(file: RawFile, layout: Layout | None, dialect: Dialect, required: tuple[str, ...] = REQUIRED) -> pl.LazyFrame:
    """Open a text export lazily under BDF's names; raises `UsageError` where it has to be read whole.

    Types are told from its beginning. What only reading can do, that is to repair, to note and to count, is not done.
    """
    if layout is None or file.path is None or file.encoding != "utf-8" or layout.style.thousands or not layout.first:
        raise UsageError("readers.cannot_scan", file=file.file)
    names = unique([*layout.header, *[""] * (len(layout.first) - len(layout.header))])[: len(layout.first)]
    kinds = types(file.text[: file.text.rfind(b"\n") + 1], layout, names, dialect)
    above = file.text.count(b"\n", 0, layout.offset)
    known, _ = known_columns(names, dialect, file.file, required)
    with guarded(file=file.file):
        frame = pl.scan_csv(Path(file.path), has_header=False, schema=kinds, skip_lines=above, **layout.options(dialect))
        return frame.select(selection({n: kinds[n]() if isinstance(kinds[n], type) else kinds[n] for n in names}, known))
