"""Text exports of EC-Lab (``.mpt``) and BT-Lab (``.txt``), with a head and without one."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import polars as pl

from cellwright.core.errors import UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import Moments, iso
from cellwright.readers.makes.biologic.head import Head
from cellwright.readers.opening import RawFile

MARKS = (b"EC-Lab ASCII FILE", b"BT-Lab ASCII FILE")
TIME, DATE = "time/s", "date"

_AXES = {TIME, "freq/Hz"}
_VALUES = {"Ewe/V", "<Ewe>/V", "Ecell/V", "-Im(Z)/Ohm"}
_WHOLE = {"mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.", "Ns", "I Range", "half cycle", "z cycle"}
_HEAD_LINES = 2000
_LONGEST = 1000

# EC-Lab writes the month first in every language: the .mpr of the same runs have the moments as numbers.
_FORMS = ("%m/%d/%Y %H:%M:%S%.f", "%d/%m/%Y %H:%M:%S%.f")
_FACT = re.compile(r"\s*([^:\t]+?) : (.*)")
_LOOP = re.compile(r"Loop \d+ from point number (\d+) to")


def is_export(file: RawFile) -> bool:
    """Tell a text export by its first words, or by its header where it has no head."""
    if file.encoding is None:
        return False
    first = next(_lines(file.head), (0, b""))[1]
    return first.startswith(MARKS) or bool(_VALUES & (cells := set(_cells(first))) and _AXES & cells)


def read_export(file: RawFile) -> tuple[pl.DataFrame, Head, list[Message]]:
    """Read the table under EC-Lab's names, and what the head says; raises `UnknownFormat`, `DamagedFile`."""
    layout = _layout(file)
    reals = {cell.lower(): cell for cell in layout.header if cell not in _WHOLE}
    frame, notes = text.parse(file, layout, text.Dialect(frozenset(), reals))
    head = _head(layout.preamble)
    if TIME not in frame.columns or frame[TIME].dtype != pl.String:
        return frame, head, notes
    frame, start, dated = _elapsed(frame, head.start)
    return frame, Head(start, head.channel, head.loops, head.facts), [*notes, *dated]


def _layout(file: RawFile) -> text.Layout:
    """Find the header: the first line that has a time or a frequency among several cells."""
    above: list[str] = []
    for end, line in islice(_lines(file.text), _HEAD_LINES):
        cells = _cells(line)
        if _AXES & set(cells):
            return text.layout_at(file, cells, end, "\t", above)
        above.append(line[:_LONGEST].decode("utf-8", errors="replace").rstrip("\r\n"))
    raise UnknownFormat("readers.no_header", file=file.file)


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the lines one by one, each with where the next one begins."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield end, content[start:end]
        start = end


def _cells(line: bytes) -> list[str]:
    """Split a header, and write its names in one way: some versions write ``<Ewe/V>``, and BT-Lab loses the degree sign."""
    if b"\t" not in line:
        return []
    names = line.decode("utf-8", errors="replace").rstrip("\r\n").split("\t")
    return [re.sub(r"^<(\w+)/(\w+)>$", r"<\1>/\2", name.strip()).replace("/\ufffdC", "/°C") for name in names]


def _head(lines: Iterable[str]) -> Head:
    facts: dict[str, str] = {}
    loops: list[int] = []
    for line in lines:
        if found := _LOOP.match(line):
            loops.append(int(found.group(1)))
        elif found := _FACT.match(line):
            name, value = found.group(1), found.group(2).strip()
            facts[name] = f"{facts[name]}\n{value}" if name in facts else value
    channel = facts.get("Run on channel", "").split(" ")[0]
    start = _moment(facts.get("Acquisition started on", ""))
    return Head(start, channel or None, tuple(loops) if len(loops) > 1 else (), tuple((k, v) for k, v in facts.items() if v))


def _moment(shown: str) -> str | None:
    found = (Moments(pl.Series([shown]), form).start() for form in _FORMS)
    return next((start for start in found if start), None)


def _elapsed(frame: pl.DataFrame, start: str | None) -> tuple[pl.DataFrame, str | None, list[Message]]:
    """Count the time from the acquisition's start where the table has moments instead; these stay as ``date``."""
    form = next((form for form in _FORMS if Moments(frame[TIME].head(1), form).start()), _FORMS[0])
    moments = Moments(frame[TIME], form).parsed()
    first = iso(moments.drop_nulls().head(1).to_list()[0]) if moments.null_count() < len(moments) else None
    start = start if start and first and start <= first else first
    if start is None:
        return frame, None, []
    elapsed = (moments - pl.Series([start]).str.to_datetime(time_unit="ms")).dt.total_milliseconds() / 1000
    frame = frame.rename({TIME: DATE}).with_columns(elapsed.alias(TIME))
    return frame, start, [message("readers.time_from_clock", column=TIME)]
