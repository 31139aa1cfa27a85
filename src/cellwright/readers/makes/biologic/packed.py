"""The data of an ``.mpr``: packed records of one length, of columns that a list of numbers tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cellwright.core.errors import DamagedFile, UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine.names import unique
from cellwright.readers.makes.biologic.columns import FLAGS
from cellwright.readers.makes.biologic.modules import Module
from cellwright.readers.makes.biologic.widths import FLAG_BYTE, Field, fields, known_width, unknown
from cellwright.readers.opening import RawFile

TIME = "time/s"

_BLOCK = 8192
_LOOKED_AT = 1000
_SMALLEST, _LARGEST = 1e-25, 1e15
_HEX = np.array([f"{n:02x}".encode() for n in range(256)], dtype="S2")


@dataclass(frozen=True)
class _Form:
    """How a version of the module begins: the number of rows and of columns, the columns' numbers of two bytes, and unused room."""

    counts: str
    numbers: int
    records: int

    @property
    def most(self) -> int:
        """How many columns it has room for."""
        return (self.records - self.numbers) // 2


_FORMS: Mapping[int, _Form] = {2: _Form("<IB", 5, 405), 3: _Form("<IB", 5, 406), 11: _Form("<IH", 6, 1007)}


@dataclass(frozen=True, eq=False)
class _Records:
    """The records, their columns' numbers, and how many there should be; ``bytes`` has a row a record."""

    numbers: tuple[int, ...]
    declared: int
    bytes: npt.NDArray[np.uint8]

    @property
    def length(self) -> int:
        return self.bytes.shape[1]

    def columns(self, laid: Sequence[Field], rows: int | None = None) -> list[npt.NDArray[Any]]:
        """Copy columns out of the records, or their first rows; block by block, so that a record is fetched from memory once."""
        names = [f"{n}" for n in range(len(laid))]
        kinds = [field.type or f"V{field.width}" for field in laid]
        places = [field.offset for field in laid]
        record = np.dtype({"names": names, "formats": kinds, "offsets": places, "itemsize": self.length})
        packed = self.bytes[:rows].reshape(-1).view(record)
        values = [np.empty(len(packed), kind) for kind in kinds]
        for first in range(0, len(packed), _BLOCK):
            block = packed[first : first + _BLOCK]
            for name, column in zip(names, values, strict=True):
                column[first : first + _BLOCK] = block[name]
        return values


def read_records(module: Module, file: RawFile) -> tuple[pl.DataFrame, list[Message]]:
    """Read the data under EC-Lab's names; raises `DamagedFile`, and `UnknownFormat` for a version that was not met before."""
    records = _records(module, file)
    laid = fields(records.numbers, records.length, lambda known: _sensible(records, known))
    values = zip(laid, records.columns(laid), strict=True)
    columns = [series for field, column in values for series in _series(field, column, records.numbers)]
    frame = pl.DataFrame([s.rename(name) for s, name in zip(columns, unique(s.name for s in columns), strict=True)])
    return frame, [*_cut(records), *_unknown(laid, records.numbers)]


def _records(module: Module, file: RawFile) -> _Records:
    form = _FORMS.get(module.version)
    if form is None:
        raise UnknownFormat("readers.biologic_version", file=file.file, version=module.version)
    rows, columns = map(int, module.unpack(form.counts, 0) or (0, 0))
    numbers = module.unpack(f"<{min(columns, form.most)}H", form.numbers)
    if not rows or not numbers:
        raise DamagedFile("readers.no_rows", file=file.file)
    numbers = tuple(map(int, numbers))
    length, left = divmod(module.length - form.records, rows)
    known = known_width(numbers)
    if left or length < max(known, 1) or (length > known and not unknown(numbers)):
        raise DamagedFile("readers.biologic_records", file=file.file, rows=rows, bytes=module.length, known=known)
    held = min(rows, max(len(module.content) - form.records, 0) // length)
    content = np.frombuffer(module.content[form.records :], np.uint8, held * length)
    return _Records(numbers, rows, content.reshape(held, length))


def _series(field: Field, values: npt.NDArray[Any], numbers: Sequence[int]) -> list[pl.Series]:
    if field.name == FLAG_BYTE:
        present = (FLAGS[number] for number in numbers if number in FLAGS)
        return [pl.Series(flag.name, (values & flag.mask) >> flag.shift) for flag in present]
    if field.type is None:
        digits = _HEX[values.view(np.uint8).reshape(len(values), field.width)]
        return [pl.Series(field.name, digits.view(f"S{2 * field.width}")[:, 0].astype(str))]
    return [pl.Series(field.name, values)]


def _sensible(records: _Records, known: list[Field]) -> bool:
    return all(map(_holds_sense, known, records.columns(known, _LOOKED_AT)))


def _holds_sense(field: Field, values: npt.NDArray[Any]) -> bool:
    """Tell whether numbers are of a size that a measurement has, and times in order."""
    if values.dtype.kind != "f":
        return True
    size = np.abs(values.astype(np.float64))
    usual = bool(np.all((size == 0) | ((size > _SMALLEST) & (size < _LARGEST))))
    return usual and (field.name != TIME or bool(np.all(np.diff(size) >= 0)))


def _cut(records: _Records) -> list[Message]:
    held = len(records.bytes)
    return [message("readers.fewer_rows_than_declared", declared=records.declared, found=held)] if held < records.declared else []


def _unknown(laid: list[Field], numbers: tuple[int, ...]) -> list[Message]:
    """Say which columns are not known, and what became of them."""
    strange = unknown(numbers)
    kept = [field for field in laid if not field.known]
    typed, raw = [f.name for f in kept if f.type], [f.name for f in kept if not f.type]
    notes: list[Message] = []
    if typed:
        widths = sorted({f.width for f in kept if f.type})
        notes.append(message("readers.biologic_unknown_columns", numbers=strange, columns=typed, widths=widths))
    if raw:
        notes.append(message("readers.biologic_raw_columns", numbers=strange, columns=raw))
    if strange and not kept:
        notes.append(message("readers.biologic_unknown_flags", numbers=strange))
    return notes
