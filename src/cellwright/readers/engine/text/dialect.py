"""How one make writes text."""

from collections.abc import Mapping
from dataclasses import dataclass

from cellwright.core.frozen import FrozenDict
from cellwright.readers.engine.names import split_unit

TEXTS = ("step_type",)


@dataclass(frozen=True)
class Dialect:
    """How one make writes text.

    Parameters
    ----------
    tells
        Header names, without unit and in lower case, that together tell the make.
    columns
        What each of the make's columns is: its name in lower case, without unit or (where that is not enough) with it, to the BDF name.
    units
        Units of columns whose header does not say, by name without unit.
    empty
        What it writes into a cell that holds nothing.
    needs
        Beginnings, in lower case, of the columns beyond these that the make's reader looks at, such as its clock. Where they are
        named, a user who asks for few columns does not wait for the rest; None keeps everything.
    repeated
        Beginnings, in lower case, of columns in which a few texts stand again and again, such as a unit; they come as categories.
    """

    tells: frozenset[str]
    columns: Mapping[str, str]
    units: Mapping[str, str] = FrozenDict()
    empty: tuple[str, ...] = ("", "N/A", "NA", "n/a", "NaN", "nan", "--")
    needs: tuple[str, ...] | None = None
    repeated: tuple[str, ...] = ()

    def column(self, name: str) -> str | None:
        """Return the BDF column that a header name means."""
        return self.columns.get(" ".join(name.split()).lower()) or self.columns.get(split_unit(name)[0])

    def keeps(self, name: str, wanted: frozenset[str] | None) -> bool:
        """Tell whether a column is read: all are, unless the user asked for some and the reader says what it needs beside them."""
        if wanted is None or self.needs is None or name in wanted:
            return True
        return self.column(name) is not None or name.lower().startswith(self.needs)
