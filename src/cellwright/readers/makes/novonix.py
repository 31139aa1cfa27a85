"""Novonix HPC and UHPC files (CSV): sections ``[Summary]``, ``[Protocol]`` and ``[Data]``, once more for each time the test was resumed.

Currents are signed. ``Capacity`` and ``Energy`` are balances since the test was started: they fall in a discharge and go on from step
to step. The step types are Novonix's numbers: 0 rest, 1 and 2 constant current, 7 and 8 CC and CV of a charge, 9 and 10 of a discharge.
"""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.steps import STEP_TIME, count_steps
from cellwright.readers.engine.timing import dated
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SUMMARY, END_SUMMARY = b"[Summary]", b"[End Summary]"
PROTOCOL, END_PROTOCOL = b"[Protocol]", b"[End Protocol]"
DATA = b"\n[Data]"
CLOCK = "Date and Time"
DATES = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
STEP_ID, STEP_TYPE = "step_id", "step_type"

COUNTERS = {"Capacity (Ah)": "net_capacity_ah", "Energy (Wh)": "net_energy_wh"}

DIALECT = text.Dialect(
    tells=frozenset({"run time", "potential", "current"}),
    columns={
        "cycle number": "cycle_count",
        "step type": STEP_TYPE,
        "step number": STEP_ID,
        "run time": TIME,
        "step time": STEP_TIME,
        "current": CURRENT,
        "potential": VOLTAGE,
        "voltage": VOLTAGE,
        "capacity": "net_capacity_ah",
        "energy": "net_energy_wh",
        "power": "power_watt",
        "temperature": "temperature_t1_celsius",
    },
)


def _recognises(file: RawFile) -> bool:
    return file.text.startswith(SUMMARY) and b"ovonix" in file.text[:200]


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    content = file.text
    header, spans = _tables(file)
    layout = text.layout_at(file, header, spans[0][0], ",")
    if len(spans) == 1:
        frame, notes = text.parse(file, layout, DIALECT)
    else:
        rows = replace(file, data=b"".join(content[start:end] for start, end in spans))
        frame, notes = text.parse(rows, replace(layout, offset=0), DIALECT)
    table, lost = text.translate(frame, DIALECT, file.file)
    table, joined = _continued(_named(table), len(spans) - 1)
    head = _head(content[: spans[0][0]])
    table = count_steps(table, [STEP_ID if STEP_ID in table.columns else STEP_TYPE])
    draft = Draft(table, "csv", channel=head.get("Channel"), notes=(*notes, *lost, *joined), metadata=head)
    return [dated(draft, CLOCK, DATES, ask)]


def _tables(file: RawFile) -> tuple[list[str], list[tuple[int, int]]]:
    """Find the header of the table, and where its rows are in each part of the file; raises `DamagedFile`."""
    content, spans, headers = file.text, list[tuple[int, int]](), set[bytes]()
    begin = content.find(DATA)
    while begin >= 0:
        after = content.find(b"\n", begin + len(DATA)) + 1
        rows = content.find(b"\n", after) + 1
        if not after or not rows:
            break
        headers.add(content[after:rows].strip())
        again = content.find(b"\n" + SUMMARY, rows - 1)
        spans.append((rows, len(content) if again < 0 else again + 1))
        begin = content.find(DATA, again) if again >= 0 else -1
    if not spans:
        raise DamagedFile("readers.no_rows", file=file.file)
    if len(headers) > 1:
        raise DamagedFile("readers.parts_differ", file=file.file, parts=len(spans))
    return text.split_line(next(iter(headers)), ",")[0], spans


def _named(table: pl.DataFrame) -> pl.DataFrame:
    """In old files the step's number is its type."""
    if STEP_TYPE in table.columns or STEP_ID not in table.columns:
        return table
    return table.with_columns(pl.col(STEP_ID).cast(pl.String).alias(STEP_TYPE)).drop(STEP_ID)


def _continued(table: pl.DataFrame, restarts: int) -> tuple[pl.DataFrame, list[Message]]:
    """Let the balances go on where the test was resumed and they began at zero again."""
    if not restarts:
        return table, []
    anew = (pl.col(TIME).diff() < 0).fill_null(value=False)
    carried = [pl.col(c) + pl.when(anew).then(pl.col(c).shift(1)).otherwise(0.0).cum_sum() for c in COUNTERS.values() if c in table.columns]
    return table.with_columns(carried), [message("readers.parts_joined", count=restarts)]


def _head(content: bytes) -> dict[str, str]:
    lines = _between(content, SUMMARY, END_SUMMARY).splitlines()
    found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines) if value.strip()}
    protocol = _between(content, PROTOCOL, END_PROTOCOL).strip()
    return found | ({"Protocol steps": protocol} if protocol else {})


def _between(content: bytes, start: bytes, end: bytes) -> str:
    return content.partition(start)[2].partition(end)[0].decode("utf-8", errors="replace")


READER = Reader("novonix", "Novonix", (Format("csv", counters=COUNTERS),), (), _recognises, _read)
