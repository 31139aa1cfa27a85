"""Microsoft Jet databases (Access 97 to 2003: ``.mdb``, Arbin's ``.res``), read without a driver.

A file is pages of 2 KiB (Jet 3) or 4 KiB (Jet 4). A table's definition names its columns and the map of the pages that hold its rows;
all rows of a table are found at once, and a column of fixed width is gathered from all of them at once. The layout is described in
mdbtools' documentation (HACKING.md). Tables are found through the system's own table of objects, and only those asked for are read.
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.readers.guard import guarded
from cellwright.readers.jet.definition import Definition, definition, rows_declared
from cellwright.readers.jet.pages import Pages, pages
from cellwright.readers.jet.rows import rows_of
from cellwright.readers.jet.values import moments, values

__all__ = ["Content", "Database", "moments", "open_database"]

CATALOGUE_PAGE = 2
CATALOGUE_COLUMNS = ("Name", "Id", "Type", "Flags")
LOCAL_TABLE = 1
SYSTEM = 0x80000002
PAGE_OF_ID = 0x00FFFFFF


@dataclass(frozen=True)
class Content:
    """What a table holds.

    Parameters
    ----------
    frame
        Its rows, in the order in which they lie in the file.
    declared
        How many rows the table's definition counts.
    broken
        Rows that contradict themselves and were left out.
    unreadable
        Values that lie outside of their row and are null, by column.
    """

    frame: pl.DataFrame
    declared: int
    broken: int
    unreadable: dict[str, int]


@dataclass(frozen=True, eq=False)
class Database:
    """An open database.

    Parameters
    ----------
    pages
        The file in pages.
    file
        What errors call it.
    """

    pages: Pages
    file: str

    @cached_property
    def _found(self) -> dict[str, int]:
        with guarded(file=self.file):
            objects = self._content(definition(self.pages, CATALOGUE_PAGE), CATALOGUE_COLUMNS).frame
            own = objects.filter((pl.col("Type") == LOCAL_TABLE) & (pl.col("Flags").cast(pl.Int64) & SYSTEM == 0))
            return {str(name): int(number) & PAGE_OF_ID for name, number in own.select("Name", "Id").rows() if name is not None}

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are not the system's; raises `DamagedFile`."""
        return tuple(self._found)

    def count(self, name: str) -> int:
        """Return the number of rows that the table's definition counts; 0 where there is no such table; raises `DamagedFile`."""
        if name not in self._found:
            return 0
        with guarded(file=self.file):
            return rows_declared(self.pages, self._found[name])

    def read(self, name: str) -> Content:
        """Read a table; raises `DamagedFile` where it is not there or cannot be read."""
        if name not in self._found:
            raise DamagedFile("readers.no_table", file=self.file, table=name)
        with guarded(file=self.file):
            return self._content(definition(self.pages, self._found[name]))

    def _content(self, table: Definition, names: tuple[str, ...] = ()) -> Content:
        rows, broken = rows_of(self.pages, table)
        columns = {column.name: values(self.pages, rows, column) for column in table.columns if not names or column.name in names}
        frame = pl.DataFrame([series.alias(name) for name, (series, _) in columns.items()])
        return Content(frame, table.rows, broken, {name: lost for name, (_, lost) in columns.items() if lost})


def open_database(data: bytes, file: str) -> Database:
    """Open a database; nothing of it is read yet."""
    return Database(pages(data), file)
