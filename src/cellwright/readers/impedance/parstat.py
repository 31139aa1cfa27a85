"""Princeton Applied Research: VersaStudio's ``.par`` files and the tables copied out of it, and PowerSuite's tables."""

import re
from dataclasses import replace

import polars as pl

from cellwright.core.columns import FREQUENCY, REQUIRED, TIME
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.engine import spectra, text
from cellwright.readers.engine.timing import begun
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

MARKS = (b"<Application>", b"VersaStudio")
DATES = ("%A, %B %d, %Y %I:%M:%S %p", "%A, %d %B %Y %H:%M:%S")

_SEGMENT = re.compile(rb"^<Segment\d+>[^\n]*\n(.*?)(?=^<|\Z)", re.MULTILINE | re.DOTALL)
_DEFINITION = re.compile(rb"^Definition=([^\r\n]*)\r?\n", re.MULTILINE)
_PAIR = re.compile(r"^(TimeAcquired|DateAcquired|Type|Model|SN|Firmware)=([^\r\n]+)", re.MULTILINE)

_COLUMNS = {
    "elapsed time": TIME,
    "frequency": FREQUENCY,
    "zre": "real_impedance_ohm",
    "zim": "imaginary_impedance_ohm",
    "zimg": "imaginary_impedance_ohm",
    "potential": "voltage_volt",
    "current": "current_ampere",
}
SEGMENT = text.Dialect(
    tells=frozenset(),
    columns={
        "segment #": "step_id",
        "elapsed time": TIME,
        "e": "voltage_volt",
        "i": "current_ampere",
        "frequency": FREQUENCY,
        "z real": "real_impedance_ohm",
        "z imag": "imaginary_impedance_ohm",
    },
)
COPIED = text.Dialect(tells=frozenset({"elapsed time", "frequency", "zre", "zim"}), columns=_COLUMNS)
POWERSUITE = text.Dialect(tells=frozenset({"frequency", "zre", "zimg"}), columns=_COLUMNS)


def _is_par(file: RawFile) -> bool:
    head = file.text[:HEAD]
    return head.lstrip().startswith(MARKS[0]) and MARKS[1] in head


def _recognises(file: RawFile) -> bool:
    return _is_par(file) or any(text.find(file, dialect) for dialect in (COPIED, POWERSUITE))


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if _is_par(file):
        return [_par(file, ask)]
    copied = text.find(file, COPIED)
    dialect = COPIED if copied else POWERSUITE
    layout = copied or text.require(text.find(file, POWERSUITE), file)
    table, notes = _table(file, layout, dialect)
    return [_draft(table, "VersaStudio txt" if copied else "PowerSuite txt", notes)]


def _table(file: RawFile, layout: text.Layout, dialect: text.Dialect) -> tuple[pl.DataFrame, list[Message]]:
    frame, notes = text.parse(file, layout, dialect)
    table, more = text.translate(frame, dialect, file.file, ())
    return table, [*notes, *more]


def _draft(table: pl.DataFrame, form: str, notes: list[Message]) -> Draft:
    """A table with an impedance in some rows is a spectrum; one with none is a plain test, whose impedance columns are all 0."""
    table, completed = spectra.completed(table)
    if FREQUENCY in table.columns and table[FREQUENCY].null_count() == table.height and TIME in table.columns:
        return Draft(table.drop(spectra.SPECTRUM, strict=False), form, notes=tuple(notes), required=REQUIRED)
    return Draft(table, form, notes=(*notes, *completed), required=spectra.SPECTRUM)


def _par(file: RawFile, ask: Ask) -> Draft:
    parts: list[pl.DataFrame] = []
    notes: list[Message] = []
    for segment in _SEGMENT.finditer(file.text):
        if (found := _DEFINITION.search(segment[1])) and segment[1][found.end() :].strip():
            names, _ = text.split_line(found[1], ",")
            rows = replace(file, data=segment[1])
            table, more = _table(rows, text.layout_at(rows, names, found.end(), ","), SEGMENT)
            parts.append(table)
            notes += [n for n in more if n not in notes]
    if not parts:
        raise DamagedFile("readers.no_rows", file=file.file)
    draft = _draft(pl.concat(parts, how="diagonal_relaxed"), "par", notes)
    if FREQUENCY in draft.table.columns:
        draft = replace(draft, notes=(*draft.notes, message("readers.par_uncalibrated")))
    head = dict(_PAIR.findall(file.text[:HEAD].decode(errors="replace")))
    moment = f"{head.get('DateAcquired', '')} {head.get('TimeAcquired', '')}"
    return begun(replace(draft, metadata=head), moment, DATES, ask)


READER = Reader(
    "parstat",
    "Princeton Applied Research",
    (Format("par", proof="published"), Format("VersaStudio txt", proof="published"), Format("PowerSuite txt", proof="published")),
    (),
    _recognises,
    _read,
)
