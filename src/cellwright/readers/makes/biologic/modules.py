"""The modules that an ``.mpr`` is made of: a short name, a long one, a length, a version and a date each, and then the content."""

import struct
from dataclasses import dataclass

from cellwright.core.errors import DamagedFile
from cellwright.readers.opening import RawFile

MAGIC = b"BIO-LOGIC MODULAR FILE"
SETTINGS, DATA, LOG, LOOP = "VMP Set", "VMP data", "VMP LOG", "VMP loop"

_FIRST = 52
_MARK = b"MODULE"
_NAME = slice(6, 16)
_LENGTH = 41
_LONG = 0xFFFFFFFF


@dataclass(frozen=True, eq=False)
class Module:
    """A part of the file.

    Parameters
    ----------
    name, version
        What it is, and of which make.
    length
        Its length in bytes as the file tells it.
    content
        What the file holds of it, fewer bytes where the file was cut off.
    """

    name: str
    version: int
    length: int
    content: memoryview

    def unpack(self, form: str, offset: int) -> tuple[float, ...] | None:
        """Read numbers in `struct` notation; None where the content ends before them."""
        end = offset + struct.calcsize(form)
        return struct.unpack_from(form, self.content, offset) if end <= len(self.content) else None

    def text(self, offset: int) -> str:
        """Read a text that stands after a byte that tells its length; empty where the content ends before it."""
        size = self.content[offset] if offset < len(self.content) else 0
        return bytes(self.content[offset + 1 : offset + 1 + size]).decode("cp1252", errors="replace").strip()


def find_modules(file: RawFile) -> dict[str, Module]:
    """Find the modules by their short names; raises `DamagedFile` where the one with the data is not among them."""
    found: dict[str, Module] = {}
    position = _FIRST
    while file.data[position : position + len(_MARK)] == _MARK and (step := _module(memoryview(file.data)[position:])):
        module, size = step
        found.setdefault(module.name, module)
        position += size
    if DATA not in found:
        raise DamagedFile("readers.biologic_without_data", file=file.file)
    return found


def _module(rest: memoryview) -> tuple[Module, int] | None:
    """Read a module and how many bytes it takes with its head; None where the file ends within the head."""
    # Since EC-Lab 11.50 the old length is full of ones, and one of eight bytes follows it.
    if len(rest) < _LENGTH + 24:
        return None
    length, version = struct.unpack_from("<II", rest, _LENGTH)
    head = _LENGTH + 16
    if length == _LONG:
        length, version = struct.unpack_from("<QI", rest, _LENGTH + 4)
        head = _LENGTH + 24
    name = bytes(rest[_NAME]).decode("cp1252", errors="replace").strip()
    return Module(name, version, length, rest[head : head + length]), head + length
