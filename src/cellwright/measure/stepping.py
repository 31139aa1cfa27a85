"""Steps: what the tester did, one row a step."""

from __future__ import annotations

from math import isfinite

import polars as pl

from cellwright.core.columns import REQUIRED
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.recording import Recording
from cellwright.measure.edges import LONGEST_PULSE_S, Sampling, with_charges, with_edges
from cellwright.measure.facts import Cut, facts
from cellwright.measure.finding import dead_band, step_starts
from cellwright.measure.mode import mode
from cellwright.measure.probes import finite

COLUMNS = (
    "step_count",
    "cycle_count",
    "step_id",
    "kind",
    "mode",
    "pulse",
    "first_record_index",
    "last_record_index",
    "samples",
    "start_time_second",
    "end_time_second",
    "duration_second",
    "edge_uncertainty_second",
    "end_edge_uncertainty_second",
    "pause_second",
    "longest_interval_second",
    "first_voltage_volt",
    "last_voltage_volt",
    "minimum_voltage_volt",
    "maximum_voltage_volt",
    "last_voltage_change_volt",
    "first_current_ampere",
    "last_current_ampere",
    "mean_current_ampere",
    "step_net_capacity_ah",
    "step_charging_capacity_ah",
    "step_discharging_capacity_ah",
    "step_net_energy_wh",
    "step_charging_energy_wh",
    "step_discharging_energy_wh",
    "counted_net_capacity_ah",
    "first_temperature_celsius",
    "mean_temperature_celsius",
    "maximum_temperature_celsius",
)


def steps(recording: Recording) -> pl.DataFrame:
    """One row a step of a recording: what it was, how long, between which voltages, and what it moved.

    Steps are the tester's own where it counts them (``step_count``), else they are cut where the program's step changes and where
    the current changes its direction or its level. A stretch in which it does not settle, a drive cycle for instance, is one step.

    Parameters
    ----------
    recording
        Needs ``test_time_second`` [s], ``current_ampere`` [A] and ``voltage_volt`` [V].

    Returns
    -------
    Columns:

    - ``step_count``, and ``cycle_count``, ``step_id`` where the recording has them;
    - ``kind``: ``charge``, ``discharge`` or ``rest``; ``mode``: ``CC``, ``CV``, ``CCCV``, null for a rest and for anything else;
      ``pulse``: a charge or discharge of at most 60 s;
    - ``first_record_index``, ``last_record_index``, ``samples``;
    - ``start_time_second``, ``end_time_second``, ``duration_second`` [s]: the edges of the current, not of the samples;
      ``edge_uncertainty_second``, ``end_edge_uncertainty_second`` [s]: half the stretch in which the starting and the ending edge lie,
      0 where the tester tells the step's time; ``pause_second`` [s] that the test stood still inside the step, not in its duration;
      ``longest_interval_second`` [s] between samples;
    - ``first_voltage_volt``, ``last_voltage_volt``, ``minimum_voltage_volt``, ``maximum_voltage_volt``,
      ``last_voltage_change_volt`` [V] from the last sample but one to the last, 0 in a step sheet;
    - ``first_current_ampere``, ``last_current_ampere``, ``mean_current_ampere`` [A];
    - ``step_net_capacity_ah`` [Ah], ``step_net_energy_wh`` [Wh]: positive where the battery was charged; ``step_charging_…`` and
      ``step_discharging_…``: what was put in and what was taken out, which together differ from it where the current went both ways.
      From a series by the trapezoidal rule, from a step sheet the tester's own; ``counted_net_capacity_ah``: the tester's own in either
      case;
    - ``first_temperature_celsius``, ``mean_temperature_celsius``, ``maximum_temperature_celsius`` [°C], where a temperature of the battery
      was recorded.

    Raises
    ------
    UsageError
        Where the recording is a spectrum, has no current, no voltage or no time, or no row with all three.

    Notes
    -----
    A charge that the samples do not frame is counted where it is known: between the edge and the first sample flows the first
    sample's current, between the last sample and the next edge the last one's. The edge is the first sample's time less the
    tester's ``step_time_second``; where that is not recorded, the middle between the samples on its two sides. A gap longer than
    the step's own sampling interval is a pause and counts for nothing.

    The direction is the sign of the current outside a dead band: six times the noise of the current (from the median difference of
    successive samples), three times its smallest reading, and 0.05 % of its largest, whichever is most, but at most 1 % of it.
    """
    samples = samples_of(recording)
    band = dead_band(samples)
    table = facts(Cut(samples, step_starts(samples, band)), band)
    return _named(with_charges(with_edges(table, recording.sampling), recording.sampling), recording.sampling)


def missing_columns(recording: Recording) -> tuple[str, ...]:
    """Return which of time, voltage and current a recording lacks."""
    table = recording.table
    return tuple(c for c in REQUIRED if c not in table.columns or table[c].null_count() == table.height)


def why_no_steps(recording: Recording) -> Message | None:
    """Say why a recording has no steps: it is a spectrum, or lacks time, voltage or current; None where it has."""
    if recording.is_spectrum:
        return message("measure.spectrum", file=recording.source.file)
    if missing := missing_columns(recording):
        return message("measure.not_recorded", columns=missing)
    together = pl.all_horizontal(finite(pl.col(name)).is_not_null() for name in REQUIRED)
    return None if recording.table.select(together.any()).item() else message("measure.no_samples", file=recording.source.file)


def samples_of(recording: Recording) -> pl.DataFrame:
    """Return the rows with time, voltage and current, and their ``record_index``; raises `UsageError` where there are none."""
    if recording.is_spectrum:
        raise UsageError("measure.spectrum", file=recording.source.file)
    if missing := missing_columns(recording):
        raise UsageError("measure.columns_missing", file=recording.source.file, columns=missing)
    table = recording.table
    if not _complete(table):
        table = table.with_columns(finite(pl.col(name)) for name in REQUIRED).drop_nulls(REQUIRED)
    if table.is_empty():
        raise UsageError("measure.no_samples", file=recording.source.file)
    return table if "record_index" in table.columns else table.with_row_index("record_index", offset=1)


def _complete(table: pl.DataFrame) -> bool:
    """Whether every row has a number for time, voltage and current: then they need not be looked for, nor copied."""
    if any(table[name].null_count() or not table.schema[name].is_float() for name in REQUIRED):
        return False
    return all(isfinite(total) for total in table.select(pl.col(REQUIRED).sum()).row(0))


def _named(table: pl.DataFrame, sampling: Sampling) -> pl.DataFrame:
    moving = pl.col("moving")
    kind = (
        pl.when(~moving).then(pl.lit("rest")).when(pl.col("mean_current_ampere") > 0).then(pl.lit("charge")).otherwise(pl.lit("discharge"))
    )
    if sampling == "step":  # its two samples are a whole step apart
        table = table.with_columns(pl.lit(0.0).alias("last_voltage_change_volt"))
    if "step_count" not in table.columns:
        table = table.with_columns(pl.int_range(1, pl.len() + 1).alias("step_count"))
    table = table.with_columns(
        kind.alias("kind"),
        pl.when(moving).then(mode(sampling, labelled="step_type" in table.columns)).alias("mode"),
        (moving & (pl.col("duration_second") <= LONGEST_PULSE_S)).alias("pulse"),
    )
    return table.select(c for c in COLUMNS if c in table.columns)
