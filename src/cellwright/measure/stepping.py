"""Steps: what the tester did, one row a step."""

from __future__ import annotations

import polars as pl

from cellwright.core.columns import CURRENT, REQUIRED, TIME, VOLTAGE
from cellwright.core.errors import UsageError
from cellwright.core.recording import Recording
from cellwright.measure.budget import printed_step
from cellwright.measure.counters import counter_columns
from cellwright.measure.edges import LONGEST_PULSE_S, Sampling, with_charges, with_edges
from cellwright.measure.mode import labelled_moving, mode, mode_columns, mode_facts
from cellwright.measure.pauses import ran
from cellwright.measure.probes import finite, mean_temperature

SMALLEST_SHARE = 5e-4
OFFSET_SHARE = 2e-3
LARGEST_SHARE = 1e-2
"""Shares of the largest current: below the first it is none; up to the second a steady reading may be an offset; what stays below the
last looks like rest, and noise may hide it."""

JUMP = 0.05
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
    "step_net_energy_wh",
    "counted_net_capacity_ah",
    "first_temperature_celsius",
    "mean_temperature_celsius",
)

_STEP = "step"
_KEYS = ("step_id", "cycle_count")


def steps(recording: Recording) -> pl.DataFrame:
    """One row a step of a recording: what it was, how long, between which voltages, and what it moved.

    Steps are the tester's own where it counts them (``step_count``), else they are cut where the program's step changes and where
    the current changes its direction or its level.

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
    - ``step_net_capacity_ah`` [Ah], ``step_net_energy_wh`` [Wh]: positive where the battery was charged. From a series by the
      trapezoidal rule, from a step sheet the tester's own; ``counted_net_capacity_ah``: the tester's own in either case;
    - ``first_temperature_celsius``, ``mean_temperature_celsius`` [°C], where a temperature of the battery was recorded.

    Raises
    ------
    UsageError
        Where the recording has no current, no voltage or no time, or no row with all three.

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
    band = _dead_band(samples)
    table = with_charges(with_edges(_grouped(samples, band), recording.sampling), recording.sampling)
    return _named(table, band, recording.sampling)


def missing_columns(recording: Recording) -> tuple[str, ...]:
    """Return which of time, voltage and current a recording lacks."""
    table = recording.table
    return tuple(c for c in REQUIRED if c not in table.columns or table[c].null_count() == table.height)


def samples_of(recording: Recording) -> pl.DataFrame:
    """Return the rows with time, voltage and current, and their ``record_index``; raises `UsageError` where there are none."""
    if missing := missing_columns(recording):
        raise UsageError("measure.columns_missing", file=recording.source.file, columns=missing)
    table = recording.table.with_columns(finite(pl.col(name)) for name in REQUIRED).drop_nulls(REQUIRED)
    if table.is_empty():
        raise UsageError("measure.no_samples", file=recording.source.file)
    return table if "record_index" in table.columns else table.with_row_index("record_index", offset=1)


def _dead_band(samples: pl.DataFrame) -> float:
    """Largest current [A] that is taken for none: the noise of what looks like rest, an offset that stands there, the printed digits.

    A steady offset and a small current look alike, so the offset is bounded: beside a pulse of 250 A, 2 A are a discharge.
    """
    size = pl.col(CURRENT).abs()
    largest, smallest = samples.select(size.max(), size.filter(size > 0).min().fill_null(0.0).alias("smallest")).row(0)
    at_rest = pl.col(CURRENT).filter(size <= LARGEST_SHARE * largest)
    noise = samples.select(at_rest.diff().abs().median().fill_null(0.0)).item() / 0.954  # median |difference| of normal noise is 0.954 σ
    offset = min(3 * smallest, OFFSET_SHARE * largest)
    band = max(6 * noise, 1.5 * printed_step(samples[CURRENT].to_numpy()), offset, SMALLEST_SHARE * largest)
    return float(min(band, LARGEST_SHARE * largest))


def _grouped(samples: pl.DataFrame, band: float) -> pl.DataFrame:
    present = samples.columns
    number = (_begins(present, band).fill_null(value=False).cum_sum() + 1).alias(_STEP)
    temperature = mean_temperature(samples)
    needed = ["record_index", *(c for c in ("step_count", "step_time_second", "step_type", *_KEYS) if c in present)]
    frame = samples.lazy().select(
        number,
        *needed,
        *counter_columns(present),
        *REQUIRED,
        *([temperature.alias("temperature")] if temperature is not None else []),
    )
    frame = frame.with_columns(
        (pl.col(_STEP) == pl.col(_STEP).shift(1)).fill_null(value=False).alias("inside"),
        (pl.col(CURRENT) * pl.col(VOLTAGE)).alias("power"),
        pl.col(CURRENT).abs().alias("size"),
        pl.col(CURRENT).abs().max().over(_STEP).alias("peak"),
    ).with_columns(*ran(band, timed="step_time_second" in present), *mode_columns())
    frame = frame.with_columns(_trapezoid(CURRENT).alias("charge"), _trapezoid("power").alias("energy"))
    facts = [*_facts(frame.collect_schema().names()), *mode_facts()]
    return frame.group_by(_STEP, maintain_order=True).agg(facts).collect()


def _trapezoid(name: str) -> pl.Expr:
    return pl.col("interval") * (pl.col(name) + pl.col(name).shift(1)) / 2


def _begins(present: list[str], band: float) -> pl.Expr:
    """Whether a step begins at a sample; null at the first."""
    if "step_count" in present:
        return pl.col("step_count").ne_missing(pl.col("step_count").shift(1)) & (pl.int_range(pl.len()) > 0)
    current = pl.col(CURRENT)
    direction = pl.when(current.abs() > band).then(current.sign()).otherwise(0.0)
    change = current.diff().abs()
    level = pl.max_horizontal(change.shift(1), change.shift(-1)).fill_null(0.0) < change / 10
    jump = pl.max_horizontal(JUMP * current.abs(), JUMP * current.shift(1).abs(), pl.lit(band))
    settled = direction.shift(1) == direction.shift(2)  # a first sample on the ramp is no level to jump from
    begins = (direction != direction.shift(1)) | (level & settled & (change > jump))
    for key in _KEYS:
        if key in present:
            begins |= pl.col(key).ne_missing(pl.col(key).shift(1))
    if "step_time_second" in present:
        begins |= (pl.col("step_time_second").diff() < 0).fill_null(value=False)
    return begins & (pl.int_range(pl.len()) > 0)


def _facts(present: list[str]) -> list[pl.Expr]:
    voltage, current, power, heat = pl.col(VOLTAGE), pl.col(CURRENT), pl.col("power"), pl.col("temperature")
    labels = [pl.col(c).first() for c in ("step_count", *_KEYS, "step_type") if c in present]
    return [
        *labels,
        pl.col("record_index").first().alias("first_record_index"),
        pl.col("record_index").last().alias("last_record_index"),
        pl.len().alias("samples"),
        pl.col(TIME).first().alias("first_time"),
        pl.col(TIME).last().alias("last_time"),
        pl.col("interval").max().alias("longest_interval_second"),
        pl.col("pause").sum().alias("pause_second"),
        pl.when(pl.col("pause").max() > 0).then(pl.col("interval").median()).otherwise(0.0).alias("pause_interval"),
        voltage.first().alias("first_voltage_volt"),
        voltage.last().alias("last_voltage_volt"),
        voltage.min().alias("minimum_voltage_volt"),
        voltage.max().alias("maximum_voltage_volt"),
        voltage.diff().last().fill_null(0.0).alias("last_voltage_change_volt"),
        current.first().alias("first_current_ampere"),
        current.last().alias("last_current_ampere"),
        power.first().alias("first_power_watt"),
        power.last().alias("last_power_watt"),
        pl.col("size").median().alias("median_size"),
        pl.col("charge").sum(),
        pl.col("energy").sum(),
        *([pl.col("step_time_second").first().alias("lead")] if "step_time_second" in present else []),
        *(
            [heat.drop_nulls().first().alias("first_temperature_celsius"), heat.mean().alias("mean_temperature_celsius")]
            if "temperature" in present
            else []
        ),
        *(pl.col(c).last() for c in counter_columns(present)),
        *(pl.col(c).first().name.prefix("first_") for c in counter_columns(present)),
    ]


def _named(table: pl.DataFrame, band: float, sampling: Sampling) -> pl.DataFrame:
    moving = pl.col("median_size") > band
    if "step_type" in table.columns:
        moving = labelled_moving(pl.col("median_size"), band)
    kind = (
        pl.when(~moving).then(pl.lit("rest")).when(pl.col("mean_current_ampere") > 0).then(pl.lit("charge")).otherwise(pl.lit("discharge"))
    )
    if sampling == "step":  # its two samples are a whole step apart
        table = table.with_columns(pl.lit(0.0).alias("last_voltage_change_volt"))
    if "step_count" not in table.columns:
        table = table.with_columns(pl.col(_STEP).cast(pl.Int64).alias("step_count"))
    table = table.with_columns(
        kind.alias("kind"),
        pl.when(moving).then(mode(sampling, labelled="step_type" in table.columns)).alias("mode"),
        (moving & (pl.col("duration_second") <= LONGEST_PULSE_S)).alias("pulse"),
    )
    return table.select(c for c in COLUMNS if c in table.columns)
