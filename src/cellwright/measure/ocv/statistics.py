"""Six numbers that say what shape a relaxation has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INTERVAL_S = 120.0
READINGS = 14
"""A relaxation is read every two minutes, from two to 28 minutes after the end of the current, as in the data of Zhu et al."""

NAMES = ("variance", "skewness", "kurtosis", "maximum", "minimum", "mean")


def relaxation_statistics(volt: Floats) -> dict[str, Floats]:
    """Variance, skewness, excess kurtosis, maximum, minimum and mean of relaxation curves.

    Parameters
    ----------
    volt
        Voltages at equal intervals after the end of a charge [V], shape ``(..., n)``; curves compare only at the same interval and ``n``.

    Returns
    -------
    ``variance`` [V²] with n − 1, ``skewness`` and ``kurtosis`` [1] by the moments m₃/m₂^1.5 and m₄/m₂² − 3 with n, ``maximum``, ``minimum``
    and ``mean`` [V], shape ``(...)`` each; skewness and kurtosis are NaN where the voltage stands still.

    Notes
    -----
    The six features of Zhu et al., Nat. Commun. 13 (2022) 2261, doi:10.1038/s41467-022-29837-w.
    """
    deviation = volt - volt.mean(axis=-1, keepdims=True)
    second, third, fourth = ((deviation**power).mean(axis=-1) for power in (2, 3, 4))
    still = second <= 0
    spread = np.where(still, np.nan, second)
    return {
        "variance": second * volt.shape[-1] / (volt.shape[-1] - 1),
        "skewness": third / spread**1.5,
        "kurtosis": fourth / spread**2 - 3.0,
        "maximum": volt.max(axis=-1),
        "minimum": volt.min(axis=-1),
        "mean": volt.mean(axis=-1),
    }


def sensitivities(volt: Floats) -> dict[str, Floats]:
    """Return the derivative of each statistic of one curve with respect to each of its readings, shape ``(n,)`` each."""
    count, deviation = len(volt), volt - volt.mean()
    second, third, fourth = (float((deviation**power).mean()) for power in (2, 3, 4))
    slope = {power: power / count * (deviation ** (power - 1) - (deviation ** (power - 1)).mean()) for power in (2, 3, 4)}
    return {
        "variance": slope[2] * count / (count - 1),
        "skewness": slope[3] / second**1.5 - 1.5 * third / second**2.5 * slope[2],
        "kurtosis": slope[4] / second**2 - 2 * fourth / second**3 * slope[2],
        "maximum": np.eye(count)[int(volt.argmax())],
        "minimum": np.eye(count)[int(volt.argmin())],
        "mean": np.full(count, 1 / count),
    }
