"""Scribner ZPlot and ZView ``.z`` files, which other analysers' programs write too: a quoted comma-separated form and a tabbed one."""

import re

import polars as pl

from cellwright.core.columns import TIME
from cellwright.core.messages import Message, message
from cellwright.readers.engine import spectra, text
from cellwright.readers.engine.timing import begun
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

STARTS = (b"ZPLOT2 ASCII", b'"ZPlotW Data File', b'"Z60W Data File')
DATES = ("%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")

_HEADER = re.compile(rb"^[ \t\"]*Freq ?\(Hz\)[^\r\n]*Z''[^\r\n]*\r?\n", re.MULTILINE)
_COMMENTS_END = re.compile(rb"^End Comments[^\n]*\n", re.MULTILINE)
_DATE = re.compile(r"\bDate:\s*([\d./-]+)\s+Time:\s*([\d:]+)")

DIALECT = text.Dialect(
    tells=frozenset(),
    columns={"freq": "frequency_hertz", "time": TIME, "z'": "real_impedance_ohm", "z''": "imaginary_impedance_ohm"},
)


def _layout(file: RawFile) -> text.Layout | None:
    head = file.text[:HEAD]
    found = _HEADER.search(head) if head.lstrip().startswith(STARTS) else None
    if found is None:
        return None
    comments = _COMMENTS_END.search(head, found.end())
    offset = comments.end() if comments else found.end()
    first = file.text[offset : offset + HEAD].lstrip(b"\r\n").split(b"\n", 1)[0]
    above = head[: found.start()].decode(errors="replace").splitlines()
    return text.layout_at(file, _names(found.group().decode(errors="replace")), offset, "\t" if b"\t" in first else ",", above)


def _names(header: str) -> list[str]:
    """The names stand apart by blanks; ``(a)`` and ``(b)`` behind the parts of the impedance are no units."""
    return re.sub(r"\([ab]\)", "", header.strip(' "\t\r\n')).replace(" (", "(").split()


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    layout = text.require(_layout(file), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, more = text.translate(frame, DIALECT, file.file, spectra.SPECTRUM)
    table, untimed = _without_idle_time(table)
    table, completed = spectra.completed(table)
    draft = Draft(table, "z", notes=(*notes, *more, *untimed, *completed), required=spectra.SPECTRUM)
    date = _DATE.search("\n".join(layout.preamble))
    return [begun(draft, " ".join(date.groups()), DATES, ask) if date else draft]


def _without_idle_time(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Leave out the time that a program which knows none fills with 0."""
    if TIME not in table.columns or (table[TIME] != 0).any():
        return table, []
    return table.drop(TIME), [message("readers.time_not_filled")]


READER = Reader("zplot", "Scribner ZPlot, ZView", (Format("z"),), (".z",), lambda file: _layout(file) is not None, _read)
