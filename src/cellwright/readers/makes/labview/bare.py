"""LabVIEW logs that have neither header nor time: the sampling rate must be known, and temperatures are what such logs hold."""

import polars as pl

from cellwright.core.columns import TIME
from cellwright.core.errors import DamagedFile, MissingRate, UnknownFormat, UsageError
from cellwright.core.messages import message
from cellwright.readers.engine import text
from cellwright.readers.engine.sensors import placed
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

DIALECT = text.Dialect(tells=frozenset(), columns={})


def read_bare(file: RawFile, ask: Ask) -> Draft:
    """Read columns of numbers as temperatures [°C]; raises `MissingRate`, `DamagedFile`, `UnknownFormat`."""
    if file.encoding is None:
        raise UnknownFormat("readers.not_only_numbers", file=file.file)
    rate_hz = rate(file, ask)
    frame, notes = text.parse(file, text.layout_at(file, (), 0, "\t"), DIALECT)
    if not frame.width or not all(dtype.is_numeric() for dtype in frame.dtypes):
        raise DamagedFile("readers.not_only_numbers", file=file.file)
    names = [f"column {n}" for n in range(1, frame.width + 1)]
    frame.columns = names
    table, many = placed(frame.cast(pl.Float64), {name: n for n, name in enumerate(names, 1)})
    table = table.with_columns((pl.int_range(pl.len()) / rate_hz).alias(TIME))
    taken = message("readers.taken_as_temperatures", count=len(names), rate_hz=rate_hz)
    return Draft(table, "lvm", notes=(*notes, taken, *many), required=(TIME,))


def rate(file: RawFile, ask: Ask) -> float:
    """Return the sampling rate [Hz] that the user gives; raises `MissingRate`, `UsageError`."""
    if ask.rate_hz is None:
        raise MissingRate("readers.missing_rate", file=file.file)
    if not ask.rate_hz > 0:
        raise UsageError("readers.rate_not_positive", rate_hz=ask.rate_hz)
    return ask.rate_hz
