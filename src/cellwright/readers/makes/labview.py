"""LabVIEW ``.lvm`` temperature logs that have neither header nor time: the sampling rate must be known."""

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES, TIME
from cellwright.core.errors import DamagedFile, MissingRate, UnknownFormat, UsageError
from cellwright.core.messages import message
from cellwright.readers.engine import text
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SENSORS = 5
HEADED = b"LabVIEW Measurement"
DIALECT = text.Dialect(tells=frozenset(), columns={})


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if file.encoding is None or file.text.startswith(HEADED):
        raise UnknownFormat("readers.lvm_with_header", file=file.file)
    if ask.rate_hz is None:
        raise MissingRate("readers.missing_rate", file=file.file)
    if not ask.rate_hz > 0:
        raise UsageError("readers.rate_not_positive", rate_hz=ask.rate_hz)
    frame, notes = text.parse(file, text.layout_at(file, (), 0, "\t"), DIALECT)
    if not frame.width or not all(dtype.is_numeric() for dtype in frame.dtypes):
        raise DamagedFile("readers.not_only_numbers", file=file.file)
    table = _temperatures(frame).with_columns((pl.int_range(pl.len()) / ask.rate_hz).alias(TIME))
    taken = message("readers.taken_as_temperatures", count=frame.width, rate_hz=ask.rate_hz)
    return [Draft(table, "lvm", notes=(*notes, taken), required=(TIME,))]


def _temperatures(frame: pl.DataFrame) -> pl.DataFrame:
    if frame.width > SENSORS:
        return frame.select(pl.concat_arr(pl.all().cast(pl.Float32)).alias(CELL_TEMPERATURES))
    return frame.select(pl.col(c).cast(pl.Float64).alias(f"temperature_t{n}_celsius") for n, c in enumerate(frame.columns, start=1))


def _recognises(file: RawFile) -> bool:
    return file.text.startswith(HEADED)


READER = Reader("labview", "LabVIEW", (Format("lvm temperature log"),), (".lvm",), _recognises, _read)
