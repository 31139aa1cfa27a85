"""A hybrid pulse power characterisation (HPPC): open-circuit voltage, resistances and power, level of charge by level of charge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.recording import Recording
from cellwright.measure.course import SAME_CURRENT, Course
from cellwright.measure.pulse.moments import TIMES_S
from cellwright.measure.pulse.table import END, RESISTANCES, TIMES, tabulated
from cellwright.measure.pulse.trains import Train, train
from cellwright.measure.runs import Floats, Rows

WAYS = ("discharge", "charge")
TIME_S = 10.0

_LEVEL = ("soc", "soc_basis", "open_circuit_voltage_volt", "rest_second", "temperature_celsius")


def hppc(recording: Recording, battery: Battery | None = None, *, time_s: float = TIME_S) -> pl.DataFrame:
    """Tabulate an HPPC: one row a level of charge, with open-circuit voltage, resistances both ways and pulse power.

    Parameters
    ----------
    recording
        Pulses at several states of charge, with charges or discharges in between.
    battery
        Its limits say what full and empty are and what the power is limited by; its rated capacity is what states of charge are shares
        of where no full discharge was measured. A recording that begins with at least five minutes of rest within 30 mV a cell of the
        upper limit, and the reading's uncertainty, is taken to begin full.
    time_s
        For how long the power is asked [s]: one of 0.1, 1, 2, 5, 10, 18 and 30.

    Returns
    -------
    In the order of the recording:

    - ``soc`` [1], ``soc_basis``, ``open_circuit_voltage_volt`` [V], ``rest_second`` [s], ``temperature_celsius`` [°C]: before the
      pulse with the longest rest of the level; the voltage is the open-circuit one as far as that rest let it come;
    - ``discharge_soc`` [1], ``discharge_current_ampere`` [A], ``discharge_resistance_100ms_ohm`` … ``discharge_resistance_end_ohm``
      [ohm]: of the discharge pulse; the same with ``charge_``; null where the level has none;
    - ``discharge_power_10s_watt``, ``charge_power_10s_watt`` [W], or of that other time; null without the battery's voltage limit or a
      resistance at that time;
    - ``discharge_record_index``, ``charge_record_index``: where the pulses begin.

    Raises
    ------
    UsageError
        Where there is no pulse, no state of charge is known, or ``time_s`` is another time.

    Notes
    -----
    Levels are parted by the charges and discharges that are no pulses. Of several kinds of pulses (current and length within 5 %) the one
    that comes at most levels is taken, of equals the longest, then the one at the largest current. P = V_min·(OCV − V_min)/R for a
    discharge and P = V_max·(V_max − OCV)/R for a charge, at no more current than the resistance still holds for: FreedomCAR Battery Test
    Manual, DOE/ID-11069 (2003). The charge pulse starts a little below the level (``charge_soc``); its resistance counts for the level.
    """
    return _table(sorted_levels(train(Course(recording, battery))), battery, time_s)


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels of charge in a table of pulses.

    Parameters
    ----------
    train, table
        The pulses, and one row each.
    rested
        The pulse with the longest rest of each level.
    chosen
        The pulse of the kind that is compared, a column a way, a row a level; -1 where there is none.
    """

    train: Train
    table: pl.DataFrame
    rested: Rows
    chosen: Rows


def sorted_levels(pulses: Train) -> Levels:
    """Sort pulses into levels of charge. Raises `UsageError` where there are none, or no state of charge is known."""
    table = tabulated(pulses)
    if table.is_empty():
        raise UsageError("measure.no_pulse")
    if table["soc"].is_null().all():
        raise UsageError("measure.soc_unknown")
    level, known = level_of(pulses), table["soc"].is_not_null().to_numpy()
    rest = table["rest_before_second"].to_numpy()
    order = np.lexsort((-rest, level, ~known))
    found, place = np.unique(level[order][: known.sum()], return_index=True)
    chosen = np.full((len(found), len(WAYS)), -1, dtype=np.intp)
    for column, way in enumerate(WAYS):
        rows = _of_one_kind(table, level, known & (table["direction"] == way).to_numpy())
        chosen[np.searchsorted(found, level[rows]), column] = rows
    return Levels(pulses, table, order[place], chosen)


def level_of(pulses: Train) -> Rows:
    """Return how many charges and discharges that are no pulses came before each pulse."""
    moves = (pulses.course.steps["kind"] != "rest").to_numpy().copy()
    for first, last in zip(pulses.first, pulses.last, strict=True):
        moves[first : last + 1] = False
    return np.cumsum(moves)[pulses.first]


def _of_one_kind(table: pl.DataFrame, level: Rows, way: np.ndarray) -> Rows:
    """Return the pulses of the commonest kind among some, the last of it at each level."""
    rows = np.flatnonzero(way)
    if not len(rows):
        return rows
    size, lasted = np.abs(table["current_ampere"].to_numpy()[rows]), table["duration_second"].to_numpy()[rows]
    kinds = np.stack([_alike(size), _alike(lasted)], axis=1)

    def rank(kind: tuple[int, int]) -> tuple[int, float, float]:
        here = (kinds == kind).all(axis=1)
        return len(np.unique(level[rows[here]])), float(lasted[here].max()), float(size[here].max())

    best = max({(int(a), int(b)) for a, b in kinds}, key=rank)
    same = rows[(kinds == best).all(axis=1)]
    return same[np.append(level[same][1:] != level[same][:-1], True)]


def _alike(values: Floats) -> Rows:
    """Number values so that those within 5 % of their neighbours have one number."""
    order = np.argsort(values)
    ordered = values[order]
    apart = np.append(0, np.cumsum(np.diff(ordered) > SAME_CURRENT * ordered[1:]))
    return apart[np.argsort(order)]


def _table(found: Levels, battery: Battery | None, time_s: float) -> pl.DataFrame:
    """Return levels as a table, with the power for a time [s]."""
    if time_s not in TIMES_S:
        raise UsageError("measure.no_such_time", time_s=time_s, times_s=list(TIMES_S))
    rested = found.table[found.rested]
    names = ("soc", "soc_basis", "voltage_before_volt", "rest_before_second", "temperature_celsius")
    parts = [rested.select(pl.col(a).alias(b) for a, b in zip(names, _LEVEL, strict=True))]
    at = TIMES[TIMES_S.index(time_s)]
    for way, rows in zip(WAYS, found.chosen.T, strict=True):
        parts.append(_of_way(found.table, rows, way))
    table = pl.concat(parts, how="horizontal")
    powers = [_power(way, at, battery).alias(f"{way}_power_{at}_watt") for way in WAYS]
    records = [f"{way}_record_index" for way in WAYS]
    return table.select(pl.exclude(records), *powers, *records)


def _of_way(table: pl.DataFrame, rows: Rows, way: str) -> pl.DataFrame:
    names = ("soc", "current_ampere", *RESISTANCES, END)
    places = pl.Series([None if row < 0 else row for row in rows.tolist()], dtype=pl.UInt32)
    chosen = table.select(*names, pl.col("first_record_index").alias("record_index")).select(pl.all().gather(places))
    return chosen.rename(lambda name: f"{way}_{name}")


def _power(way: str, at: str, battery: Battery | None) -> pl.Expr:
    """Return the power at the voltage limit [W]."""
    limit = limit_volt(battery, way)
    if limit is None:
        return pl.lit(None, pl.Float64)
    room = (pl.col("open_circuit_voltage_volt") - limit) * (1 if way == "discharge" else -1)
    return pl.when(room > 0).then(limit * room / pl.col(f"{way}_resistance_{at}_ohm"))


def limit_volt(battery: Battery | None, way: str) -> float | None:
    """Return the battery's own voltage limit on the way [V]."""
    if battery is None:
        return None
    return battery.minimum_voltage_volt if way == "discharge" else battery.maximum_voltage_volt
