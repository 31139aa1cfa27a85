"""A recording held against a procedure: every departure, named."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import polars as pl

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.procedure import Charge, Discharge, Preconditioning, Procedure
from cellwright.core.recording import Recording
from cellwright.measure.asked import (
    between_deviations,
    cell_deviations,
    does_not_fit,
    longest_rest,
    partial_deviations,
    partial_step,
    rest_deviations,
    spectrum_deviations,
    titration_deviations,
    titration_steps,
)
from cellwright.measure.bounds import control_deviations, limit_deviations, temperature_deviations, too_short
from cellwright.measure.course import Course, FullDischarge
from cellwright.measure.discharge import no_full_discharge
from cellwright.measure.edges import MICROSECOND
from cellwright.measure.impedance.spectrum import spectra
from cellwright.measure.pulsing import pulse_deviations
from cellwright.measure.stepping import time_order

PASSED_TAPER = 0.2
"""Share of the current at which a charge is to end by which it may fall lower: testers stop at the first sample below it."""


def check(recording: Recording, procedure: Procedure, battery: Battery | None = None) -> tuple[Message, ...]:
    """Name every way in which a recording departs from a procedure.

    Parameters
    ----------
    recording
        A series or a step sheet; of anything else the one deviation says what it is.
    procedure
        How it was meant to be run.
    battery
        Its rated capacity is what rates are multiples of, its voltage limits are the cut-offs; without them the capacity that was
        measured and the limits that occur stand in.

    Returns
    -------
    The deviations, one message each; empty where there is none. What the recording cannot show, such as a temperature that was not
    recorded or a soak before it began, is a deviation as well: nothing is taken for granted.
    """
    course = Course(recording, battery)
    general = tuple(_level(battery, procedure))
    if procedure.spectra:
        general += (*spectrum_deviations(recording, procedure.spectra), *_warmth_of_spectra(recording, procedure))
    if course.unsuited and procedure.spectra:  # a spectrum by itself shows nothing of what came before it
        return (*general, message("measure.soak_not_shown", shown_s=0.0, asked_s=procedure.soak_s))
    if course.unsuited:
        return (*general, course.unsuited)
    return tuple(dict.fromkeys((*general, *_deviations(course, procedure))))  # a missing rating is said once


def _level(battery: Battery | None, procedure: Procedure) -> Iterator[Message]:
    if procedure.level and battery and battery.level != procedure.level:
        yield message("measure.wrong_level", found=f"measure.level_{battery.level}", asked=f"measure.level_{procedure.level}")


def _warmth_of_spectra(recording: Recording, procedure: Procedure) -> Iterator[Message]:
    """Hold the temperature of each spectrum against the one that is asked for."""
    for number, spectrum in enumerate(spectra(recording), start=1):
        found = spectrum.conditions.get("temperature_celsius")
        asked, tolerance = procedure.temperature_celsius, procedure.temperature_tolerance_kelvin
        if found is None:
            yield message("measure.temperature_not_recorded")
            return
        if abs(found - asked) > tolerance:
            yield message("measure.spectrum_temperature_off", number=number, found=found, asked=asked, tolerance=tolerance)


def _deviations(course: Course, procedure: Procedure) -> Iterator[Message]:
    if (misfit := does_not_fit(course, procedure)) is not None:
        yield misfit
        return
    if (backwards := time_order(course.recording)) is not None:
        yield backwards
    yield from _soak(course, procedure)
    yield from limit_deviations(course)
    if procedure.discharge or procedure.pulses:
        measured = yield from _cycle_or_pulses(course, procedure)
    else:
        measured = yield from _other(course, procedure)
    if procedure.cells:
        yield from cell_deviations(course, procedure.cells, measured)
    if not procedure.spectra:
        yield from temperature_deviations(course, measured, procedure)
        yield from _sampling(course, measured, procedure)


def _cycle_or_pulses(course: Course, procedure: Procedure) -> Generator[Message, None, pl.DataFrame]:
    """Hold a reference discharge or pulses against what is asked, and return the steps that are measured."""
    measured = course.main
    if procedure.discharge:
        discharge = next(iter(course.ranked), None)
        if discharge is None:
            yield no_full_discharge(course)
        else:
            measured = course.steps[discharge.first : discharge.last + 1]
            yield from _reference_cycle(course, procedure, discharge)
    if procedure.pulses:
        measured = course.steps.filter("pulse")
        yield from pulse_deviations(course, procedure.pulses)
        yield from between_deviations(course, procedure.pulses)
        if procedure.charge and not procedure.discharge:
            yield from _charge_before(course, procedure.charge, measured)
    return measured


def _other(course: Course, procedure: Procedure) -> Generator[Message, None, pl.DataFrame]:
    """Hold a long rest, a titration or a charge ended by time against what is asked, and return the steps that are measured."""
    measured = course.main
    if procedure.long_rest:
        rest = longest_rest(course)
        measured = course.steps[rest.first : rest.last + 1] if rest else course.steps.clear()
        yield from rest_deviations(course, procedure.long_rest)
    if procedure.titration:
        measured = titration_steps(course, procedure.titration)
        yield from titration_deviations(course, procedure.titration)
    if procedure.partial:
        row = partial_step(course, procedure.partial)
        measured = course.steps.clear() if row is None else course.steps[row : row + 1]
        yield from partial_deviations(course, procedure.partial)
    if procedure.charge:
        yield from _charge_before(course, procedure.charge, measured)
    return measured


def _charge_before(course: Course, asked: Charge, measured: pl.DataFrame) -> Iterator[Message]:
    """Hold the last charge to the upper limit before what is measured against the one that is asked for."""
    before = measured["first_record_index"].min() if measured.height else None
    full = [row for row in np.flatnonzero(course.filled) if before is None or course.rows[row]["first_record_index"] < before]
    if not full:
        yield message("measure.no_charge_before")
        return
    yield from _charge(course, asked, int(full[-1]))
    yield from _rest_after(course, asked, int(full[-1]))


def _soak(course: Course, procedure: Procedure) -> Iterator[Message]:
    first = next((row for row, step in enumerate(course.rows) if step["kind"] != "rest"), len(course.rows))
    rest = course.rest_before(first)
    shown = rest[1] if rest else 0.0
    if too_short(shown, procedure.soak_s, course.unsure_rest(rest[0]) if rest else 0.0):
        yield message("measure.soak_not_shown", shown_s=shown, asked_s=procedure.soak_s)


def _reference_cycle(course: Course, procedure: Procedure, discharge: FullDischarge) -> Iterator[Message]:
    """Hold the cycle that is used, and those that have to agree with it, against what is asked of each."""
    alike = (discharge,)
    if procedure.preconditioning:
        alike = _up_to(course, discharge)[-_agreeing(course, procedure.preconditioning) :]
    for each in alike:
        if procedure.discharge:
            yield from _rate(course, procedure.discharge, course.mean_current(each.first, each.last), each.first)
            yield from control_deviations(course, each.first, each.last)
            yield from _rest_after(course, procedure.discharge, each.last)
        if procedure.charge:
            charge = int(course.main.filter(pl.col("row") < each.first, kind="charge")["row"][-1])
            yield from _full(course, charge)
            yield from _charge(course, procedure.charge, charge)
            yield from _rest_after(course, procedure.charge, charge)
    if procedure.preconditioning:
        yield from _preconditioning(course, procedure.preconditioning, discharge)


def _full(course: Course, charge: int) -> Iterator[Message]:
    """Name a charge that stopped short of the upper limit, though as much went in as had come out."""
    if not course.filled[charge] and course.upper:
        found = {"step": _number(course, charge), "found_volt": course.rows[charge]["last_voltage_volt"]}
        yield message("measure.charge_stopped", **found, limit_volt=course.upper.volt)


def _up_to(course: Course, discharge: FullDischarge) -> tuple[FullDischarge, ...]:
    return tuple(d for d in course.full_discharges if d.first <= discharge.first)


def _agreeing(course: Course, asked: Preconditioning) -> int:
    """Return how many capacities in a row have to agree for this battery."""
    level = course.battery.level if course.battery else "cell"
    return asked.agreeing_cells if level == "cell" else asked.agreeing_packs


def _rate(course: Course, asked: Charge | Discharge, current: float, row: int) -> Iterator[Message]:
    found = course.c_rate(current)
    if not found:
        yield message("measure.no_rate_basis")
        return
    if abs(found["c_rate"] - asked.c_rate) > asked.tolerance * asked.c_rate:
        yield message(
            "measure.wrong_rate",
            step=_number(course, row),
            direction=f"measure.{course.rows[row]['kind']}",
            found=found["c_rate"],
            basis=f"measure.{found['c_rate_basis']}_capacity",
            asked=asked.c_rate,
        )


def _charge(course: Course, asked: Charge, last: int) -> Iterator[Message]:
    first = last
    while first and course.rows[first - 1]["kind"] == "charge":  # the taper may be a step of its own
        first -= 1
    yield from _rate(course, asked, max(step["first_current_ampere"] for step in course.rows[first : last + 1]), first)
    if asked.taper_c_rate is None or not course.c_rate(1.0):
        return
    ended = course.c_rate(course.rows[last]["last_current_ampere"])["c_rate"]
    if ended > asked.taper_c_rate * (1 + asked.tolerance):
        yield message("measure.taper_not_reached", step=_number(course, last), found=ended, asked=asked.taper_c_rate)
    elif ended < asked.taper_c_rate * (1 - PASSED_TAPER):
        yield message("measure.taper_passed", step=_number(course, last), found=ended, asked=asked.taper_c_rate)


def _rest_after(course: Course, asked: Charge | Discharge, row: int) -> Iterator[Message]:
    after = row + 1
    while after < len(course.rows) and course.rows[after]["kind"] == "rest":
        after += 1
    rest = course.rest_before(after) if after > row + 1 else None
    found = rest[1] if rest else 0.0
    if too_short(found, asked.rest_after_s, course.unsure_rest(rest[0]) if rest else 0.0):
        yield message("measure.rest_too_short", step=_number(course, row), found_s=found, asked_s=asked.rest_after_s)


def _preconditioning(course: Course, asked: Preconditioning, discharge: FullDischarge) -> Iterator[Message]:
    """Hold the capacities up to the one that is used against the agreement that is asked of them."""
    if discharge.previous is None:
        yield message("measure.unconditioned", step=_number(course, discharge.first))
    before = _up_to(course, discharge)
    if len(before) > asked.maximum_cycles:
        yield message("measure.too_many_cycles", found=len(before), asked=asked.maximum_cycles)
    count = _agreeing(course, asked)
    taken = [-(course.net(d.first, d.last) or 0.0) for d in before[-count:]]
    if len(taken) < count:
        yield message("measure.too_few_cycles", found=len(taken), asked=count)
        yield from _stopped(course)
        return
    rated = course.battery.rated_capacity_ah if course.battery and course.battery.rated_capacity_ah else taken[-1]
    apart = (max(taken) - min(taken)) / rated
    if apart > asked.within:
        yield message("measure.cycles_disagree", count=count, found_percent=100 * apart, asked_percent=100 * asked.within)


def _stopped(course: Course) -> Iterator[Message]:
    """Name the discharges from full that stopped short of the lower limit, so that they give no capacity."""
    for first, last in course.discharges:
        if course.lower and not course.emptied[last] and course.full_before(first, last) is not None:
            found = {"step": _number(course, last), "found_volt": course.rows[last]["last_voltage_volt"]}
            yield message("measure.discharge_short", **found, limit_volt=course.lower.volt)


def _sampling(course: Course, measured: pl.DataFrame, procedure: Procedure) -> Iterator[Message]:
    if course.recording.sampling == "step":
        yield message("measure.only_ends_recorded")
        return
    if procedure.sampling_interval_s is None:
        return
    coarse = measured.filter(pl.col("longest_interval_second").round(MICROSECOND) > procedure.sampling_interval_s)
    if coarse.height:
        longest: Any = coarse["longest_interval_second"].max()
        yield message("measure.sampling_too_coarse", count=coarse.height, found_s=longest, asked_s=procedure.sampling_interval_s)


def _number(course: Course, row: int) -> int:
    return int(course.rows[row]["step_count"])
