"""BaSyTec result files (text): head lines that begin with ``~``, the last of them the columns' names; times in s, min or h.

Currents are signed. ``Ah`` and ``Wh`` are balances since the test's start, ``Ah-Step`` the balance of a step, ``Ah-Cyc-…`` begin
anew with each cycle. What resets the counters whose name ends in ``-0`` is not published, so they stay under their own names.
"""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.readers.engine import text
from cellwright.readers.engine.resistances import without_zeros
from cellwright.readers.engine.sensors import masked
from cellwright.readers.engine.steps import STEP_TIME, count_steps
from cellwright.readers.engine.timing import begun, dated
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SENSORS = 5
START = "Start of Test"
CHANNEL = "Testchannel"
CLOCK = "DateTime"
DATES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S")

COUNTERS = {
    "Ah[Ah]": "net_capacity_ah",
    "Ah-Step": "step_net_capacity_ah",
    "Ah-Cyc-Charge": "cycle_charging_capacity_ah",
    "Ah-Cyc-Discharge": "cycle_discharging_capacity_ah",
    "Wh[Wh]": "net_energy_wh",
    "Wh-Step": "step_net_energy_wh",
    "Wh-Cyc-Charge": "cycle_charging_energy_wh",
    "Wh-Cyc-Discharge": "cycle_discharging_energy_wh",
}

DIALECT = text.Dialect(
    tells=frozenset({"~time", "u", "i"}),
    columns={
        "time": TIME,
        "dataset": "record_index",
        "t-step": STEP_TIME,
        "line": "step_id",
        "command": "step_type",
        "cyc-count": "cycle_count",
        "u": VOLTAGE,
        "i": CURRENT,
        "p": "power_watt",
        "r-ac": "ac_internal_resistance_ohm",
        "r-dc": "dc_internal_resistance_ohm",
        "ah": "net_capacity_ah",
        "wh": "net_energy_wh",
    }
    | {name.lower(): column for name, column in COUNTERS.items()}
    | {f"t{n}": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)},
)


def _layout(file: RawFile) -> text.Layout | None:
    found = text.find(file, DIALECT)
    return replace(found, header=tuple(_cleaned(cell) for cell in found.header)) if found else None


def _cleaned(cell: str) -> str:
    """Free the first name of its mark, and mend a degree sign that was lost between encodings."""
    return cell.lstrip("~").replace("\N{REPLACEMENT CHARACTER}C", "°C")


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    layout = text.require(_layout(file), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, lost = text.translate(frame, DIALECT, file.file)
    # Taken out of the battery is a magnitude in BDF, with whatever sign the file has it.
    table = table.with_columns(pl.col(c).abs() for c in table.columns if c.startswith("cycle_discharging_"))
    table, silent = masked(table, [c for c in table.columns if c.startswith("temperature_")])
    table, zeros = without_zeros(table)
    head = _head(layout)
    # The cycle's count is not a key: it goes from 0 to 1 after the first record, within the first step.
    table = count_steps(table, ["step_id"])
    draft = Draft(table, "txt", channel=head.get(CHANNEL), notes=(*notes, *lost, *silent, *zeros), metadata=head)
    if CLOCK in table.columns:
        return [dated(draft, CLOCK, DATES, ask)]
    return [begun(draft, head[START], DATES, ask) if START in head else draft]


def _head(layout: text.Layout) -> dict[str, str]:
    found = (line.lstrip("~").partition(": ") for line in layout.preamble)
    return {name.strip(): value.strip() for name, _, value in found if value.strip()}


READER = Reader("basytec", "BaSyTec", (Format("txt", counters=COUNTERS),), (), lambda file: _layout(file) is not None, _read)
