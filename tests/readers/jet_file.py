"""Write small Jet databases, versions 3 and 4, so that tests know every byte of them; mdbtools reads them likewise."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

BOOLEAN, BYTE, INT, LONG, MONEY, SINGLE, DOUBLE, MOMENT, TEXT, BLOB, MEMO = 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12
FIXED = {BOOLEAN: "", BYTE: "<B", INT: "<h", LONG: "<i", MONEY: "<q", SINGLE: "<f", DOUBLE: "<d", MOMENT: "<d"}
DELETED, ELSEWHERE = 0x8000, 0x4000


@dataclass
class Table:
    """A table to write: columns as name and kind, rows with None for null, and the numbers of rows that are deleted or lie elsewhere.

    A row shorter than the columns is one from before they were added. A row that was moved leaves a pointer; the row itself lies on
    another page, marked so that it is not read twice.
    """

    name: str
    columns: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[Any]]
    deleted: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    declared: int | None = None
    rows_a_page: int = 1000


@dataclass
class Writer:
    jet4: bool = True
    pages: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return 4096 if self.jet4 else 2048

    def text(self, value: str) -> bytes:
        return value.encode("utf-16-le" if self.jet4 else "cp1252")

    def data_page(self, owner: bytes, rows: Sequence[bytes], flags: Sequence[int] = ()) -> bytes:
        """Rows are stacked from the page's end; the places stand behind the head."""
        head = bytearray(b"\x01\x01\0\0" + owner + (b"\0" * 4 if self.jet4 else b"") + struct.pack("<H", len(rows)))
        body, place = b"", self.size
        for row, flag in zip(rows, flags or [0] * len(rows), strict=True):
            place -= len(row)
            body = row + body
            head += struct.pack("<H", place | flag)
        assert len(head) <= place
        return bytes(head).ljust(place, b"\0") + body

    def row(self, table: Table, values: Sequence[Any]) -> bytes:
        number = "<H" if self.jet4 else "<B"
        head = struct.pack(number, len(values))
        fixed = b"".join(struct.pack(FIXED[k], v or 0) for (_, k), v in zip(table.columns, values, strict=False) if FIXED.get(k))
        parts = [self.variable(k, v) for (_, k), v in zip(table.columns, values, strict=False) if k not in FIXED]
        bits = sum(1 << n for n, v in enumerate(values) if v is not None and v is not False)
        mask = bits.to_bytes((len(values) + 7) // 8, "little")
        if not parts:
            return head + fixed + mask
        begin = len(head) + len(fixed)
        offsets = [begin + sum(map(len, parts[:n])) for n in range(len(parts) + 1)]
        body = head + fixed + b"".join(parts)
        if self.jet4:
            return body + b"".join(struct.pack("<H", o) for o in reversed(offsets)) + struct.pack("<H", len(parts)) + mask
        table_bytes = bytes(o & 0xFF for o in reversed(offsets))
        jumps = 0
        while (len(body) + len(table_bytes) + jumps + 1 + len(mask) - 1) // 256 > jumps:
            jumps += 1
        firsts = [next((n for n, o in enumerate(offsets) if o >= 256 * (j + 1)), 0xFF) for j in range(jumps)]
        return body + table_bytes + bytes(reversed(firsts)) + bytes([len(parts)]) + mask

    def variable(self, kind: int, value: Any) -> bytes:
        if value is None:
            return b""
        raw = value if isinstance(value, bytes) else self.text(value)
        if kind != MEMO or isinstance(value, bytes):
            return raw
        return struct.pack("<III", len(raw) | 0x80000000, 0, 0) + raw

    def definition(self, table: Table, usage: int) -> bytes:
        columns = b""
        place = variable = 0
        for number, (_, kind) in enumerate(table.columns):
            fixed = kind in FIXED
            width = struct.calcsize(FIXED[kind]) if FIXED.get(kind) else 0
            form = "<B4xHHHHHBB4xHH" if self.jet4 else "<BHHHHHHBHH"
            middle = (0, 0, int(fixed), 0) if self.jet4 else (0, 0x4E4, 0, int(fixed))
            length = width if fixed else (0 if kind == MEMO else 510)
            columns += struct.pack(form, kind, number, 0 if fixed else variable, number, *middle, place if fixed else 0, length)
            place, variable = place + width, variable + (not fixed)
        count = "<H" if self.jet4 else "<B"
        names = b"".join(struct.pack(count, len(self.text(n))) + self.text(n) for n, _ in table.columns)
        rows = len(table.rows) - len(table.deleted) if table.declared is None else table.declared
        numbers = struct.pack("<BHHHIIII", 0x4E, len(table.columns), variable, len(table.columns), 0, 0, usage, usage)
        lead = struct.pack("<IIIIIII", 0, 0, rows, 0, 1, 0, 0) + b"\0" * 4 if self.jet4 else struct.pack("<III", 0, rows, 0)
        return (b"\x02\x01VC\0\0\0\0" + lead + numbers + columns + names + b"\xff\xff").ljust(self.size, b"\0")

    def usage(self, numbers: Sequence[int]) -> bytes:
        bits = sum(1 << n for n in numbers)
        return b"\0" + struct.pack("<I", 0) + bits.to_bytes(64 if self.jet4 else 128, "little")


def database(tables: Sequence[Table], *, jet4: bool = True, extra: Sequence[bytes] = ()) -> bytes:
    """Write a database; ``extra`` are whole pages from page 3 on, before the tables."""
    w = Writer(jet4)
    first = 3 + len(extra)
    names = [("Id", LONG), ("Type", INT), ("Flags", LONG), ("ParentId", LONG), ("Name", TEXT), ("LvProp", BLOB)]
    system = Table("MSysObjects", names, [(first + n, 1, 0, 0, t.name, None) for n, t in enumerate(tables)])
    everything = [system, *tables]
    homes = [2, *range(first, first + len(tables))]
    pages: dict[int, bytes] = {3 + n: page for n, page in enumerate(extra)}
    following = first + len(tables)
    maps: list[bytes] = []
    for nth, (table, home) in enumerate(zip(everything, homes, strict=True)):
        owner = struct.pack("<I", home)
        rows = [w.row(table, values) for values in table.rows]
        flags = [DELETED | ELSEWHERE if n in table.deleted else ELSEWHERE if n in table.moved else 0 for n in range(len(rows))]
        apart = [rows[n] for n in table.moved]
        if apart:
            pages[following] = w.data_page(owner, apart, [DELETED] * len(apart))
            for place, n in enumerate(table.moved):
                rows[n] = struct.pack("<I", following << 8 | place)
            following += 1
        own = [following - 1] if apart else []
        for start in range(0, len(rows), table.rows_a_page):
            chunk = slice(start, start + table.rows_a_page)
            pages[following] = w.data_page(owner, rows[chunk], flags[chunk])
            own.append(following)
            following += 1
        maps.append(w.usage(own))
        pages[home] = w.definition(table, 1 << 8 | nth)
    pages[1] = w.data_page(struct.pack("<I", 1), maps)
    pages[0] = (b"\0\x01\0\0Standard Jet DB\0" + bytes([int(jet4)])).ljust(w.size, b"\0")
    return b"".join(pages[n] for n in range(following))
