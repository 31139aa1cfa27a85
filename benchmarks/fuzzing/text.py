"""Damage to text exports: what editors, cut connections and odd locales do to a table, and what somebody could do on purpose."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

HEAD = 1 << 16
DELIMITERS = b"\t;,|"
ODD_VALUES = (
    *(b"", b"NaN", b"nan", b"inf", b"-inf", b"1e308", b"-1e999", b"1e-320", b"9" * 400, b"0x1F", b"--5", b"1.2.3", b"1,234,567.8"),
    *(
        b"1:02:03.5",
        b"99999999999:59:59",
        b"0d 1:02",
        b"31/12/9999 23:59:59",
        b"0000-00-00",
        b'"',
        b'""',
        b"'",
        b"\xef\xbf\xbd",
        b"1e5",
        b"+5",
    ),
    *("℃".encode(), "１２３".encode(), b"\xb0C", b"=1/0", b"#N/A", b"TRUE", b"-", b"\x1a"),
)
ENCODINGS = ("utf-16", "utf-16-be", "utf-16-le", "utf-8-sig", "utf-32", "utf-7", "gb18030", "cp949", "cp037")


def is_text(content: bytes) -> bool:
    """Tell a text from a binary file by its beginning."""
    head = content[:HEAD]
    return head[:2] in (b"\xff\xfe", b"\xfe\xff") or (b"\0" not in head and sum(byte < 9 for byte in head[:512]) == 0)


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _delimiter(content: bytes) -> bytes:
    return bytes([max(DELIMITERS, key=content[:HEAD].count)])


def _at(lines: list[bytes], chance: Random) -> int:
    """Half of the time a line among the first, where the header is."""
    return chance.randrange(min(len(lines), 40) if chance.random() < 0.5 else len(lines))


def _cells_changed(content: bytes, chance: Random) -> bytes:
    lines, delimiter = _lines(content), _delimiter(content)
    for _ in range(chance.choice((1, 5, 50))):
        row = _at(lines, chance)
        cells = lines[row].split(delimiter)
        cells[chance.randrange(len(cells))] = chance.choice(ODD_VALUES)
        lines[row] = delimiter.join(cells)
    return b"".join(lines)


def _column_changed(content: bytes, chance: Random) -> bytes:
    """Put one odd value into a whole column."""
    delimiter, value = _delimiter(content), chance.choice(ODD_VALUES)
    number = chance.randrange(12)
    keep = chance.choice((0, 1, 30))
    changed: list[bytes] = []
    for row, line in enumerate(_lines(content)):
        cells = line.split(delimiter)
        if row >= keep and number < len(cells) - 1:
            cells[number] = value
        changed.append(delimiter.join(cells))
    return b"".join(changed)


def _delimiters_deleted(content: bytes, chance: Random) -> bytes:
    lines, delimiter = _lines(content), _delimiter(content)
    for _ in range(chance.choice((1, 10))):
        row = _at(lines, chance)
        lines[row] = lines[row].replace(delimiter, b"", chance.choice((1, -1)))
    return b"".join(lines)


def _delimiters_changed(content: bytes, chance: Random) -> bytes:
    return content.replace(_delimiter(content), bytes([chance.choice(DELIMITERS + b" :\0")]))


def _quotes(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + chance.choice((b'"', b'""', b'"\n', b"'")) + content[at:]


def _nulls(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes(chance.choice((1, 100, 70_000))) + content[at:]


def _long_line(content: bytes, chance: Random) -> bytes:
    lines, delimiter = _lines(content), _delimiter(content)
    row = _at(lines, chance)
    more = chance.choice((b"x", delimiter, b"1.5" + delimiter, b'"', b" ")) * chance.choice((1000, 100_000, 2_000_000))
    lines[row] = lines[row].rstrip(b"\r\n") + more + b"\n"
    return b"".join(lines)


def _endings(content: bytes, chance: Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r", b"\n\n", b"\r\r\n", b"\x0b", b"\x85", b"")))


def _header_again(content: bytes, chance: Random) -> bytes:
    lines = _lines(content)
    head = lines[: chance.randrange(1, min(len(lines), 40) + 1)]
    at = chance.randrange(len(lines) + 1)
    return b"".join([*lines[:at], *head, *lines[at:]])


def _names_doubled(content: bytes, chance: Random) -> bytes:
    """Give a column of the header the name of another, or none."""
    lines, delimiter = _lines(content), _delimiter(content)
    row = max(range(min(len(lines), 40)), key=lambda n: lines[n].count(delimiter))
    cells = lines[row].split(delimiter)
    cells[chance.randrange(len(cells))] = chance.choice((*cells, b"", b"(V)", b"x" * 5000))
    lines[row] = delimiter.join(cells)
    return b"".join(lines)


def _encoded(content: bytes, chance: Random) -> bytes:
    shown = content.decode("utf-8", errors="replace")
    return shown.encode(chance.choice(ENCODINGS), errors="replace")


def _encodings_mixed(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + _encoded(content[at:], chance)


def _rows_shuffled(content: bytes, chance: Random) -> bytes:
    lines = _lines(content)
    begin = chance.randrange(len(lines))
    part = lines[begin : begin + 2000]
    chance.shuffle(part)
    return b"".join([*lines[:begin], *part, *lines[begin + 2000 :]])


def _rows_repeated(content: bytes, chance: Random) -> bytes:
    lines = _lines(content)
    row = _at(lines, chance)
    return b"".join([*lines[:row], lines[row] * chance.choice((2, 1000, 50_000)), *lines[row:]])


def _bytes_changed(content: bytes, chance: Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 20))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content))]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(
        _cells_changed,
        _cells_changed,
        _column_changed,
        _column_changed,
        _delimiters_deleted,
        _delimiters_changed,
        _quotes,
        _nulls,
        _long_line,
    ),
    *(
        _endings,
        _header_again,
        _names_doubled,
        _names_doubled,
        _encoded,
        _encodings_mixed,
        _rows_shuffled,
        _rows_repeated,
        _bytes_changed,
        _cut,
    ),
)
