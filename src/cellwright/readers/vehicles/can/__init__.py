"""Recorded vehicle buses: frames, decoded by the DBC files that the user names, or by themselves where a battery answers diagnostics."""

from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader
from cellwright.readers.vehicles.can.forms import form_of


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    from cellwright.readers.vehicles.can.reading import read_bus

    return read_bus(file, ask)


FORMATS = (
    Format("asc", extra="can"),
    Format("gvret csv", extra="can"),
    Format("candump", proof="published", extra="can"),
    Format("blf", proof="published", extra="can"),
    Format("mf4", proof="published", extra="can"),
    Format("Hyundai and Kia battery answers (UDS)", proof="published"),
)
READER = Reader("can", "Vehicle buses (CAN)", FORMATS, (), lambda file: form_of(file) is not None, _read)
