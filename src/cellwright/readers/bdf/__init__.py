"""The Battery Data Format: CSV, packed or not, and Parquet; machine names or preferred labels."""

import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import polars as pl

from cellwright.core.columns import FREQUENCY, REQUIRED, SPECTRUM, TIME, VOLTAGE, columns, unfolded_cell
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.readers.bdf.sidecar import with_sidecar
from cellwright.readers.engine import text
from cellwright.readers.engine.names import is_count, split_unit
from cellwright.readers.engine.steps import STEP_COUNT, count_steps
from cellwright.readers.guard import guarded
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

PARQUET = b"PAR1"
FEWEST_KNOWN = 2

# Early files of the format have the program's step number under this name.
_EARLY = {"step_index": "step_id"}


@cache
def _dialect(*, labels: bool) -> text.Dialect:
    by_label = {split_unit(c.label)[0]: c.name for c in columns().values()} if labels else {}
    names = {name: name for name in columns()} | by_label | _EARLY
    return text.Dialect(tells=frozenset(), columns=names, empty=("",), needs=("cell_voltage_", "cell_temperature_"))


def _dialect_of(header: Iterable[str]) -> text.Dialect:
    """Where a table has machine names, a column named like a label is the vendor's own."""
    return _dialect(labels=columns().keys().isdisjoint(header))


@cache
def _known() -> frozenset[str]:
    return frozenset(columns()) | {c.label for c in columns().values()}


def _layout(file: RawFile) -> text.Layout | None:
    first = file.text[:HEAD].split(b"\n", 1)[0]
    cells, delimiter = text.split_line(first)
    known = [cell for cell in cells if cell.strip() in _known()]
    return text.layout_at(file, cells, len(first) + 1, delimiter) if len(known) >= FEWEST_KNOWN else None


def _recognises(file: RawFile) -> bool:
    if file.data.startswith(PARQUET):
        with guarded(file=file.file):
            names = pl.read_parquet_schema(io.BytesIO(file.data))
        return len(_known() & names.keys()) >= FEWEST_KNOWN
    return _layout(file) is not None


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - BDF says all there is to know
    if file.data.startswith(PARQUET):
        with guarded(file=file.file):
            frame = pl.read_parquet(io.BytesIO(file.data))
        notes: list[Message] = []
        form = "parquet"
    else:
        layout = text.require(_layout(file), file)
        frame, notes = text.parse(file, layout, _dialect_of(layout.header))
        form = "csv"
    dialect = _dialect_of(frame.columns)
    frame, required, lacking = _asked(frame, dialect)
    table, more = text.translate(frame, dialect, file.file, required)
    table, folded = _folded(table)
    draft = with_sidecar(Draft(table, form, notes=(*notes, *more, *folded), required=required), file)
    # Where a sidecar of ours tells where the table came from, it is as it was written.
    return [draft if draft.make else _completed(draft, lacking)]


def _completed(draft: Draft, lacking: list[str]) -> Draft:
    table = draft.table
    if STEP_COUNT not in table.columns and "step_id" in table.columns:
        table = count_steps(table, ["cycle_count", "step_id"])
    said = [message("readers.bdf_lacks", columns=lacking)] if lacking else []
    return replace(draft, table=table, notes=(*draft.notes, *said))


def _asked(frame: pl.DataFrame, dialect: text.Dialect) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    """Tell what a table must have, and what it lacks of a test: its columns are not there, or empty because BDF wants them there.

    A spectrum needs none of them, and a log of one thing only the time; a current alone says nothing of a battery.
    """
    names = {column: name for name in frame.columns if (column := dialect.column(name))}
    lacking = [c for c in REQUIRED if c not in names or frame[names[c]].null_count() == frame.height]
    current_alone = VOLTAGE in lacking and not any(c not in REQUIRED and not is_count(c) for c in names)
    if not lacking or (FREQUENCY not in names and (TIME in lacking or current_alone)):
        return frame, REQUIRED, []
    rest = frame.drop(names[c] for c in lacking if c in names)
    return (rest, SPECTRUM, []) if FREQUENCY in names else (rest, tuple(c for c in REQUIRED if c not in lacking), lacking)


def _folded(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Gather ``cell_voltage_001_volt``, … into one array column; a series with a gap stays as it is and is noted."""
    series: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for name in table.columns:
        if found := unfolded_cell(name):
            series[found[0]][found[1]] = name
    notes: list[Message] = []
    for target, members in series.items():
        parts = [members[n] for n in sorted(members)]
        if sorted(members) != list(range(1, len(members) + 1)) or target in table.columns:
            notes.append(message("readers.cells_not_folded", column=target, columns=parts))
            continue
        folded = pl.concat_arr([pl.col(p).cast(pl.Float32) for p in parts]).alias(target)
        table = table.with_columns(folded).drop(parts)
    return table, notes


def _scan(file: RawFile) -> pl.LazyFrame:
    layout = _layout(file)
    return text.scan(file, layout, _dialect_of(layout.header if layout else ()), ())


def scan_parquet(file: RawFile) -> pl.LazyFrame:
    """Open a BDF table lazily, under machine names; raises `UsageError` for another table, `DamagedFile`."""
    with guarded(file=file.file):
        frame = pl.scan_parquet(file.path or io.BytesIO(file.data))
        names = frame.collect_schema().names()
    labels = {c.label: c.name for c in columns().values()} | _EARLY
    if len(_known() & set(names)) < FEWEST_KNOWN:
        raise UsageError("readers.cannot_scan", file=file.file)
    return frame.rename({n: labels[n] for n in names if n in labels})


FORMATS = (Format("csv"), Format("csv.gz"), Format("parquet"))
READER = Reader("bdf", "Battery Data Format", FORMATS, (".bdf.csv", ".bdf.parquet"), _recognises, _read, scan=_scan)
