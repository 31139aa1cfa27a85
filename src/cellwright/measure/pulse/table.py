"""One row a pulse: where it is, what came before, and resistance at stated times."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.recording import Recording
from cellwright.measure.course import Course
from cellwright.measure.edges import MICROSECOND, PAUSE
from cellwright.measure.pulse.moments import NEAR, NONE, STEADY, TIMES_S, Moments, moments, resistance_at, time_after
from cellwright.measure.pulse.trains import Train, train
from cellwright.measure.runs import Floats, Rows

TIMES = ("100ms", "1s", "2s", "5s", "10s", "18s", "30s")
"""What the nominal times are called in the names of columns."""

RESISTANCES = tuple(f"resistance_{name}_ohm" for name in TIMES)
END = "resistance_end_ohm"

_FLOAT = (
    "start_time_second",
    "end_time_second",
    "duration_second",
    "edge_uncertainty_second",
    "rest_before_second",
    "current_before_ampere",
    "voltage_before_volt",
    "current_ampere",
    "soc",
)
COLUMNS: dict[str, pl.DataType] = {
    "step_count": pl.Int64(),
    "direction": pl.String(),
    **dict.fromkeys(_FLOAT, pl.Float64()),
    "soc_basis": pl.String(),
    "temperature_celsius": pl.Float64(),
    "first_time_second": pl.Float64(),
    "resistance_first_ohm": pl.Float64(),
    **dict.fromkeys((*RESISTANCES, END), pl.Float64()),
    "polarisation_resistance_ohm": pl.Float64(),
    "recovery_volt": pl.Float64(),
    "recovery_time_second": pl.Float64(),
    "recovery_resistance_ohm": pl.Float64(),
    "first_record_index": pl.Int64(),
    "last_record_index": pl.Int64(),
}


def pulses(recording: Recording, battery: Battery | None = None) -> pl.DataFrame:
    """Every pulse of a recording, one row each: where it is, what came before it, and its resistance at stated times.

    Parameters
    ----------
    recording
        A series or a step sheet: ``test_time_second`` [s], ``current_ampere`` [A], ``voltage_volt`` [V]. A pulse is a charge or discharge
        of at most 60 s right after a rest, found by the current: steps that follow one another at the same current are one pulse, and
        one inside a step of the tester is found as well.
    battery
        Its limits say what full and empty are, and its rated capacity is what states of charge are shares of where no full discharge
        was measured.

    Returns
    -------
    In the order of the recording; empty where there is no pulse. Columns:

    - ``step_count``, the tester's step in which it begins; ``direction``: ``charge`` or ``discharge``;
    - ``start_time_second``, ``end_time_second``, ``duration_second`` [s]: the edges of the current; ``edge_uncertainty_second`` [s];
    - ``rest_before_second`` [s]; ``current_before_ampere`` [A], ``voltage_before_volt`` [V]: last readings of that rest;
    - ``current_ampere`` [A]: mean over the pulse, positive where it charges;
    - ``soc`` [1] before the pulse and its ``soc_basis`` (``measured`` or ``rated``): null where the battery was neither full nor empty
      before, or no capacity is known; ``temperature_celsius`` [°C], mean over the pulse;
    - ``resistance_first_ohm`` [ohm] at ``first_time_second`` [s], of the first sample with the whole current;
    - ``resistance_100ms_ohm``, ``…_1s_…``, ``…_2s_…``, ``…_5s_…``, ``…_10s_…``, ``…_18s_…``, ``…_30s_…``, ``resistance_end_ohm`` [ohm];
    - ``polarisation_resistance_ohm`` [ohm]: that at the end less the first;
    - ``recovery_volt`` [V]: from the pulse's last sample to the first of the rest after it, ``recovery_time_second`` [s] after the
      ending edge, and ``recovery_resistance_ohm`` [ohm]; null where no rest follows at once, the time also in a step sheet;
    - ``first_record_index``, ``last_record_index``.

    Raises
    ------
    UsageError
        As `cellwright.measure.steps`.

    Notes
    -----
    R(t) = (V(t) − V₀)/(I(t) − I₀), both of the same sample; V₀, I₀ are the last sample of the rest. A time is null where no sample
    lies within 10 % of it (the uncertainty of the edge included), or where the current has not stayed within 5 % of its greatest since
    the first tenth of that time. None of these is an ohmic resistance: that takes `pulse_fit` or a spectrum. A step sheet knows only
    the end. With uncertainties: `cellwright.measure.resistances`.
    """
    return tabulated(train(Course(recording, battery)))


def tabulated(found: Train) -> pl.DataFrame:
    """Return one row a pulse."""
    if not len(found):
        return pl.DataFrame(schema=COLUMNS)
    columns = _where(found) | _before(found) | _read(found) | _after(found)
    return pl.DataFrame({name: pl.Series(name, columns[name], kind, nan_to_null=True) for name, kind in COLUMNS.items()})


def _where(found: Train) -> dict[str, Any]:
    steps = found.course.steps
    return {
        "step_count": found.step_count,
        "direction": steps["kind"].gather(found.first),
        "start_time_second": found.of("start_time_second", found.first),
        "end_time_second": found.of("end_time_second", found.last),
        "duration_second": found.duration_s,
        "edge_uncertainty_second": found.of("edge_uncertainty_second", found.first),
        "current_ampere": _mean_current(found),
        "temperature_celsius": _temperature(found),
        "first_record_index": steps["first_record_index"].gather(found.first),
        "last_record_index": steps["last_record_index"].gather(found.last),
    }


def _mean_current(found: Train) -> Floats:
    """Mean over the steps of each pulse [A], by their lengths; nearly all are one step."""
    current, lasted = (found.course.steps[c].to_numpy() for c in ("mean_current_ampere", "duration_second"))
    through = np.append(0.0, np.cumsum(current * lasted))
    span = np.append(0.0, np.cumsum(lasted))
    several = found.last > found.first
    first, last = found.first[several], found.last[several] + 1
    mean = current[found.first]
    mean[several] = (through[last] - through[first]) / (span[last] - span[first])
    return mean


def _temperature(found: Train) -> Floats:
    name = "mean_temperature_celsius"
    return found.of(name, found.first) if name in found.course.steps.columns else np.full(len(found), np.nan)


def _before(found: Train) -> dict[str, Any]:
    course = found.course
    states: list[float | None] = course.charge_state
    basis = course.reference[1] if course.reference else None
    soc = [states[int(row)] for row in found.rest]
    return {
        "rest_before_second": found.rest_s,
        "current_before_ampere": found.of("last_current_ampere", found.rest),
        "voltage_before_volt": found.of("last_voltage_volt", found.rest),
        "soc": soc,
        "soc_basis": [None if s is None else basis for s in soc],
    }


def _read(found: Train) -> dict[str, Any]:
    if found.course.recording.sampling == "step":
        return _read_sheet(found)
    read: Moments = moments(found)
    times = resistance_at(found, read.at)
    end, first = resistance_at(found, read.end), resistance_at(found, read.first)
    return {
        "first_time_second": time_after(found, read.first),
        "resistance_first_ohm": first,
        **dict(zip(RESISTANCES, times.T, strict=True)),
        END: end,
        "polarisation_resistance_ohm": np.where(read.end > read.first, end - first, np.nan),
    }


def _read_sheet(found: Train) -> dict[str, Any]:
    """Read the end of each pulse, unless the current had fallen by then; it stands for a stated time where it came then."""
    held = np.abs(found.of("last_current_ampere", found.last)) >= (1 - STEADY) * np.abs(found.of("first_current_ampere", found.first))
    rows = np.where(held & (found.duration_s > 0), found.end - 1, NONE)
    end, unknown = resistance_at(found, rows), np.full(len(found), np.nan)
    at = [np.where(np.abs(found.duration_s - t) <= NEAR * t, end, np.nan) for t in TIMES_S]
    return {
        "first_time_second": unknown,
        "resistance_first_ohm": unknown,
        **dict(zip(RESISTANCES, at, strict=True)),
        END: end,
        "polarisation_resistance_ohm": unknown,
    }


def _after(found: Train) -> dict[str, Any]:
    """What the voltage did when the current ended; nothing where no rest came at once."""
    volt, current = (found.course.samples[c].to_numpy() for c in (VOLTAGE, CURRENT))
    last, follows = found.end - 1, _follows(found)
    there = rests_at_once(found)
    jump, change = volt[follows] - volt[last], current[follows] - current[last]
    timed = there & (found.course.recording.sampling == "series")
    return {
        "recovery_volt": np.where(there, jump, np.nan),
        "recovery_time_second": np.where(timed, np.maximum(_late(found), 0.0).round(MICROSECOND), np.nan),
        "recovery_resistance_ohm": np.divide(jump, change, out=np.full(len(jump), np.nan), where=there & (change != 0)),
    }


def rests_at_once(found: Train) -> NDArray[np.bool_]:
    """Tell after which pulses a rest was read at once, so that what its first reading shows is the current's end and no pause."""
    resting = np.append((found.course.steps["kind"] == "rest").to_numpy(), False)
    return resting[found.last + 1] & (_late(found) <= _usual(found))


def _follows(found: Train) -> Rows:
    """Return the sample after each pulse's last."""
    return np.minimum(found.end, found.course.samples.height - 1)


def _late(found: Train) -> Floats:
    """Return how long after the ending edge the next sample came [s]."""
    return found.course.samples[TIME].to_numpy()[_follows(found)] - found.of("end_time_second", found.last)


def _usual(found: Train) -> Floats:
    """How late [s] the first reading of a rest comes that follows at once: by its own sampling, else it was a pause."""
    steps = found.course.steps
    after = np.minimum(found.last + 1, steps.height - 1)
    if found.course.recording.sampling == "step":
        return np.ones(len(found))
    return PAUSE * np.nan_to_num(found.of("longest_interval_second", after), nan=0.0) + 10.0**-MICROSECOND
