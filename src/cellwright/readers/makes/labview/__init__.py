"""LabVIEW measurement files (``.lvm``): with the header that National Instruments publishes, or bare numbers."""

from cellwright.readers.makes.labview.bare import read_bare
from cellwright.readers.makes.labview.headed import is_headed, read_headed
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    return read_headed(file, ask) if is_headed(file) else [read_bare(file, ask)]


FORMATS = (Format("lvm with header", proof="published"), Format("lvm temperature log"))
READER = Reader("labview", "LabVIEW", FORMATS, (".lvm",), is_headed, _read, version="2")
