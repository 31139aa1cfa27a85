"""The Battery Data Format: CSV, packed or not, and Parquet; machine names or preferred labels."""

import io
from collections import defaultdict
from functools import cache
from pathlib import Path

import polars as pl

from cellwright.core.columns import columns, unfolded_cell
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.names import split_unit
from cellwright.readers.engine.steps import STEP_COUNT, count_steps
from cellwright.readers.guard import guarded
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

PARQUET = b"PAR1"
FEWEST_KNOWN = 2

# Early files of the format have the program's step number under this name.
_EARLY = {"step_index": "step_id"}


@cache
def _dialect() -> text.Dialect:
    names = {name: name for name in columns()} | {split_unit(c.label)[0]: c.name for c in columns().values()} | _EARLY
    return text.Dialect(tells=frozenset(), columns=names, empty=("",))


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
        frame, notes = text.parse(file, text.require(_layout(file), file), _dialect())
        form = "csv"
    table, more = text.translate(frame, _dialect(), file.file)
    table, folded = _folded(table)
    if STEP_COUNT not in table.columns and "step_id" in table.columns:
        table = count_steps(table, ["cycle_count", "step_id"])
    return [Draft(table, form, notes=(*notes, *more, *folded))]


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


def scan(path: Path) -> pl.LazyFrame:
    """Open a BDF table lazily, under machine names; raises `UsageError` for other formats."""
    if path.suffix.lower() == ".parquet":
        frame = pl.scan_parquet(path)
    elif path.suffix.lower() == ".csv":
        frame = pl.scan_csv(path)
    else:
        raise UsageError("readers.cannot_scan", file=path.name)
    with guarded(file=path.name):
        names = frame.collect_schema().names()
    labels = {c.label: c.name for c in columns().values()} | _EARLY
    if len(_known() & set(names)) < FEWEST_KNOWN:
        raise UsageError("readers.cannot_scan", file=path.name)
    return frame.rename({n: labels[n] for n in names if n in labels})


READER = Reader(
    "bdf", "Battery Data Format", (Format("csv"), Format("csv.gz"), Format("parquet")), (".bdf.csv", ".bdf.parquet"), _recognises, _read
)
