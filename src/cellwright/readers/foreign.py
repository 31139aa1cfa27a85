"""Files that are known for what they are and not read: a refusal that names the format helps more than an unknown one."""

from cellwright.readers.opening import RawFile

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x00\x01\x00\x00Standard Jet DB", "Arbin .res (Microsoft Access)"),
    (b"\x00\x01\x00\x00Standard ACE DB", "Microsoft Access"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"BIO-LOGIC MODULAR FILE", "BioLogic .mpr"),
    (b"EC-Lab ASCII FILE", "BioLogic .mpt"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office 97-2003 (.xls)"),
    (b"EXPLAIN", "Gamry .DTA"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
)


def foreign_format(file: RawFile) -> str | None:
    """Name the format of a file that is recognised but not read; None for any other."""
    start = file.data[:64].lstrip()
    return next((name for magic, name in _STARTS if start.startswith(magic) or file.data.startswith(magic)), None)
