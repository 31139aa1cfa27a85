"""Damage to the XML inside a workbook that leaves it XML: cells far away, columns that are no columns, strings that are not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

LAST_CELL = b"XFD1048576"
_REFERENCE = re.compile(rb'(<c [^>]*?r=")([A-Z]+\d+)(")')
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_ROWS = re.compile(rb"<row .*?</row>", re.S)
_ANY_NUMBER = re.compile(rb'"\d+"')


def mutated(content: bytes, chance: Random) -> bytes:
    """Damage a workbook's part in one of these ways."""
    return chance.choice(_WAYS)(content, chance)


def _somewhere(pattern: re.Pattern[bytes], content: bytes, chance: Random) -> re.Match[bytes] | None:
    return pattern.search(content, chance.randrange(max(len(content), 1))) or pattern.search(content)


def _far_cell(content: bytes, chance: Random) -> bytes:
    found = _somewhere(_REFERENCE, content, chance)
    far = chance.choice((LAST_CELL, b"A1048576", b"XFD1", b"ZZZ9999999999", b"A0", b"A99999", b"ABC70000"))
    return content[: found.start(2)] + far + content[found.end(2) :] if found else content


def _dimension(content: bytes, chance: Random) -> bytes:
    dimension = b'<dimension ref="A1:%s"' % chance.choice((LAST_CELL, b"A1", b"ZZ99999999"))
    return re.sub(rb'<dimension ref="[^"]*"', dimension, content)


def _values(content: bytes, chance: Random) -> bytes:
    for _ in range(chance.choice((1, 20))):
        if found := _somewhere(_VALUE, content, chance):
            value = chance.choice((b"4294967295", b"-1", b"NaN", b"1e999", b"", b"text", b"9" * 50, b"&#0;", b"2958466", b"-700000"))
            content = content[: found.start(1)] + value + content[found.end(1) :]
    return content


def _rows_repeated(content: bytes, chance: Random) -> bytes:
    found = _somewhere(_ROWS, content, chance)
    return content[: found.end()] + found[0] * min(2000, 20_000_000 // len(found[0])) + content[found.end() :] if found else content


def _rows_dropped(content: bytes, chance: Random) -> bytes:
    return _ROWS.sub(lambda found: found[0] if chance.random() < 0.9 else b"", content)


def _numbers(content: bytes, chance: Random) -> bytes:
    if found := _somewhere(_ANY_NUMBER, content, chance):
        number = chance.choice((b"4294967295", b"-1", b"99999999999999999999", b"0", b"65536"))
        return content[: found.start() + 1] + number + content[found.end() - 1 :]
    return content


def _entities(content: bytes, chance: Random) -> bytes:
    """Declare entities that grow into each other."""
    times = chance.choice((2, 10, 100))
    declared = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * times if n else b"e" * 10) for n in range(9))
    return re.sub(rb"(\?>)", rb"\1<!DOCTYPE x [" + declared + b"]>", content, count=1).replace(b"<v>", b"<v>&e8;", 1)


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _far_cell,
    _far_cell,
    _dimension,
    _values,
    _rows_repeated,
    _rows_dropped,
    _numbers,
    _entities,
)
