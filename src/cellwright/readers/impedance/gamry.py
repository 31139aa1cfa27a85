"""Gamry ``.DTA``: typed pairs, and tables with a row of units; impedance spectra and tests over time alike."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

import polars as pl

from cellwright.core.columns import CURRENT, FREQUENCY, REQUIRED, TIME, VOLTAGE
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.engine import spectra, text
from cellwright.readers.engine.names import unique
from cellwright.readers.engine.sensors import masked
from cellwright.readers.engine.timing import begun
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

START = b"EXPLAIN"
BESIDE = ("OCVCURVE", "FRACURVE")
"""Tables that stand beside the experiment's own: the wait before it, and the raw waves of one frequency."""

DATES = ("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")
TEMPERATURE = "temperature_t1_celsius"
CATHODIC = "0"

_TABLE = re.compile(rb"(\w+)\tTABLE\b(?:\t(\d{1,9}))?[^\r\n]*\r?\n")
_TABLE_END = re.compile(rb"\n(?!\t)")
_PAIR = re.compile(rb"^([A-Z]\w*)\t([A-Z]\w*)(?:\t([^\t\r\n]*))?", re.MULTILINE)
_REFERENCE = re.compile(r" vs\.? ?\w*\.?$", re.IGNORECASE)
_DIRECTIONS = {"PWR800_CHARGE": 1, "PWR800_DISCHARGE": -1}

DIALECT = text.Dialect(
    tells=frozenset(),
    columns={
        "pt": "record_index",
        "t": TIME,
        "time": TIME,
        "freq": FREQUENCY,
        "zreal": "real_impedance_ohm",
        "zimag": "imaginary_impedance_ohm",
        "zmod": "absolute_impedance_ohm",
        "zphz": "phase_degree",
        "idc": CURRENT,
        "vdc": VOLTAGE,
        "vf": VOLTAGE,
        "im": CURRENT,
        "pwr": "power_watt",
        "temp": TEMPERATURE,
        "cycle": "cycle_count",
    },
)


@dataclass(frozen=True)
class Table:
    """A table of the file: its name, how many rows it says that it has, and its lines."""

    name: str
    declared: int | None
    content: bytes

    @cached_property
    def rows_at(self) -> int:
        """Where its rows begin, behind the names and the units; its end where it has none."""
        names = self.content.find(b"\n") + 1
        units = self.content.find(b"\n", names) + 1 if names else 0
        return units or len(self.content)

    @property
    def has_rows(self) -> bool:
        """Whether anything but blanks begins its rows."""
        return bool(self.content[self.rows_at : self.rows_at + HEAD].strip())


def _parts(content: bytes) -> tuple[bytes, list[Table]]:
    """Part a file into the lines between its tables and the tables, without going over the rows one by one."""
    between: list[bytes] = []
    tables: list[Table] = []
    done = 0
    while (mark := content.find(b"\tTABLE", done)) >= 0:
        start = content.rfind(b"\n", done, mark) + 1 or done
        found = _TABLE.match(content, start)
        if found is None:
            between.append(content[done : mark + 1])
            done = mark + 1
            continue
        end = _TABLE_END.search(content, found.end() - 1)
        stop = end.end() if end else len(content)
        between.append(content[done:start])
        tables.append(Table(found[1].decode(), int(found[2]) if found[2] else None, content[found.end() : stop]))
        done = stop
    return b"".join([*between, content[done:]]), tables


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - the file has no clock of its own beside the start
    between, tables = _parts(file.text)
    head = _head(between)
    tables = [table for table in tables if table.has_rows]
    own = [table for table in tables if not table.name.startswith(BESIDE)] or tables
    if not own:
        raise DamagedFile("readers.no_rows", file=file.file)
    beside = [table.name for table in tables if table not in own]
    notes = [message("readers.tables_left_out", tables=beside)] if beside else []
    if file.encoding not in ("utf-8", "utf-16"):
        notes.append(message("readers.encoding_assumed", encoding=str(file.encoding)))
    drafts = _drafts([(name, *_parsed(table, file)) for name, table in zip(unique(t.name for t in own), own, strict=True)], head)
    moment = f"{head.get('DATE', '')} {head.get('TIME', '')}"
    # A table's time counts from its own beginning, which is after the wait; so there is a start and no Unix time.
    return [begun(replace(d, notes=(*notes, *d.notes), metadata=head), moment, DATES, Ask()) for d in drafts]


def _head(content: bytes) -> dict[str, str]:
    """Read the typed pairs above and between the tables: ``TAG NAME``, and ``NAME TYPE value`` with what it is after it."""
    found: dict[str, str] = {}
    for pair in _PAIR.finditer(content):
        name, kind, value = (part.decode(errors="replace").strip() if part else "" for part in pair.groups())
        if name == "TAG":
            found[name] = kind
        elif value and kind not in ("TABLE", "NOTES"):
            found.setdefault(name, value)
    return found


def _parsed(table: Table, file: RawFile) -> tuple[pl.DataFrame, list[Message]]:
    rows = replace(file, data=table.content)
    names, units = (text.split_line(line, "\t")[0] for line in table.content[: table.rows_at].split(b"\n")[:2])
    header = [_named(name, unit) for name, unit in zip_longest(names, units[: len(names)], fillvalue="")]
    layout = text.layout_at(rows, header, table.rows_at, "\t")
    frame, notes = text.parse(rows, layout, DIALECT)
    found, more = text.translate(frame, DIALECT, file.file, ())
    if table.declared is not None and table.declared > found.height:
        more.append(message("readers.fewer_rows_than_declared", declared=table.declared, found=found.height))
    return found, [*notes, *more]


def _named(name: str, unit: str) -> str:
    """Put a unit behind a name; ``#`` and ``bits`` are none, and an angle is in degrees, whatever became of its sign in the file."""
    unit = _REFERENCE.sub("", unit.strip())
    if name.strip().lower() == "zphz":
        unit = "deg"
    return f"{name} ({unit})" if unit.strip("#") and unit != "bits" else name


def _drafts(parsed: list[tuple[str, pl.DataFrame, list[Message]]], head: dict[str, str]) -> list[Draft]:
    """Make a recording of each spectrum, and one of all tables over time together, which follow one another."""
    spectral = [p for p in parsed if FREQUENCY in p[1].columns]
    timed = [p for p in parsed if FREQUENCY not in p[1].columns]
    several = len(spectral) + bool(timed) > 1
    drafts = [_spectrum(table, notes, channel=name if several else None) for name, table, notes in spectral]
    if timed:
        joined = pl.concat([table for _, table, _ in timed], how="diagonal_relaxed")
        notes = list(dict.fromkeys(note for _, _, more in timed for note in more))
        drafts.append(_over_time(joined, notes, head, channel=timed[0][0] if several else None))
    return drafts


def _spectrum(table: pl.DataFrame, notes: list[Message], channel: str | None) -> Draft:
    table, completed = spectra.completed(table)
    table, silent = _warm(table)
    return Draft(table, "DTA", channel=channel, notes=(*notes, *completed, *silent), required=spectra.SPECTRUM)


def _over_time(table: pl.DataFrame, notes: list[Message], head: dict[str, str], channel: str | None) -> Draft:
    """A test over time; a wait at open circuit has no current."""
    table, silent = _warm(table)
    required = REQUIRED if CURRENT in table.columns else (TIME, VOLTAGE)
    table, turned = _turned(table, head)
    return Draft(table, "DTA", channel=channel, notes=(*notes, *silent, *turned), required=required)


def _warm(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Leave out a thermocouple that is not plugged in: below absolute zero, or 0 throughout."""
    if TEMPERATURE not in table.columns:
        return table, []
    if not (table[TEMPERATURE] != 0).any():
        return table.drop(TEMPERATURE), [message("readers.sensors_not_connected", columns=[TEMPERATURE])]
    return masked(table, [TEMPERATURE])


def _turned(table: pl.DataFrame, head: dict[str, str]) -> tuple[pl.DataFrame, list[Message]]:
    """Turn the current where the file says that cathodic currents are positive, or that it is a discharge and it has another sign."""
    if CURRENT not in table.columns:
        return table, []
    sign = -1 if head.get("CONVENTION") == CATHODIC else 1
    if direction := _DIRECTIONS.get(head.get("TAG", "")):
        mean = table[CURRENT].mean()
        sign = -1 if isinstance(mean, float) and mean * direction < 0 else 1
    if sign > 0:
        return table, []
    return table.with_columns(-pl.col(CURRENT)), [message("readers.current_turned", why=head.get("TAG", ""), count=table.height)]


READER = Reader("gamry", "Gamry", (Format("DTA"),), (), lambda file: file.text[:HEAD].lstrip().startswith(START), _read)
