"""Peaks of incremental capacity and of differential voltage: where, how high, and how much charge lies under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent, from_components
from cellwright.measure.incremental.curve import RESOLVED, SweepCurve
from cellwright.measure.incremental.smoothing import local_polynomial

PEAK = Method("peak/local-polynomial", "1", "Fan and Gijbels, Local Polynomial Modelling and Its Applications (1996)")

SIGNIFICANT = 3.0
"""A peak stands out of the valleys beside it by more than so many standard uncertainties of the difference."""

WIDER = 1.5
"""A peak's place needs a window wider than its height does: it is where the second derivative is none."""

DEGREE = 6
AT_EDGE = 5
"""What lies within so many bins of an end is the edge of the sweep, not a peak."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Peak:
    """A peak of a curve.

    Parameters
    ----------
    position
        ``peak_voltage`` [V] of dQ/dV, ``peak_capacity`` [Ah] of dV/dQ.
    height
        ``peak_height`` [Ah/V] or [V/Ah]; absent where the slope there is not told from none: then the peak is higher than can be said.
    area
        ``peak_area``: the charge [Ah] or the voltage [V] between the valleys on its two sides.
    """

    position: Quantity
    height: Quantity
    area: Quantity


def peaks(curve: SweepCurve) -> tuple[Peak, ...]:
    """Peaks of a curve, in the order in which the sweep met them.

    Parameters
    ----------
    curve
        From `incremental_capacity` or `differential_voltage`.

    Returns
    -------
    Those that stand out of the valleys on both sides by more than three standard uncertainties. Conditions: those of the curve, with
    ``between_volt`` and ``between_ah``, where the valleys lie.

    Notes
    -----
    dQ/dV peaks where V(Q) turns: at the zero of V''(Q), from a local polynomial of sixth degree through the readings, as a lower one
    is drawn to the flatter side of a peak; u(Q) = u(V'') / |V'''|, u(V) = V'·u(Q). The area is the difference of charge (of voltage)
    between the valleys, which are where dQ/dV (dV/dQ) is least.
    """
    least = curve.name == "incremental_capacity"
    tops = _significant(-curve.slope if least else curve.slope, curve.slope_uncertainty)
    found: list[Peak] = []
    for number, (top, *sides) in enumerate(tops, start=1):
        turn = _turn(curve, top, least=least)
        valleys = [_valley(curve, side, least=not least) for side in sides]
        found.append((_of_capacity if least else _of_voltage)(curve, turn, valleys, number))
    return tuple(found)


def _significant(signal: Floats, uncertainty: Floats) -> list[tuple[int, int, int]]:
    """Return peaks that stand out, each with its two valleys, the least first: what does not stand out is merged with its neighbour."""
    tops = find_peaks(signal)[0].tolist()
    valleys = [0, *(a + int(np.argmin(signal[a:b])) for a, b in pairwise(tops)), len(signal) - 1]
    if tops:
        valleys[0], valleys[-1] = int(np.argmin(signal[: tops[0] + 1])), tops[-1] + int(np.argmin(signal[tops[-1] :]))

    def standing_out(n: int, valley: int) -> float:
        return float((signal[tops[n]] - signal[valley]) / np.hypot(uncertainty[tops[n]], uncertainty[valley]))

    while tops:
        sides = [(standing_out(n, valleys[n + side]), n, side) for n in range(len(tops)) for side in (0, 1)]
        least, n, side = min(sides)
        if least > SIGNIFICANT:
            break
        other = n + (1 if side else -1)  # the two tops that share this valley: the lower one goes
        outer = not 0 <= other < len(tops)
        del valleys[n + side]
        del tops[n if outer or signal[tops[n]] <= signal[tops[other]] else other]
    found = [(top, valleys[n], valleys[n + 1]) for n, top in enumerate(tops)]
    return [f for f in found if AT_EDGE <= f[0] < len(signal) - AT_EDGE]


@dataclass(frozen=True)
class _Turn:
    """Where the slope is extreme: place [bins] with its standard uncertainty, and slope there [V/Ah] with its own."""

    at: float
    uncertainty: float
    slope: float
    slope_uncertainty: float


def _turn(curve: SweepCurve, top: int, *, least: bool) -> _Turn:
    """Find the zero of the second derivative near an extreme of the slope, and how well it is known."""
    widths = curve.half_width_ah / curve.bin_ah
    own = round(float(widths[top]))
    half = float(np.median(widths[max(top - own, 0) : top + own + 1]))  # one point's choice may be chance
    reach = int(min(max(round(WIDER * half), DEGREE), (len(curve.slope) - 1) // 2))
    first = min(max(top - reach, 0), len(curve.slope) - 2 * reach - 1)
    weights = local_polynomial(np.arange(first, first + 2 * reach + 1) - top, DEGREE)
    way = np.sign(curve.voltage_volt[-1] - curve.voltage_volt[0])
    second, third = (way * float(weights[n] @ curve.measured_volt[first : first + 2 * reach + 1]) for n in (2, 3))
    narrow = local_polynomial(np.arange(-own, own + 1), 3)[1]
    reading = curve.slope_uncertainty[top] * curve.bin_ah / np.linalg.norm(narrow)
    turns = (third > 0) == least and third != 0
    at = top + float(np.clip(-second / third, -half, half)) if turns else float(top)
    unsure = min(float(reading * np.linalg.norm(weights[2])) / abs(third), half) if turns else half
    return _Turn(at, unsure, curve.at(at, curve.slope), curve.at(at, curve.slope_uncertainty))


def _valley(curve: SweepCurve, side: int, *, least: bool) -> _Turn:
    """Return the turn in a valley; where the sweep ends before the curve rises again, its end, which is known."""
    if AT_EDGE <= side < len(curve.slope) - AT_EDGE:
        return _turn(curve, side, least=least)
    end = -0.5 if side < AT_EDGE else len(curve.slope) - 0.5
    return _Turn(end, 0.0, float(curve.slope[side]), float(curve.slope_uncertainty[side]))


def _of_capacity(curve: SweepCurve, turn: _Turn, valleys: list[_Turn], number: int) -> Peak:
    """Return a peak of dQ/dV."""
    volt, span = curve.at(turn.at, curve.voltage_volt), valleys[1].at - valleys[0].at
    make = _maker(curve, valleys, number)
    place = make("peak_voltage", volt, "V", turn.slope * turn.uncertainty * curve.bin_ah, curve.volts(volt, 1.0))
    area = span * curve.bin_ah
    unsure = curve.bin_ah * hypot(*(v.uncertainty for v in valleys))
    charge = make("peak_area", area, "Ah", unsure, curve.charges(area))
    if turn.slope <= RESOLVED * turn.slope_uncertainty:
        reason = message("measure.peak_unresolved", volt=volt)
        return Peak(place, absent("peak_height", "Ah/V", reason, method=PEAK, conditions=place.conditions, evidence=place.evidence), charge)
    height = 1 / turn.slope
    scale = _sum(curve.charges(height), curve.volts(-height, 0.0))
    return Peak(place, make("peak_height", height, "Ah/V", turn.slope_uncertainty * height**2, scale), charge)


def _of_voltage(curve: SweepCurve, turn: _Turn, valleys: list[_Turn], number: int) -> Peak:
    """Return a peak of dV/dQ."""
    make = _maker(curve, valleys, number)
    capacity = (turn.at + 0.5) * curve.bin_ah
    volts = [curve.at(v.at, curve.voltage_volt) for v in valleys]
    area = abs(volts[1] - volts[0])
    unsure = curve.bin_ah * hypot(*(v.uncertainty * v.slope for v in valleys))
    scale = _sum(curve.volts(turn.slope, 0.0), curve.charges(-turn.slope))
    return Peak(
        make("peak_capacity", capacity, "Ah", turn.uncertainty * curve.bin_ah, curve.charges(capacity)),
        make("peak_height", turn.slope, "V/Ah", turn.slope_uncertainty, scale),
        make("peak_area", area, "V", unsure, curve.volts(area, 0.0)),
    )


class _Make(Protocol):
    def __call__(self, name: str, value: float, unit: str, scatter: float, systematic: Mapping[str, float]) -> Quantity: ...


def _maker(curve: SweepCurve, valleys: list[_Turn], number: int) -> _Make:
    """Prepare to make quantities of one peak: what its scatter gives under an id of its own, what the tester gives under the tester's."""
    between = {
        "between_volt": tuple(curve.at(v.at, curve.voltage_volt) for v in valleys),
        "between_ah": tuple((v.at + 0.5) * curve.bin_ah for v in valleys),
    }
    conditions = FrozenDict(dict(curve.conditions) | between)

    def make(name: str, value: float, unit: str, scatter: float, systematic: Mapping[str, float]) -> Quantity:
        own = {f"{curve.id}:{curve.name}:{number}:{name}": float(scatter)}
        return from_components(
            name, float(value), unit, {**systematic, **own}, method=PEAK, conditions=conditions, evidence=curve.charge.evidence
        )

    return make


def _sum(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    return {name: first.get(name, 0.0) + second.get(name, 0.0) for name in {**first, **second}}
