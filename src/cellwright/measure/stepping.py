"""Steps: what the tester did, one row a step."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import polars as pl

from cellwright.core.battery import Battery
from cellwright.core.columns import REQUIRED, TIME
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.recording import Recording
from cellwright.measure.edges import LONGEST_PULSE_S, Sampling, with_charges, with_edges
from cellwright.measure.ending import ended_by
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
    "ended_by",
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
    "c_rate",
    "mean_voltage_volt",
    "step_net_capacity_ah",
    "step_charging_capacity_ah",
    "step_discharging_capacity_ah",
    "step_net_energy_wh",
    "step_charging_energy_wh",
    "step_discharging_energy_wh",
    "counted_net_capacity_ah",
    "first_temperature_celsius",
    "mean_temperature_celsius",
    "minimum_temperature_celsius",
    "maximum_temperature_celsius",
    "temperature_rise_kelvin",
)
"""Documented, column by column, in ``docs/cycles.md``."""

MOST_FALLS = 0.05
"""Share of rows up to which a time that falls is a clock that was set back, as the readers take it."""

ONE_WAY = 0.98
"""Share of what passed that has to have stayed: with less, energy over charge is no mean of the voltage."""


def steps(recording: Recording, battery: Battery | None = None) -> pl.DataFrame:
    """One row a step of a recording: what it was, how long, between which voltages, and what it moved.

    Steps are the tester's own where it counts them (``step_count``), else they are cut where the program's step changes and where
    the current changes its direction or its level. A stretch in which it does not settle, a drive cycle for instance, is one step.

    Parameters
    ----------
    recording
        Needs ``test_time_second`` [s], ``current_ampere`` [A] and ``voltage_volt`` [V].
    battery
        Its rated capacity gives C-rates; its voltage limits and that capacity help to tell what ended a step.

    Returns
    -------
    Columns:

    - ``step_count``, and ``cycle_count``, ``step_id`` where the recording has them;
    - ``kind``: ``charge``, ``discharge`` or ``rest``; ``mode``: ``CC``, ``CV``, ``CCCV``, null for a rest and for anything else;
      ``pulse``: a charge or discharge of at most 60 s; ``ended_by``: ``voltage``, ``current``, ``time``, ``charge`` or ``unknown``, see
      `cellwright.measure.ending.ended_by`;
    - ``first_record_index``, ``last_record_index``, ``samples``;
    - ``start_time_second``, ``end_time_second``, ``duration_second`` [s]: the edges of the current, not of the samples;
      ``edge_uncertainty_second``, ``end_edge_uncertainty_second`` [s]: half the stretch in which the starting and the ending edge lie,
      0 where the tester tells the step's time; ``pause_second`` [s] that the test stood still inside the step, not in its duration;
      ``longest_interval_second`` [s] between samples;
    - ``first_voltage_volt``, ``last_voltage_volt``, ``minimum_voltage_volt``, ``maximum_voltage_volt``,
      ``last_voltage_change_volt`` [V] from the last sample but one to the last, 0 in a step sheet;
    - ``first_current_ampere``, ``last_current_ampere``, ``mean_current_ampere`` [A]; ``c_rate`` [1/h]: the size of the mean over the rated
      capacity, where a battery with one is given; ``mean_voltage_volt`` [V]: energy over charge, null at rest
      and where the current went both ways;
    - ``step_net_capacity_ah`` [Ah], ``step_net_energy_wh`` [Wh]: positive where the battery was charged; ``step_charging_…`` and
      ``step_discharging_…``: what was put in and what was taken out, which together differ from it where the current went both ways.
      From a series by the trapezoidal rule, from a step sheet the tester's own; ``counted_net_capacity_ah``: the tester's own in either
      case;
    - ``first_temperature_celsius``, ``mean_temperature_celsius``, ``minimum_temperature_celsius``, ``maximum_temperature_celsius`` [°C] and
      ``temperature_rise_kelvin`` [K], from the first to the greatest, where a temperature of the battery was recorded.

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

    A time that falls now and then goes on from where it was; rows in another order than that of their time are sorted by it.

    The direction is the sign of the current outside a dead band: six times the noise of the current (from the median difference of
    successive samples), three times its smallest reading, and 0.05 % of its largest, whichever is most, but at most 1 % of it.
    """
    samples = samples_of(recording)
    band = dead_band(samples)
    table = facts(Cut(samples, step_starts(samples, band)), band)
    named = _named(with_charges(with_edges(table, recording.sampling), recording.sampling), recording.sampling)
    rated = battery.rated_capacity_ah if battery else None
    found = named.with_columns(ended_by(named, battery), *_shares(rated))
    return found.select(c for c in COLUMNS if c in found.columns)


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
    return _in_order(table if "record_index" in table.columns else table.with_row_index("record_index", offset=1))


def time_order(recording: Recording) -> Message | None:
    """Say what was done where the time of a recording runs backwards; None where it does not. Readers hand over none that does."""
    times = recording.table[TIME].drop_nulls() if TIME in recording.table.columns else pl.Series()
    if times.is_sorted():
        return None
    falls = len(_falls(times))
    return message("measure.rows_out_of_order" if _shuffled(falls, len(times)) else "measure.time_set_back", count=falls)


def _in_order(table: pl.DataFrame) -> pl.DataFrame:
    """Return the samples with a time that never falls.

    Where it falls now and then the clock was set back, for daylight saving for instance: it goes on from where it was, by the interval
    before. Where it falls at more than a few rows these are in another order than they were taken: they are sorted.
    """
    time = table[TIME]
    if time.is_sorted():
        return table
    falls = _falls(time)
    if _shuffled(len(falls), len(time)):
        return table.sort(TIME, maintain_order=True)
    interval = time.diff().fill_null(0.0)
    moved = interval.gather((falls.cast(pl.Int64) - 1).clip(lower_bound=0)).clip(lower_bound=0.0) - interval.gather(falls)
    joined = time + pl.zeros(len(time), eager=True).scatter(falls, moved).cum_sum()
    return table.with_columns(joined.cum_max().alias(TIME))  # the last digit of a sum may fall


def _falls(time: pl.Series) -> pl.Series:
    return (time.diff() < 0).fill_null(value=False).arg_true()


def _shuffled(falls: int, rows: int) -> bool:
    return falls > max(1, MOST_FALLS * rows)


def _complete(table: pl.DataFrame) -> bool:
    """Whether every row has a number for time, voltage and current: then they need not be looked for, nor copied."""
    if any(table[name].null_count() or not table.schema[name].is_float() for name in REQUIRED):
        return False
    return all(isfinite(table[name].sum()) for name in REQUIRED)


def _named(table: pl.DataFrame, sampling: Sampling) -> pl.DataFrame:
    moving = pl.col("moving")
    kind = (
        pl.when(~moving).then(pl.lit("rest")).when(pl.col("mean_current_ampere") > 0).then(pl.lit("charge")).otherwise(pl.lit("discharge"))
    )
    if sampling == "step":  # its two samples are a whole step apart
        table = table.with_columns(pl.lit(0.0).alias("last_voltage_change_volt"))
    number = pl.int_range(1, pl.len() + 1)
    table = table.with_columns((pl.col("step_count").fill_null(number) if "step_count" in table.columns else number).alias("step_count"))
    return table.with_columns(
        kind.alias("kind"),
        pl.when(moving).then(mode(sampling, labelled="step_type" in table.columns)).alias("mode"),
        (moving & (pl.col("duration_second") <= LONGEST_PULSE_S)).alias("pulse"),
    )


def _shares(rated_ah: float | None) -> Iterator[pl.Expr]:
    """Mean voltage [V], and C-rate [1/h] where the rated capacity is known."""
    net, passed = pl.col("step_net_capacity_ah"), pl.col("step_charging_capacity_ah") + pl.col("step_discharging_capacity_ah")
    one_way = (pl.col("kind") != "rest") & (net != 0) & (net.abs() >= ONE_WAY * passed)
    yield pl.when(one_way).then(pl.col("step_net_energy_wh") / net).alias("mean_voltage_volt")
    if rated_ah:
        yield (pl.col("mean_current_ampere").abs() / rated_ah).alias("c_rate")
