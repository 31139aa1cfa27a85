"""The first rows of a workbook, read from its XML alone: a look at a big one takes milliseconds."""

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import IO

from cellwright.readers.engine.extent import CHUNK, is_compact
from cellwright.readers.opening import HEAD, ZIP

Rows = Mapping[int, tuple[str, ...]]

PART = "xl/workbook.xml"
LINKS = "xl/_rels/workbook.xml.rels"
STRINGS = "xl/sharedStrings.xml"
ROWS = 30
STRINGS_WITHIN = 4 << 20
WIDEST = 1 << 14

_LEGACY = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LEGACY_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))

_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*"([^"]*)"')
_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_LINK = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ROW = re.compile(r"<(?:\w+:)?row\b([^>]*)>")
_ROW_END = re.compile(r"</(?:\w+:)?row>")
_CELL = re.compile(r"<(?:\w+:)?c\b")
_TEXT_CELL = re.compile(r'<(?:\w+:)?c\s(?=[^>]*\bt="(s|str|inlineStr)")([^>]*[^/>])>(.*?)</(?:\w+:)?c>', re.DOTALL)
_VALUE = re.compile(r"<(?:\w+:)?v\b[^>]*>([^<]*)")
_ITEM_END = re.compile(r"</(?:\w+:)?si>")
_EMPTY_ITEM = re.compile(r"<(\w+:)?si/>")
_PHONETIC = re.compile(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", re.DOTALL)
_TEXT = re.compile(r"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)")
_COLUMN = re.compile(r'\br="([A-Z]{1,3})\d')


def is_legacy(data: bytes) -> bool:
    """Tell a workbook of Excel 97 to 2003 (``.xls``) from other files of that container."""
    return data.startswith(_LEGACY) and any(stream in data for stream in _LEGACY_STREAMS)


def first_rows(data: bytes) -> dict[str, Rows]:
    """Return the first rows of every sheet of an ``.xlsx``: by the sheet's name, by row, 0 for the first."""
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        targets = _targets(pack)
        parts = {a.get("name", ""): targets.get(a.get("r:id", ""), "") for a in _tags(_SHEET, _start(pack, PART))}
        there = set(pack.namelist())
        strings = _strings(_start(pack, STRINGS, STRINGS_WITHIN)) if STRINGS in there else []
        return {name: dict(_rows(_start(pack, part), strings)) if part in there else {} for name, part in parts.items()}


def check(data: bytes) -> None:
    """Read every part of use through before any is parsed: a wrong checksum, and cells too far apart, are a `zipfile.BadZipFile`."""
    if not data.startswith(ZIP):
        return
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        linked = set(_targets(pack).values())
        for part in (info for info in pack.infolist() if info.filename in linked):
            if part.filename == STRINGS:
                _read_through(pack, part.filename)
            elif not _passes(pack, part, is_compact) and not _passes(pack, part, _is_dense):
                raise zipfile.BadZipFile(f"cells of {part.filename} are too far apart")


def _is_dense(sheet: IO[bytes], _: int) -> bool:
    from cellwright.readers.engine.sparse import is_sparse

    return not is_sparse(sheet)


def _targets(pack: zipfile.ZipFile) -> dict[str, str]:
    """Return the parts that the workbook links to, by their ids; only these are ever parsed."""
    return {a.get("Id", ""): _part(a.get("Target", "")) for a in _tags(_LINK, _start(pack, LINKS))}


def _passes(pack: zipfile.ZipFile, part: zipfile.ZipInfo, test: Callable[[IO[bytes], int], bool]) -> bool:
    with pack.open(part) as sheet:
        return test(sheet, part.file_size)


def _read_through(pack: zipfile.ZipFile, name: str) -> None:
    with pack.open(name) as part:
        while part.read(CHUNK):
            pass


def _start(pack: zipfile.ZipFile, name: str, size: int = HEAD) -> str:
    with pack.open(name) as part:
        return part.read(size).decode("utf-8", errors="replace")


def _part(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _tags(tag: re.Pattern[str], xml: str) -> list[dict[str, str]]:
    return [{name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found)} for found in tag.findall(xml)]


def _strings(xml: str) -> list[str]:
    """Part the shared strings, still as XML: a look needs few of them."""
    end = _ITEM_END.search(xml)
    whole = _EMPTY_ITEM.sub(r"<\1si></\1si>", xml) if "si/>" in xml else xml
    return whole.split(end.group())[:-1] if end else []


def _text(xml: str) -> str:
    xml = xml[:HEAD]
    return html.unescape("".join(_TEXT.findall(_PHONETIC.sub("", xml) if "rPh" in xml else xml)))


def _rows(xml: str, strings: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    number = -1
    for piece in _ROW_END.split(xml)[:-1][:ROWS]:
        for begin in _ROW.finditer(piece):
            stated = dict(_ATTRIBUTE.findall(begin.group(1))).get("r", "")
            number = int(stated) - 1 if stated.isdecimal() else number + 1
            if not begin.group(1).endswith("/"):
                yield number, tuple(_cells(piece[begin.end() :], strings))
                break


def _cells(row: str, strings: list[str]) -> list[str]:
    """Return a row's texts where they stand; numbers, of which a sheet is full, tell nobody whose it is."""
    cells: list[str] = []
    for cell in _TEXT_CELL.finditer(row):
        kind, attributes, content = cell.groups()
        found = _COLUMN.search(attributes)
        column = _column(found.group(1)) if found else len(_CELL.findall(row[: cell.start()]))
        cells += [""] * (min(column, WIDEST) - len(cells))
        cells.append(_value(kind, content, strings))
    return cells


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(kind: str, content: str, strings: list[str]) -> str:
    if kind == "inlineStr":
        return _text(content)
    found = _VALUE.search(content)
    value = html.unescape(found.group(1)) if found else ""
    if kind != "s":
        return value
    return _text(strings[int(value)]) if value.isdecimal() and int(value) < len(strings) else ""
