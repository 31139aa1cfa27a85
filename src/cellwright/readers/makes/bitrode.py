"""Bitrode text exports (CSV), with a header row or without one."""

import polars as pl

from cellwright.core.messages import message
from cellwright.readers.engine import text
from cellwright.readers.engine.steps import count_steps, split_counters
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

HEADER = (
    *("Exclude", "Time(s)", "Cycle", "Loop", "Loop", "Loop", "Step", "StepTime(s)"),
    *("Current(A)", "Voltage(V)", "Power(W)", "Capacity(Ah)", "Energy(Wh)", "Mode", "Data"),
)
MODE = HEADER.index("Mode")
MODES = {"REST", "CHRG", "DCHG"}

DIALECT = text.Dialect(
    tells=frozenset({"exclude", "steptime", "mode"}),
    columns={
        "time": "test_time_second",
        "cycle": "cycle_count",
        "step": "step_id",
        "steptime": "step_time_second",
        "current": "current_ampere",
        "voltage": "voltage_volt",
        "power": "power_watt",
        "mode": "step_type",
        "capacity": "step_cumulative_capacity_ah",
        "energy": "step_cumulative_energy_wh",
    },
    needs=("loop",),
)


def _layout(file: RawFile) -> text.Layout | None:
    if found := text.find(file, DIALECT):
        return found
    cells, delimiter = text.split_line(file.text[:HEAD].split(b"\n", 1)[0])
    headless = delimiter == "," and len(cells) >= len(HEADER) and cells[0] in {"No", "Yes"} and cells[MODE].strip() in MODES
    return text.layout_at(file, HEADER, 0, delimiter) if headless else None


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - a Bitrode file has its own time and no date
    layout = text.require(_layout(file), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, more = text.translate(frame, DIALECT, file.file)
    notes = [*notes, *more]
    if layout.offset == 0:
        notes.append(message("readers.header_assumed", columns=list(HEADER)))
    loops = [c for c in ("Loop", "Loop_2", "Loop_3") if c in table.columns]
    table = count_steps(table, ["cycle_count", *loops, "step_id"])
    table = split_counters(table, {"charging": pl.col("step_type") == "CHRG", "discharging": pl.col("step_type") == "DCHG"})
    return [Draft(table, "csv", notes=(*notes, message("readers.counter_zero_at_rest")))]


READER = Reader("bitrode", "Bitrode", (Format("csv"),), (), lambda file: _layout(file) is not None, _read)
