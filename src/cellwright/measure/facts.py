"""What the samples of each step say: one pass over all rows, and another over the rows of those steps that need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.counters import counter_columns
from cellwright.measure.mode import held, threshold
from cellwright.measure.pauses import OWN_TIME, suspects, without_pauses
from cellwright.measure.probes import temperature
from cellwright.measure.runs import Block, Floats, Kernel, Part, Rows, reduce_runs

LABELS = ("step_count", "cycle_count", "step_id", "step_type")

FEW, FAR_BEYOND = 5, 10.0
"""A step of more samples than few, most of them at rest, is one under current where its mean is so many times what counts as none."""

Flags = NDArray[np.bool_]
Found = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Cut:
    """The rows of a recording, cut into steps.

    Parameters
    ----------
    table
        Rows with ``record_index``, time [s], current [A] and voltage [V], none of them empty.
    starts
        First row of each step.
    """

    table: pl.DataFrame
    starts: Rows

    @cached_property
    def stops(self) -> Rows:
        """The row after each step's last."""
        return np.append(self.starts[1:], self.table.height)

    @cached_property
    def samples(self) -> Rows:
        """Rows of each step."""
        return self.stops - self.starts

    def column(self, name: str) -> NDArray[Any]:
        """Return a column's readings; nothing is copied where none is missing."""
        return self.table[name].to_numpy()

    def inside(self, kernel: Kernel, chosen: Flags | None = None) -> tuple[Flags, Found]:
        """Reduce the rows inside steps: all but the first of each, which may lie on the ramp. Steps of one sample have none.

        Returns which steps there is something of, and the values of these.
        """
        several = self.samples > 1 if chosen is None else chosen & (self.samples > 1)
        if not several.any():
            return several, {}
        return several, reduce_runs(self.starts[several] + 1, self.stops[several], kernel, apart=chosen is not None)


def facts(cut: Cut, band: float) -> pl.DataFrame:
    """Return a row a step with all that its samples say.

    Parameters
    ----------
    cut
        The steps.
    band
        Largest current [A] that is taken for none.

    Returns
    -------
    The `LABELS` that there are; time, voltage, current, power and counters at the ends; charge [A·s] and energy [W·s] between the
    samples, and what of them was put in; extremes; whether it is ``moving``, that is under current; pauses; how the current was held.
    """
    labels = pl.DataFrame({name: cut.table[name].gather(cut.starts) for name in LABELS if name in cut.table.columns})
    found = _ends(cut) | _extremes(cut) | _temperatures(cut)
    found["moving"] = _moving(cut, found, threshold(labels, found["greatest_size"], band))
    found |= held(cut, found) | _put_in(cut, found)
    for name, values in without_pauses(cut, chosen := suspects(found), band).items():
        found[name][chosen] = values
    columns = [pl.Series(name, values, nan_to_null=values.dtype.kind == "f") for name, values in found.items()]
    return pl.DataFrame([*labels.get_columns(), *columns])


def _ends(cut: Cut) -> Found:
    """What is read at the first and the last sample of each step."""
    first, last = cut.starts, cut.stops - 1
    time, current, voltage, record = (cut.column(name) for name in (TIME, CURRENT, VOLTAGE, "record_index"))
    found = {
        "first_record_index": record[first],
        "last_record_index": record[last],
        "samples": cut.samples,
        "first_time": time[first],
        "last_time": time[last],
        "first_voltage_volt": voltage[first],
        "last_voltage_volt": voltage[last],
        "last_voltage_change_volt": np.where(last > first, voltage[last] - voltage[last - 1], 0.0),
        "first_current_ampere": current[first],
        "last_current_ampere": current[last],
        "first_power_watt": current[first] * voltage[first],
        "last_power_watt": current[last] * voltage[last],
    }
    if OWN_TIME in cut.table.columns:
        found["lead"] = cut.table[OWN_TIME].gather(first).cast(pl.Float64).to_numpy()
    for name in counter_columns(cut.table.columns):
        found[name] = cut.table[name].gather(last).cast(pl.Float64).to_numpy()
        found[f"first_{name}"] = cut.table[name].gather(first).cast(pl.Float64).to_numpy()
    return found


def _extremes(cut: Cut) -> Found:
    """Integrals between the samples of each step; extremes of voltage, of current and of its size inside it; and its intervals.

    ``uncovered`` is by how much at most the time between two samples exceeds the step's own [s], where the tester tells that.
    """
    time, current, voltage = (cut.column(name) for name in (TIME, CURRENT, VOLTAGE))
    own = _finite(cut.column(OWN_TIME)) if OWN_TIME in cut.table.columns else None

    def kernel(block: Block) -> dict[str, Part]:
        ampere, before, volt = block.of(current), block.before(current), block.of(voltage)
        interval = block.of(time) - block.before(time)
        found = {
            "charge": block.total((ampere + before) * interval),
            "energy": block.total((ampere * volt + before * block.before(voltage)) * interval),
            "lowest": block.least(volt),
            "highest": block.greatest(volt),
            "least": block.least(ampere),
            "greatest": block.greatest(ampere),
            "longest_interval_second": block.greatest(interval),
            "shortest": block.least(interval),
        }
        return found if own is None else found | {"uncovered": block.greatest(interval - (block.of(own) - block.before(own)))}

    several, inside = cut.inside(kernel)
    inside |= {name: inside[name] / 2 for name in ("charge", "energy") if inside}
    alone = _alone(cut, ("uncovered",) if own is not None else ())
    found = {name: _filled(values, several, inside.get(name)) for name, values in alone.items()}
    least, greatest = found["least"], found["greatest"]
    volt = voltage[cut.starts]
    return found | {
        "least_size": np.maximum(np.maximum(least, -greatest), 0.0),
        "greatest_size": np.maximum(-least, greatest),
        "minimum_voltage_volt": np.minimum(found["lowest"], volt),
        "maximum_voltage_volt": np.maximum(found["highest"], volt),
        "pause_second": np.zeros(len(volt)),
        "pause_interval": np.zeros(len(volt)),
    }


def _finite(readings: NDArray[Any]) -> NDArray[Any]:
    """Return readings without the infinite ones; they are not copied where there are none."""
    return np.where(np.isinf(readings), np.nan, readings) if np.isinf(readings).any() else readings


def _alone(cut: Cut, also: tuple[str, ...]) -> dict[str, Floats]:
    """What holds for a step of one sample: that one is inside."""
    volt, ampere = (cut.column(name)[cut.starts].astype(np.float64) for name in (VOLTAGE, CURRENT))
    nothing, unknown = np.zeros(len(volt)), np.full(len(volt), np.nan)
    held = {"charge": nothing, "energy": nothing, "lowest": volt, "highest": volt, "least": ampere, "greatest": ampere}
    return held | dict.fromkeys(("longest_interval_second", "shortest", *also), unknown)


def _filled(values: Floats, chosen: Flags, found: NDArray[Any] | None) -> NDArray[Any]:
    filled = values.copy()
    if found is not None:
        filled[chosen] = found
    return filled


def _moving(cut: Cut, found: Found, still: Floats) -> Flags:
    """Whether a step is under current: at more than half of the samples inside it the size is beyond what counts as none [A].

    Or its mean is far beyond that: a rest and the charge after it, which the tester counts as one step, are a charge.
    """
    pair = (np.abs(found["first_current_ampere"]) + np.abs(found["last_current_ampere"])) / 2 > still
    moving = np.where(cut.samples == 2, pair, found["least_size"] > still)
    unclear = (cut.samples > 2) & (found["least_size"] <= still) & (found["greatest_size"] > still)
    current = cut.column(CURRENT)
    limit = still[unclear]
    unclear, counts = cut.inside(lambda block: {"beyond": block.total(np.abs(block.of(current)) > block.at_each(limit))}, unclear)
    if counts:
        moving[unclear] = 2 * counts["beyond"] > cut.samples[unclear] - 1
    lasted = found["last_time"] - found["first_time"]
    return moving | ((cut.samples > FEW) & (np.abs(found["charge"]) > FAR_BEYOND * still * lasted))


def _put_in(cut: Cut, found: Found) -> Found:
    """What of a step's charge [A·s] and energy [W·s] between its samples was put in; the rest was taken out."""
    current, voltage, time = (cut.column(name) for name in (CURRENT, VOLTAGE, TIME))

    def kernel(block: Block) -> dict[str, Part]:
        into, before = np.maximum(block.of(current), 0.0), np.maximum(block.before(current), 0.0)
        interval = block.of(time) - block.before(time)
        power = into * block.of(voltage) + before * block.before(voltage)
        return {"charge": block.total((into + before) * interval), "energy": block.total(power * interval)}

    first = found["first_current_ampere"]
    both = (np.minimum(found["least"], first) < 0) & (np.maximum(found["greatest"], first) > 0) & found["moving"]
    both, values = cut.inside(kernel, both)
    inward = {name: np.where(found["charge"] > 0, found[name], 0.0) for name in ("charge", "energy")}
    return {f"{name}_put_in": _filled(inward[name], both, values[name] / 2 if values else None) for name in inward}


def _temperatures(cut: Cut) -> Found:
    """First, mean, least and greatest temperature of each step [°C]; nothing where none was recorded."""
    readings = temperature(cut.table)
    if readings is None:
        return {}
    celsius = readings.to_numpy()

    def kernel(block: Block) -> dict[str, Part]:
        warm = block.of(celsius)
        read = np.isfinite(warm)
        warm = warm if read.all() else np.where(read, warm, np.nan)
        return {
            "sum": block.total(np.where(read, warm, 0.0)),
            "read": block.total(read),
            "least": block.least(warm),
            "greatest": block.greatest(warm),
        }

    found = reduce_runs(cut.starts, cut.stops, kernel)
    first = celsius[cut.starts].astype(np.float64)
    if not np.isfinite(first).all():
        rows = np.append(np.flatnonzero(np.isfinite(celsius)), len(celsius))
        at = rows[np.searchsorted(rows, cut.starts)]
        first = np.where(at < cut.stops, celsius[np.minimum(at, len(celsius) - 1)], np.nan)
    mean = np.divide(found["sum"], found["read"], out=np.full(len(first), np.nan), where=found["read"] > 0)
    return {
        "first_temperature_celsius": first,
        "mean_temperature_celsius": mean,
        "minimum_temperature_celsius": found["least"],
        "maximum_temperature_celsius": found["greatest"],
        "temperature_rise_kelvin": found["greatest"] - first,
    }
