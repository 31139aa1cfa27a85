"""Tables of public archives: Battery Archive's time series, and NREL's Battery Data.

Battery Archive's counters are those of the cycle. In NREL's tables only the throughputs run on since the test's start; ``Amphr``,
``Charge_Capacity_Ah`` and their kin begin anew at rests and turns of the current, for which BDF has no column, so they stay under
their own names. Their imaginary impedance has its own sign, not that of a Nyquist plot; ``Datenum_d`` is MATLAB's count of days.
"""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, TIME, VOLTAGE
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import iso
from cellwright.readers.engine.steps import count_steps
from cellwright.readers.engine.timing import dated, zoned
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

CLOCK = "Date_Time"
DATES = ("%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M")
DATENUM = "Datenum_d"
DATENUM_OF_1970 = 719529
MILLISECONDS_A_DAY = 86_400_000
YEARS_OF_MOMENTS = 300

ARCHIVE_COUNTERS = {
    "Charge_Capacity (Ah)": "cycle_charging_capacity_ah",
    "Discharge_Capacity (Ah)": "cycle_discharging_capacity_ah",
    "Charge_Energy (Wh)": "cycle_charging_energy_wh",
    "Discharge_Energy (Wh)": "cycle_discharging_energy_wh",
}
NREL_COUNTERS = {
    "Charge_Throughput_Ah": "net_capacity_ah",
    "Absolute_Charge_Throughput_Ah": "cumulative_capacity_ah",
    "Energy_Throughput_Wh": "net_energy_wh",
    "Absolute_Energy_Throughput_Wh": "cumulative_energy_wh",
}

ARCHIVE = text.Dialect(
    tells=frozenset({"test_time", "cycle_index", "environment_temperature", "cell_temperature"}),
    columns={
        "test_time": TIME,
        "cycle_index": "cycle_count",
        "step_index": "step_id",
        "current": CURRENT,
        "voltage": VOLTAGE,
        "environment_temperature": "ambient_temperature_celsius",
        "cell_temperature": "surface_temperature_celsius",
    }
    | {name.lower(): column for name, column in ARCHIVE_COUNTERS.items()},
)
NREL = text.Dialect(
    tells=frozenset({"time_s", "current_a", "voltage_v", "datenum_d", "cycle_index"}),
    columns={
        "time_s": TIME,
        "cycle_index": "cycle_count",
        "step": "step_id",
        "current_a": CURRENT,
        "voltage_v": VOLTAGE,
        "power_w": "power_watt",
        "cell_temperature_c": "surface_temperature_celsius",
        "environment_temperature_c": "ambient_temperature_celsius",
        "frequency_hz": FREQUENCY,
        "z_real_ohm": REAL_IMPEDANCE,
        "z_imag_ohm": IMAGINARY_IMPEDANCE,
        "z_mag_ohm": "absolute_impedance_ohm",
        "z_phase_degree": "phase_degree",
    }
    | {name.lower(): column for name, column in NREL_COUNTERS.items()},
)


def _layout(file: RawFile) -> tuple[text.Layout, text.Dialect] | None:
    found = ((layout, dialect) for dialect in (ARCHIVE, NREL) if (layout := text.find(file, dialect)))
    return next(found, None)


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    layout, dialect = _layout(file) or (text.require(None, file), ARCHIVE)
    frame, notes = text.parse(file, layout, dialect)
    table, lost = text.translate(frame, dialect, file.file)
    draft = Draft(table, "Battery Archive csv", notes=(*notes, *lost))
    if dialect is NREL:
        draft = replace(draft, table=count_steps(table, ["cycle_count", "step_id"]), format="NREL csv")
        return [_numbered(draft, ask)]
    if "step_id" in table.columns:
        draft = replace(draft, table=count_steps(table, ["cycle_count", "step_id"]))
    return [dated(draft, CLOCK, DATES, ask)]


def _numbered(draft: Draft, ask: Ask) -> Draft:
    """Take the start, and Unix time where the zone is known, from MATLAB's count of days."""
    days = draft.table[DATENUM].cast(pl.Float64, strict=False) - DATENUM_OF_1970
    sensible = days.abs() < YEARS_OF_MOMENTS * 365
    local = pl.select(pl.when(sensible).then((days * MILLISECONDS_A_DAY).round())).to_series().cast(pl.Int64).cast(pl.Datetime("ms"))
    draft = replace(draft, start=iso(local[0]))
    return zoned(draft, local, ask.timezone) if ask.timezone else draft


READER = Reader(
    "archives",
    "Public archives",
    (Format("Battery Archive csv", counters=ARCHIVE_COUNTERS), Format("NREL csv", counters=NREL_COUNTERS)),
    (),
    lambda file: _layout(file) is not None,
    _read,
)
