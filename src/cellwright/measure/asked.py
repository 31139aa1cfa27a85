"""What a procedure asks beside a reference cycle and pulses: a long rest, a titration, a charge ended by time, spectra, single cells."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from typing import Any

import numpy as np
import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES
from cellwright.core.messages import Message, message
from cellwright.core.procedure import Cells, LongRest, Partial, Procedure, Pulses, Spectra, Titration
from cellwright.core.recording import Recording
from cellwright.measure.bounds import too_short
from cellwright.measure.course import Course
from cellwright.measure.impedance.spectrum import spectra
from cellwright.measure.modules.string import String, why_no_cells
from cellwright.measure.pulse.trains import train
from cellwright.measure.rest import Rest, rests

FEWEST_TITRATIONS = 3


def does_not_fit(course: Course, procedure: Procedure) -> Message | None:
    """Say so where a recording has nothing of what a procedure measures, so that no figure of it can be held against anything."""
    if procedure.pulses and not procedure.discharge and not len(train(course)):
        return message("measure.does_not_fit", name=procedure.name, what="measure.fit_pulses")
    if procedure.long_rest and longest_rest(course) is None:
        return message("measure.does_not_fit", name=procedure.name, what="measure.fit_long_rest")
    if procedure.titration and _stopping(course, procedure.titration) < FEWEST_TITRATIONS:
        return message("measure.does_not_fit", name=procedure.name, what="measure.fit_titration")
    if procedure.partial and course.main.filter(kind=procedure.partial.direction).is_empty():
        return message("measure.does_not_fit", name=procedure.name, what="measure.fit_partial")
    return None


def _stopping(course: Course, asked: Titration) -> int:
    """How many charges or discharges in a titration's direction have a rest right after them."""
    kind = pl.col("kind")
    return course.steps.filter((kind == asked.direction) & ~pl.col("pulse") & (kind.shift(-1) == "rest")).height


def longest_rest(course: Course) -> Rest | None:
    """Return the longest rest after a current; None where there is none."""
    return max((rest for rest in rests(course) if rest.first), key=lambda rest: rest.duration_s, default=None)


def rest_deviations(course: Course, asked: LongRest) -> Iterator[Message]:
    """Hold the longest rest against the one that is asked for."""
    rest = longest_rest(course)
    found = rest.duration_s if rest else 0.0
    if rest is None or too_short(found, asked.duration_s, course.unsure_rest(rest.first)):
        yield message("measure.long_rest_too_short", found_s=found, asked_s=asked.duration_s)
    if rest is None:
        return
    before = course.rows[rest.first - 1]
    if before["kind"] != asked.after:
        yield message("measure.long_rest_after", step=course.rows[rest.first]["step_count"], asked=f"measure.{asked.after}")
    if asked.state_of_charge is None:
        return
    state = course.charge_state[rest.first - 1]
    if state is None:
        yield message("measure.rest_soc_unknown", step=course.rows[rest.first]["step_count"])
    elif abs(state - asked.state_of_charge) > asked.within:
        where = {"step": course.rows[rest.first]["step_count"]}
        yield message("measure.rest_soc_off", **where, found_percent=100 * state, asked_percent=100 * asked.state_of_charge)


def titration_steps(course: Course, asked: Titration) -> pl.DataFrame:
    """Return the steps that are those of a titration, with their ``row``."""
    if course.reference is None or not course.c_rate(1.0):
        return course.main.clear()
    return _at_rate(course, asked).filter(
        (pl.col("step_net_capacity_ah").abs() / course.reference[0] - asked.step).abs() <= asked.tolerance * asked.step
    )


def titration_deviations(course: Course, asked: Titration) -> Iterator[Message]:
    """Name what a titration lacks: a rate to go by, steps, or rests long enough after them."""
    if course.reference is None or not course.c_rate(1.0):
        yield message("measure.no_rate_basis")
        return
    steps = titration_steps(course, asked)
    if steps.height < asked.count:
        yield message(
            "measure.titration_steps_missing",
            found=steps.height,
            asked=asked.count,
            direction=f"measure.{asked.direction}",
            c_rate=asked.c_rate,
            step_percent=100 * asked.step,
        )
    rested = [(_rest_after(course, row), _unsure_after(course, row)) for row in steps["row"]]
    short = [found for found, unsure in rested if too_short(found, asked.rest_after_s, unsure)]
    if short:
        yield message("measure.titration_rests_too_short", count=len(short), found_s=min(short), asked_s=asked.rest_after_s)


def partial_step(course: Course, asked: Partial) -> int | None:
    """Return the row of the charge or discharge that was ended by time; None where there is none."""
    if not course.c_rate(1.0):
        return None
    near = (pl.col("duration_second") - asked.duration_s).abs() <= asked.tolerance * asked.duration_s
    rows = _at_rate(course, asked).filter(near)["row"]
    return int(rows[0]) if len(rows) else None


def partial_deviations(course: Course, asked: Partial) -> Iterator[Message]:
    """Name what a charge or discharge ended by time lacks."""
    if not course.c_rate(1.0):
        yield message("measure.no_rate_basis")
        return
    row = partial_step(course, asked)
    if row is None:
        yield _nearest_partial(course, asked)
        return
    step = course.rows[row]["step_count"]
    before = course.rest_before(row)
    if too_short(found := before[1] if before else 0.0, asked.rest_before_s, course.unsure_rest(before[0]) if before else 0.0):
        yield message("measure.rest_before_too_short", step=step, found_s=found, asked_s=asked.rest_before_s)
    if too_short(found := _rest_after(course, row), asked.rest_after_s, _unsure_after(course, row)):
        yield message("measure.rest_too_short", step=step, found_s=found, asked_s=asked.rest_after_s)


def _nearest_partial(course: Course, asked: Partial) -> Message:
    """Say what the charge or discharge was that comes nearest to the one that is asked for."""
    ran = [(course.c_rate(s["mean_current_ampere"])["c_rate"], s) for s in course.main.filter(kind=asked.direction).rows(named=True)]
    rate, step = min(ran, key=lambda r: abs(r[0] / asked.c_rate - 1) + abs(r[1]["duration_second"] / asked.duration_s - 1))
    wanted = {"direction": f"measure.{asked.direction}", "c_rate": asked.c_rate, "duration_s": asked.duration_s}
    near = {"step": step["step_count"], "found_c_rate": rate, "found_s": step["duration_second"]}
    return message("measure.partial_missing", **wanted, **near)


def between_deviations(course: Course, asked: Pulses) -> Iterator[Message]:
    """Name the discharges between two states of charge that ran at another rate."""
    if asked.between_c_rate is None or not course.c_rate(1.0):
        return
    pulses = course.steps.with_row_index("row").filter("pulse")["row"]
    if not len(pulses):
        return
    for step in course.main.filter(pl.col("row").is_between(pulses[0], pulses[-1]), kind="discharge").rows(named=True):
        found = course.c_rate(step["mean_current_ampere"])
        if abs(found["c_rate"] - asked.between_c_rate) > asked.tolerance * asked.between_c_rate:
            yield message(
                "measure.wrong_rate",
                step=step["step_count"],
                direction="measure.discharge",
                found=found["c_rate"],
                basis=f"measure.{found['c_rate_basis']}_capacity",
                asked=asked.between_c_rate,
            )


def spectrum_deviations(recording: Recording, asked: Spectra) -> Iterator[Message]:
    """Name the spectra that do not reach as far, or are not as dense, as is asked."""
    found = spectra(recording)
    if not found:
        yield message("measure.no_spectrum", file=recording.source.file)
    for number, spectrum in enumerate(found, start=1):
        high, low = float(spectrum.frequency_hertz[0]), float(spectrum.frequency_hertz[-1])
        edge = 10 ** (1 / asked.points_per_decade)  # the last point may lie one step inside
        if high < asked.highest_hertz / edge or low > asked.lowest_hertz * edge:
            ends = {"found_low": low, "found_high": high, "asked_low": asked.lowest_hertz, "asked_high": asked.highest_hertz}
            yield message("measure.spectrum_too_narrow", number=number, **ends)
        points = len(np.unique(spectrum.frequency_hertz))
        dense = (points - 1) / log10(high / low) if high > low else 0.0
        if round(dense, 6) < asked.points_per_decade:
            yield message("measure.spectrum_too_sparse", number=number, found=dense, asked=asked.points_per_decade)


def cell_deviations(course: Course, asked: Cells, measured: pl.DataFrame) -> Iterator[Message]:
    """Name what is not as asked of the single cells: voltages, limits, how far apart, probes."""
    if missing := why_no_cells(course):
        yield missing
    else:
        yield from _string(String(course), asked, measured)
    yield from _probes(course, asked, measured)


def _string(string: String, asked: Cells, measured: pl.DataFrame) -> Iterator[Message]:
    battery = string.course.battery
    if battery and battery.series and battery.series != string.cells:
        yield message("measure.cells_not_all", found=string.cells, asked=battery.series)
    for limit, extreme, way in ((string.upper, np.fmax, 1), (string.lower, np.fmin, -1)):
        furthest = extreme.reduce(string.volts, axis=0).astype(np.float64)
        cell = int(np.nanargmax(way * furthest))
        if limit and limit.basis == "battery" and way * (furthest[cell] - limit.volt) > asked.beyond_volt:
            yield message("measure.cell_beyond_limit", cell=cell + 1, volt=float(furthest[cell]), limit_volt=limit.volt)
    rest = _rest_before(string.course, measured)
    if rest is None:
        return
    volts = string.at(string.last_sample(rest))
    apart = float(np.nanmax(volts) - np.nanmin(volts)) if np.isfinite(volts).any() else 0.0
    if apart > asked.rest_spread_volt:
        where = {"step": string.course.rows[rest]["step_count"]}
        yield message("measure.cells_apart", **where, found_mv=1e3 * apart, asked_mv=1e3 * asked.rest_spread_volt)


def _probes(course: Course, asked: Cells, measured: pl.DataFrame) -> Iterator[Message]:
    if CELL_TEMPERATURES not in course.samples.columns:
        yield message("measure.probes_missing", found=0, asked=asked.probes)
        return
    celsius: Any = course.samples[CELL_TEMPERATURES].to_numpy()
    read = np.isfinite(celsius).any(axis=0)
    if read.sum() < asked.probes:
        yield message("measure.probes_missing", found=int(read.sum()), asked=asked.probes)
    row = _first_row(course, measured)
    if row is None or not read.any():
        return
    start = celsius[course.span(row, row).start][read]
    apart = float(np.nanmax(start) - np.nanmin(start)) if np.isfinite(start).any() else 0.0
    if apart > asked.probe_spread_kelvin:
        yield message("measure.probes_apart", found=apart, asked=asked.probe_spread_kelvin)


def _first_row(course: Course, measured: pl.DataFrame) -> int | None:
    """Return the row, in the steps, of the first of what is measured."""
    if not measured.height:
        return None
    begins = measured["first_record_index"][0]
    return next((row for row, step in enumerate(course.rows) if step["first_record_index"] == begins), None)


def _rest_before(course: Course, measured: pl.DataFrame) -> int | None:
    row = _first_row(course, measured)
    before = course.rest_before(row) if row is not None else None
    return before[0] if before else None


def _at_rate(course: Course, asked: Titration | Partial) -> pl.DataFrame:
    """Return the charges or discharges, no pulses, at the rate that is asked for."""
    asked_ampere = asked.c_rate / course.c_rate(1.0)["c_rate"]
    near = (pl.col("mean_current_ampere").abs() - asked_ampere).abs() <= asked.tolerance * asked_ampere
    return course.main.filter(near, kind=asked.direction)


def _rest_after(course: Course, row: int) -> float:
    """Return how long the rest just after a step was [s]."""
    total, after = 0.0, row + 1
    while after < len(course.rows) and course.rows[after]["kind"] == "rest":
        total += course.rows[after]["duration_second"]
        after += 1
    return total


def _unsure_after(course: Course, row: int) -> float:
    """Return by how much the rest just after a step may have been longer than recorded [s]."""
    rests_after = row + 1 < len(course.rows) and course.rows[row + 1]["kind"] == "rest"
    return course.unsure_rest(row + 1) if rests_after else 0.0
