"""What tells the forms in which a bus is recorded; kept apart from reading them, which takes libraries that other files do not."""

import re

from cellwright.readers.opening import RawFile

ASC = re.compile(rb"^\s*base\s+(hex|dec)\s+timestamps\s+(absolute|relative)", re.IGNORECASE | re.MULTILINE)

_BLF, _MF4 = b"LOGG", (b"MDF     ", b"UnFinMF ")
_CANDUMP = re.compile(rb"^\(\d+\.\d+\)\s+\S+\s+[0-9A-Fa-f]+#")
_GVRET = b"Time Stamp,ID,Extended"
_WITHIN = 4096


def form_of(file: RawFile) -> str | None:
    """Name the form that a recorded bus is in; None for any other file."""
    if file.data.startswith(_BLF):
        return "blf"
    if file.data.startswith(_MF4) and file.data[8:9] == b"4":
        return "mf4"
    head = file.head[:_WITHIN]
    if ASC.search(head):
        return "asc"
    if _CANDUMP.match(head):
        return "candump"
    return "gvret" if head.startswith(_GVRET) else None
