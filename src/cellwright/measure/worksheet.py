"""A procedure as a sheet that a technician can follow: what to do, in order, in figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.procedure import Charge, Cited, Discharge, LongRest, Partial, Preconditioning, Procedure, Pulses, Spectra, Titration

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def sheet(procedure: Procedure, battery: Battery | None = None) -> tuple[Message, ...]:
    """Write out a procedure step by step.

    Parameters
    ----------
    procedure
        A shipped one or the user's.
    battery
        With its rated capacity the currents stand in amperes as well, with its limits the voltages in volts.

    Returns
    -------
    The steps in the order in which they are done, one message each; a step whose figures have a source of their own is followed by it.
    """
    found: list[Message] = []
    words = _Words(battery)
    for step in _steps(procedure, words):
        found.append(step)
        words.steps += step.code != "measure.sheet_source"
    return tuple(found)


class _Words:
    """Figures as they stand on the sheet, for one battery where it is known."""

    def __init__(self, battery: Battery | None) -> None:
        self.capacity = battery.rated_capacity_ah if battery else None
        self.upper = _volt(battery.maximum_voltage_volt if battery else None, "measure.sheet_upper")
        self.lower = _volt(battery.minimum_voltage_volt if battery else None, "measure.sheet_lower")
        self.steps = 0
        """How many steps are written so far."""

    def rate(self, c_rate: float) -> str:
        """Return a rate, and its current where the capacity is known: ``0.5C (25 A)``."""
        return f"{c_rate:.4g}C" + (f" ({c_rate * self.capacity:.4g} A)" if self.capacity else "")

    def amount(self, share: float, sign: str = "") -> str:
        """Return a share of the capacity as charge, where that is known: `` (2.5 Ah)``."""
        return f" ({sign}{share * self.capacity:.4g} Ah)" if self.capacity else ""


def _volt(volt: float | None, otherwise: str) -> str:
    return otherwise if volt is None else f"{volt:g} V"


def _time(seconds: float) -> str:
    """Return a time in the largest unit that it is a whole number of."""
    return next((f"{seconds / size:g} {unit}" for size, unit in _UNITS if seconds >= size and seconds % size == 0), f"{seconds:g} s")


def _steps(procedure: Procedure, words: _Words) -> Iterator[Message]:
    level = f"measure.level_{procedure.level}" if procedure.level else "measure.sheet_any_level"
    if procedure.spectra:
        yield message("measure.sheet_identify", level=level)
    else:
        prepare = "measure.sheet_prepare" if words.capacity else "measure.sheet_prepare_rates"
        yield message(prepare, level=level, upper=words.upper, lower=words.lower)
    if procedure.long_rest and procedure.level != "cell":
        yield message("measure.sheet_no_balancing")
    if procedure.cells:
        asked = procedure.cells
        spread = {"rest_mv": 1e3 * asked.rest_spread_volt, "kelvin": asked.probe_spread_kelvin}
        yield message("measure.sheet_cells", probes=asked.probes, beyond_mv=1e3 * asked.beyond_volt, **spread)
        yield from _cited(asked)
    if procedure.sampling_interval_s is not None:
        yield message("measure.sheet_sampling", interval=_time(procedure.sampling_interval_s))
    yield message(
        "measure.sheet_soak",
        celsius=procedure.temperature_celsius,
        tolerance=procedure.temperature_tolerance_kelvin,
        time=_time(procedure.soak_s),
    )
    yield from _current(procedure, words)
    yield message("measure.sheet_save", name=procedure.name)


def _current(procedure: Procedure, words: _Words) -> Iterator[Message]:
    """Write out what is done with current, in its order."""
    if not procedure.charge:
        yield message("measure.sheet_as_it_is")
    begins = words.steps + 1
    if procedure.charge:
        yield from _charge(procedure.charge, words)
    if procedure.discharge:
        yield from _discharge(procedure.discharge, words)
    if procedure.preconditioning:
        yield from _repeat(procedure.preconditioning, procedure, (begins, words.steps))
    for part, written in (
        (procedure.pulses, _pulses),
        (procedure.titration, _titration),
        (procedure.partial, _partial),
        (procedure.long_rest, _long_rest),
        (procedure.spectra, _spectra),
    ):
        if part is not None:
            yield from written(part, words)  # pyright: ignore[reportArgumentType]
            if not isinstance(part, Pulses):
                yield from _cited(part)


def _charge(asked: Charge, words: _Words) -> Iterator[Message]:
    told = {"rate": words.rate(asked.c_rate), "percent": 100 * asked.tolerance, "upper": words.upper}
    if asked.taper_c_rate is None:
        yield message("measure.sheet_charge", **told)
    else:
        yield message("measure.sheet_charge_held", **told, taper=words.rate(asked.taper_c_rate))
    yield from _cited(asked)
    if asked.rest_after_s:
        yield message("measure.sheet_rest", time=_time(asked.rest_after_s))


def _discharge(asked: Discharge, words: _Words) -> Iterator[Message]:
    yield message("measure.sheet_discharge", rate=words.rate(asked.c_rate), percent=100 * asked.tolerance, lower=words.lower)
    yield from _cited(asked)
    if asked.rest_after_s:
        yield message("measure.sheet_rest", time=_time(asked.rest_after_s))


def _repeat(asked: Preconditioning, procedure: Procedure, steps: tuple[int, int]) -> Iterator[Message]:
    told = {"first": steps[0], "last": steps[1], "percent": 100 * asked.within, "most": asked.maximum_cycles}
    if procedure.level is None:
        yield message("measure.sheet_repeat_any", cells=asked.agreeing_cells, packs=asked.agreeing_packs, **told)
    else:
        count = asked.agreeing_cells if procedure.level == "cell" else asked.agreeing_packs
        yield message("measure.sheet_repeat", count=count, **told)
    yield from _cited(asked)


def _pulses(asked: Pulses, words: _Words) -> Iterator[Message]:
    if asked.states_of_charge:
        levels = [f"{100 * soc:g} %" + (words.amount(1 - soc, "−") if soc < 1 else "") for soc in asked.states_of_charge]
        rate = words.rate(asked.between_c_rate) if asked.between_c_rate else "measure.sheet_any_rate"
        steps = {"first": words.steps + 2, "last": words.steps + 1 + len(asked.sequence)}
        yield message("measure.sheet_levels", levels=levels, rate=rate, within=100 * asked.within, **steps)
        yield from _cited(asked)
    for pulse in asked.sequence:
        yield message(
            "measure.sheet_pulse",
            rest=_time(pulse.rest_before_s),
            direction=f"measure.{pulse.direction}",
            rate=words.rate(pulse.c_rate),
            time=_time(pulse.duration_s),
            percent=100 * asked.tolerance,
        )
        yield from _cited(pulse)
    if not asked.states_of_charge:
        yield from _cited(asked)


def _titration(asked: Titration, words: _Words) -> Iterator[Message]:
    yield message(
        "measure.sheet_titration",
        direction=f"measure.{asked.direction}",
        rate=words.rate(asked.c_rate),
        percent=100 * asked.tolerance,
        limit=words.upper if asked.direction == "charge" else words.lower,
        amount=words.amount(asked.step),
        step_percent=100 * asked.step,
        rest=_time(asked.rest_after_s),
        count=asked.count,
    )


def _partial(asked: Partial, words: _Words) -> Iterator[Message]:
    yield message("measure.sheet_rest", time=_time(asked.rest_before_s))
    limit = words.upper if asked.direction == "charge" else words.lower
    told: dict[str, Any] = {"direction": f"measure.{asked.direction}", "rate": words.rate(asked.c_rate), "limit": limit}
    yield message("measure.sheet_partial", **told, time=_time(asked.duration_s), percent=100 * asked.tolerance)
    yield message("measure.sheet_rest", time=_time(asked.rest_after_s))


def _long_rest(asked: LongRest, words: _Words) -> Iterator[Message]:
    del words
    if asked.state_of_charge is None:
        yield message("measure.sheet_long_rest", time=_time(asked.duration_s))
    else:
        yield message("measure.sheet_long_rest_at", time=_time(asked.duration_s), soc_percent=100 * asked.state_of_charge)


def _spectra(asked: Spectra, words: _Words) -> Iterator[Message]:
    del words
    yield message("measure.sheet_spectrum", high=asked.highest_hertz, low=asked.lowest_hertz, points=asked.points_per_decade)


def _cited(part: Cited) -> Iterator[Message]:
    """Say where the figures of a step come from, where that is not as for the whole."""
    if part.source is not None:
        clause = f", {part.clause}" if part.clause else ""
        yield message("measure.sheet_source", source=f"{part.source}{clause}", status=f"measure.status_{part.status or 'assumed'}")
