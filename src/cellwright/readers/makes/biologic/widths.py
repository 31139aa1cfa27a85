"""Where each column lies in a record, also beside columns whose numbers nobody here knows.

The length of a record is told by the file, those of known columns are known, so what is left belongs to the unknown ones. A single one
has all of it. Several are taken as alike where that fits; else every division into usual widths is tried, and those remain under
which the known columns between them hold sensible numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cellwright.readers.makes.biologic.columns import COLUMNS, FLAGS

FLAG_BYTE = "flags"

_TYPES = {1: "|u1", 2: "<u2", 4: "<f4", 8: "<f8"}
_USUAL = (4, 8, 2, 1)
_MOST_DIVISIONS = 256


@dataclass(frozen=True)
class Field:
    """A stretch of a record.

    Parameters
    ----------
    name, offset, width
        What it is called, where it begins and how long it is, in bytes.
    type
        Its numpy type; None where its bytes cannot be told apart.
    known
        Whether it is a column that we know.
    """

    name: str
    offset: int
    width: int
    type: str | None
    known: bool = True


def known_width(numbers: Sequence[int]) -> int:
    """Return how many bytes of a record the known columns take."""
    flags = any(number in FLAGS for number in numbers)
    return flags + sum(_width(number) for number in numbers if number in COLUMNS)


def unknown(numbers: Sequence[int]) -> list[int]:
    """Return the columns that we do not know."""
    return [number for number in numbers if number not in COLUMNS and number not in FLAGS]


def fields(numbers: Sequence[int], record: int, sensible: Callable[[list[Field]], bool]) -> list[Field]:
    """Lay out a record.

    Parameters
    ----------
    numbers
        The columns' numbers in their order.
    record
        A record's length in bytes, at least that of the known columns.
    sensible
        Whether known columns that lie so hold what they can hold.
    """
    count, free = len(unknown(numbers)), record - known_width(numbers)
    if not free:  # an unknown column is a bit more in the byte of flags
        return _laid(numbers, [0] * count)
    layouts = [_laid(numbers, widths) for widths in _divisions(free, count)]
    known = {tuple(f for f in layout if f.known) for layout in layouts}
    if len(known) > 1:
        fitting = {fields for fields in known if sensible(list(fields))}
        layouts = [layout for layout in layouts if tuple(f for f in layout if f.known) in fitting]
    alike = (layout for layout in layouts if len({f.width for f in layout if not f.known}) == 1)
    return next(alike, None) or (_agreed(layouts, record) if layouts else _certain(numbers, record))


def _width(number: int) -> int:
    return int(COLUMNS[number][1][-1])


def _laid(numbers: Sequence[int], widths: Sequence[int]) -> list[Field]:
    """Lay the columns one after the other, the unknown ones in these widths; all flags share the first one's byte."""
    found: list[Field] = []
    offset, rest = 0, iter(widths)
    for number in numbers:
        if number in COLUMNS:
            field = Field(COLUMNS[number][0], offset, _width(number), COLUMNS[number][1])
        elif number in FLAGS:
            flagged = any(f.name == FLAG_BYTE for f in found)
            field = Field(FLAG_BYTE, offset, 0 if flagged else 1, _TYPES[1])
        else:
            width = next(rest)
            field = Field(f"column_{number}", offset, width, _TYPES.get(width), known=False)
        found += [field] if field.width else []
        offset += field.width
    return found


def _divisions(free: int, count: int) -> list[list[int]]:
    """List the ways to share out bytes, none where there are too many; a single column has them all."""
    if count == 1:
        return [[free]]
    ways = list(islice(_shared(free, count), _MOST_DIVISIONS + 1))
    alike = [[width] * count for width in _USUAL if width * count == free]
    return [*alike, *ways] if len(ways) <= _MOST_DIVISIONS else alike


def _shared(free: int, count: int) -> Iterator[list[int]]:
    if not count:
        yield from [[]] if not free else []
        return
    for width in _USUAL:
        if count - 1 <= free - width <= _USUAL[1] * (count - 1):
            for rest in _shared(free - width, count - 1):
                yield [width, *rest]


def _agreed(layouts: list[list[Field]], record: int) -> list[Field]:
    """Keep the fields on which all layouts agree; what lies between them stays raw."""
    common = set(layouts[0]).intersection(*map(set, layouts[1:]))
    return _with_raw(sorted(common, key=lambda f: f.offset), record)


def _certain(numbers: Sequence[int], record: int) -> list[Field]:
    """Keep the known columns before the first unknown one, counted from the front, and after the last, counted from the back."""
    strange = [n for n, number in enumerate(numbers) if number not in COLUMNS and number not in FLAGS]
    after = [number for number in numbers[strange[-1] + 1 :] if number not in FLAGS]
    start = record - known_width(after)
    back = [Field(f.name, f.offset + start, f.width, f.type) for f in _laid(after, [])]
    return _with_raw([*_laid(numbers[: strange[0]], []), *back], record)


def _with_raw(certain: list[Field], record: int) -> list[Field]:
    found: list[Field] = []
    end = 0
    for field in [*certain, Field("", record, 0, None)]:
        if field.offset > end:
            found.append(Field(f"bytes_{end + 1}_{field.offset}", end, field.offset - end, None, known=False))
        found.append(field)
        end = field.offset + field.width
    return found[:-1]
