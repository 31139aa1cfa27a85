"""Files that are known for what they are and not read: a refusal that names the format helps more than an unknown one."""

from cellwright.readers.opening import RawFile

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x00\x01\x00\x00Standard ACE DB", "Microsoft Access"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
)

# What some makes keep their files in: refused by this name only where no reader knows what is inside.
_CONTAINERS: tuple[tuple[bytes, str], ...] = (
    (b"\x00\x01\x00\x00Standard Jet DB", "Microsoft Access"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office 97-2003"),
)


def foreign_format(file: RawFile) -> str | None:
    """Name the format of a file that is recognised but not read; None for any other."""
    start = file.data[:64].lstrip()
    return next((name for magic, name in _STARTS if start.startswith(magic) or file.data.startswith(magic)), None)


def container(file: RawFile) -> str | None:
    """Name what a file whose content no reader knows is kept in; None where that is no known container."""
    return next((name for magic, name in _CONTAINERS if file.data.startswith(magic)), None)
