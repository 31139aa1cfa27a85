"""The engine that reads every delimited text export; a make is a `Dialect`, a small table, and the parsing is Polars'.

A table goes one way: `find` tells where it is, `parse` reads its rows under the vendor's names, `translate` makes BDF's columns of them.
"""

from cellwright.readers.engine.names import split_unit
from cellwright.readers.engine.text.dialect import TEXTS, Dialect
from cellwright.readers.engine.text.layout import DELIMITERS, Layout, find, layout_at, pairs, require, split_line
from cellwright.readers.engine.text.lazy import scan
from cellwright.readers.engine.text.parsing import parse
from cellwright.readers.engine.text.translation import translate

__all__ = [
    "DELIMITERS",
    "TEXTS",
    "Dialect",
    "Layout",
    "find",
    "layout_at",
    "pairs",
    "parse",
    "require",
    "scan",
    "split_line",
    "split_unit",
    "translate",
]
