"""Arbin: CSV in three dialects, workbooks, ``.res`` databases, and HDF5 exports of its SQL database.

The capacity counters go on until the schedule sets them back, which is what BDF calls schedule capacities.
"""

from cellwright.core.errors import UnknownFormat
from cellwright.readers.engine import text
from cellwright.readers.makes.arbin.columns import COUNTERS, JOINED, SPACED, drafted
from cellwright.readers.makes.arbin.sign import is_database
from cellwright.readers.makes.arbin.store import is_export, read_export
from cellwright.readers.makes.arbin.workbook import channel_sheets, read_workbook
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

METADATA = {"Test_ID", "Device_ID", "IV_Ch_ID", "First_Start_DateTime"}


def _layout(file: RawFile) -> text.Layout | None:
    return text.find(file, SPACED) or text.find(file, JOINED)


def _is_metadata(file: RawFile) -> bool:
    return set(text.split_line(file.text[:HEAD].split(b"\n", 1)[0])[0]) >= METADATA


def _recognises(file: RawFile) -> bool:
    if is_database(file) or is_export(file) or channel_sheets(file):
        return True
    return _is_metadata(file) or _layout(file) is not None


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if is_database(file):
        from cellwright.readers.makes.arbin.database import read_database

        return read_database(file, ask)
    if is_export(file):
        return read_export(file, ask)
    if channels := channel_sheets(file):
        return read_workbook(file, channels, ask)
    if _is_metadata(file):
        raise UnknownFormat("readers.metadata_only", file=file.file)
    frame, notes = text.parse(file, text.require(_layout(file), file), JOINED)
    return [drafted(frame, file, Draft(frame, "csv", notes=tuple(notes)), ask)]


FORMATS = (
    Format("res", counters=COUNTERS["_"]),
    Format("csv", counters=COUNTERS["_"] | COUNTERS[" "]),
    Format("xlsx", counters=COUNTERS["_"]),
    Format("xls", proof="published", counters=COUNTERS["_"]),
    Format("h5", counters=COUNTERS["_"]),
)
READER = Reader("arbin", "Arbin", FORMATS, (), _recognises, _read, version="2", scan=lambda file: text.scan(file, _layout(file), JOINED))
