"""Whether a measured value is beyond a limit, and how sure that is."""

from __future__ import annotations

from math import inf
from typing import Any

from cellwright.core.quantity import Quantity


def confidence_beyond(measured: Quantity, limit: float, direction: int = 1, *, doubt: bool = True) -> float | None:
    """Return the probability that the limit is passed, where the value is past it by more than its expanded uncertainty; else None.

    Parameters
    ----------
    measured
        Has a value.
    limit
        [unit of `measured`].
    direction
        +1 where too high is the danger, -1 where too low is.
    doubt
        False where any value past the limit counts, however uncertain.

    Notes
    -----
    ``P(x > limit) = F((x̂ - limit)/u)``, F the normal distribution, or Student's t where the degrees of freedom are finite (GUM
    G.3.2). Where the uncertainty is not known the reading alone decides, on the safe side, and all that a symmetric error
    guarantees is one half.
    """
    from scipy.special import ndtr, stdtr

    distance = direction * ((measured.value or 0.0) - limit)
    if distance <= ((measured.expanded_uncertainty or 0.0) if doubt else 0.0):
        return None
    if measured.standard_uncertainty is None:
        return 0.5
    z = distance / measured.standard_uncertainty if measured.standard_uncertainty else inf
    nu = measured.degrees_of_freedom
    return float(ndtr(z) if nu is None else stdtr(nu, z))


def finding_params(measured: Quantity, limit: float) -> dict[str, Any]:
    """Return what a finding's words speak of: the value, its expanded uncertainty and the limit, with their unit."""
    return {
        "value": rounded(measured.value or 0.0),
        "uncertainty": None if measured.expanded_uncertainty is None else rounded(measured.expanded_uncertainty, 2),
        "limit": rounded(limit),
        "unit": measured.unit,
    }


def rounded(value: float, digits: int = 5) -> float:
    """Return a number as it is said; the quantity and the rule keep it in full."""
    return float(f"{value:.{digits}g}")
