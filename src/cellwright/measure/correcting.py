"""A capacity brought to another temperature or rate, by a coefficient that is given and stays on record. Nothing is corrected unasked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

from cellwright.core.errors import UsageError
from cellwright.core.quantity import Method, Quantity, measured, propagate

DOERFFEL = "Doerffel and Sharkh, J. Power Sources 155 (2006) 395, doi:10.1016/j.jpowsour.2005.04.030"
METHOD = Method("capacity-correction", "1", DOERFFEL)


def corrected(
    capacity: Quantity,
    *,
    to_celsius: float | None = None,
    per_kelvin: Quantity | None = None,
    to_c_rate: float | None = None,
    peukert: Quantity | None = None,
) -> Quantity:
    """Return a capacity as it would have been at another temperature, another rate, or both.

    Parameters
    ----------
    capacity
        With conditions ``temperature_celsius`` [°C] and ``c_rate`` [1/h] where they are to be corrected.
    to_celsius, per_kelvin
        Reference temperature [°C], and the share α by which the capacity grows with a kelvin [1/K].
    to_c_rate, peukert
        Reference rate [1/h], and Peukert's exponent k [1].

    Returns
    -------
    ``capacity`` in the unit of the one given, with the uncertainty of the coefficients and of the temperature in its own; conditions say
    what it was before (``uncorrected``), and with which coefficients and to what it was brought. An absent one stays absent.

    Raises
    ------
    UsageError
        Where a reference is given without its coefficient or the other way round, or the capacity's own condition is not known.

    Notes
    -----
    Q' = Q / (1 + α·(T − T')) · (I / I')^(k − 1). Both are rules of thumb over a few kelvin and a factor of two in rate: a coefficient
    holds for the cell type and the range in which it was found. Peukert's law and its limits: Doerffel and Sharkh, J. Power Sources
    155 (2006) 395, doi:10.1016/j.jpowsour.2005.04.030.
    """
    if capacity.value is None:
        return capacity
    temperature = _factor(capacity, "temperature_celsius", to_celsius, per_kelvin)
    rate = _factor(capacity, "c_rate", to_c_rate, peukert)
    factor = temperature.factor * rate.factor
    value = capacity.value * factor
    relative = [(source, value * share) for part in (temperature, rate) for source, share in part.relative]
    given = {
        "uncorrected": capacity.value,
        **({"corrected_to_celsius": to_celsius, "temperature_coefficient_per_kelvin": per_kelvin.value} if per_kelvin else {}),
        **({"corrected_to_c_rate": to_c_rate, "peukert_exponent": peukert.value} if peukert else {}),
    }
    found = propagate(
        capacity.name,
        capacity.unit,
        value,
        [(capacity, factor), *relative],
        method=METHOD,
        conditions=dict(capacity.conditions) | given,
        origin=capacity.origin,
        evidence=capacity.evidence,
    )
    return replace(found, coverage_factor=capacity.coverage_factor)


@dataclass(frozen=True)
class _Correction:
    """What the capacity is multiplied by, and its relative sensitivity to each input."""

    factor: float = 1.0
    relative: tuple[tuple[Quantity, float], ...] = ()


def _factor(capacity: Quantity, condition: str, asked: float | None, coefficient: Quantity | None) -> _Correction:
    if asked is None and coefficient is None:
        return _Correction()
    if asked is None or coefficient is None or coefficient.value is None:
        raise UsageError("measure.correction_incomplete", condition=condition)
    if capacity.conditions.get(condition) is None:
        raise UsageError("measure.correction_unknown", condition=condition)
    own = float(capacity.conditions[condition])
    if condition == "c_rate":
        ratio = own / asked
        return _Correction(ratio ** (coefficient.value - 1), ((coefficient, log(ratio)),))
    return _warmed(capacity, own - asked, own, coefficient)


def _warmed(capacity: Quantity, kelvin: float, own: float, coefficient: Quantity) -> _Correction:
    """Q' = Q/(1 + α·ΔT): ∂lnQ'/∂α = −ΔT/(1 + α·ΔT), ∂lnQ'/∂T = −α/(1 + α·ΔT)."""
    alpha = float(coefficient.value or 0.0)
    grown = 1 + alpha * kelvin
    uncertain = capacity.conditions.get("start_temperature_uncertainty_kelvin")
    relative = [(coefficient, -kelvin / grown)]
    if uncertain:
        row = capacity.evidence[0].rows[0][0] if capacity.evidence and capacity.evidence[0].rows else 0
        relative.append((measured(f"temperature@{row}", own, "degC", float(uncertain)), -alpha / grown))
    return _Correction(1 / grown, tuple(relative))
