"""Indigo: HDF5 in which pandas stored one frame; charge and energy are counted anew with every half cycle."""

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import DamagedFile, UnknownFormat
from cellwright.core.messages import message
from cellwright.readers.engine.clock import UNIX
from cellwright.readers.engine.names import require_columns
from cellwright.readers.engine.steps import STEP_COUNT
from cellwright.readers.engine.stores import is_store, stored_frames
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

FRAME = "time_series_data"
CELL = "cell_id"
MOST_CELLS = 64
PER_HOUR = 1 / 3600
MICRO = 1e-6

COUNTERS = {"cell_coulomb_count_c": "step_net_capacity_ah", "cell_energy_j": "step_net_energy_wh"}
COLUMNS = {
    "time_s": (TIME, 1.0),
    "cell_current_a": (CURRENT, 1.0),
    "cell_voltage_v": (VOLTAGE, 1.0),
    "cell_power_w": ("power_watt", 1.0),
    "cell_temperature_c": ("temperature_t1_celsius", 1.0),
    "system_time_us": (UNIX, MICRO),
    **{theirs: (ours, PER_HOUR) for theirs, ours in COUNTERS.items()},
}
COUNTS = {"half_cycle_count": STEP_COUNT, "cycle_count": "cycle_count"}


def _recognises(file: RawFile) -> bool:
    return is_store(file, FRAME) and file.data.find(b"cell_coulomb_count_c") >= 0


def _read(file: RawFile, _: Ask) -> list[Draft]:
    frames = stored_frames(file, FRAME)[0]
    if FRAME not in frames:
        raise UnknownFormat("readers.unknown_content", file=file.file, container="HDF5")
    frame = frames[FRAME]
    require_columns(frame.columns, ("time_s", "cell_current_a", "cell_voltage_v", CELL), file.file)
    cells = frame[CELL].unique(maintain_order=True).to_list()
    if len(cells) > MOST_CELLS:
        raise DamagedFile("readers.too_many_tests", file=file.file, count=len(cells))
    with guarded(file=file.file):
        return [_draft(frame.filter(pl.col(CELL).eq_missing(cell)).drop(CELL), str(cell)) for cell in cells]


def _draft(frame: pl.DataFrame, cell: str) -> Draft:
    """Name what BDF has a column for; currents are negative in discharge already."""
    known = [pl.col(old).cast(pl.Float64).mul(scale).alias(new) for old, (new, scale) in COLUMNS.items() if old in frame.columns]
    counts = [pl.col(old).cast(pl.Int64).alias(new) for old, new in COUNTS.items() if old in frame.columns]
    notes = [message("readers.unix_time_unproven")] if "system_time_us" in frame.columns else []
    if "half_cycle_count" in frame.columns:
        notes.append(message("readers.half_cycles_as_steps"))
    table = frame.select(*known, *counts, pl.exclude(*COLUMNS, *COUNTS))
    return Draft(table, "h5", channel=cell, notes=tuple(notes), metadata={CELL: cell})


READER = Reader("indigo", "Indigo", (Format("h5", counters=COUNTERS),), (), _recognises, _read)
