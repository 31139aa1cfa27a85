"""A penalised spline through a sweep's readings, as stiff at each place as the readings themselves ask for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.linalg import cho_solve_banded, cholesky_banded

from cellwright.measure.incremental.gridding import Readings

Floats = NDArray[Any]

DEGREE, PENALISED = 5, 4
"""Degree of the spline, and the difference of its coefficients that is penalised: below it, the third derivative is still smooth."""

COEFFICIENTS = 200
"""Two for every 1 % of the charge: no electrode has a feature much narrower than that."""

PLACES = 30
"""Places at which the stiffness is chosen; between them its logarithm runs on a line, as it goes over ten powers of ten."""

ALIKE = 0.1
"""One over the variance of what its logarithm may change by from a place to the next, known beforehand: a factor of 20 is usual."""

SOFTEST, STARTING, STIFFEST = 1e-3, 10.0, 1e9
"""Stiffness, in weights of the readings behind one coefficient."""

ROUNDS, SETTLED, FARTHEST = 40, 0.03, 3.0
"""Stiffness is right once no coefficient moves by 3 % of its uncertainty any more; its logarithm moves by 3 a round at most."""

NEIGHBOURS = 15
"""Readings to either side over which it is looked at how well the spline fits: with a thousand readings, over nine coefficients."""

SIGNS = np.array([(-1.0) ** k * comb(PENALISED, k) for k in range(PENALISED + 1)])


@dataclass(frozen=True, eq=False)
class Spline:
    """Voltage [V] over the share of a sweep's charge, 0 to 1.

    Parameters
    ----------
    coefficients, covariance
        Of the B-splines [V], [V²], shapes ``(COEFFICIENTS,)`` and ``(COEFFICIENTS, COEFFICIENTS)``.
    share, misfit
        Where the readings are, and how many times as far as their uncertainty lets expect they lie from the spline there, at least 1,
        shape ``(readings,)``.
    """

    coefficients: Floats
    covariance: Floats
    share: Floats
    misfit: Floats

    def of(self, order: int, share: Floats | float) -> tuple[Floats, Floats]:
        """Return a derivative at shares and its standard uncertainty, both of shape ``(n,)``."""
        rows: Floats = _derivative(order)(np.atleast_1d(share))
        scatter = np.sqrt(np.einsum("ij,ij->i", rows @ self.covariance, rows))
        return rows @ self.coefficients, scatter * np.interp(share, self.share, self.misfit)


def spline(readings: Readings) -> Spline:
    """Fit a spline to a sweep.

    Notes
    -----
    Penalised least squares (Eilers and Marx, Stat. Sci. 11 (1996) 89, doi:10.1214/ss/1038425655). The penalty's weight varies along the
    sweep, and restricted maximum likelihood finds it (Wood and Fasiolo, Biometrics 73 (2017) 1071, doi:10.1111/biom.12666), with a random
    walk as what is known of its logarithm beforehand (Lang and Brezger, J. Comput. Graph. Stat. 13 (2004) 183,
    doi:10.1198/1061860043010). The covariance is the Bayesian one, which holds the bias of smoothing too: Nychka, J. Am. Stat. Assoc. 83
    (1988) 1134, doi:10.1080/01621459.1988.10478711.
    """
    weight = readings.uncertainty_volt**-2
    design = cast("Any", BSpline.design_matrix(readings.share, _knots(), DEGREE))  # scipy's sparse arrays have no types that hold
    gram: Floats = (design.T.multiply(weight) @ design).toarray()
    data = np.stack([np.pad(np.diagonal(gram, -k), (0, k)) for k in range(DEGREE + 1)])
    target: Floats = design.T @ (weight * readings.voltage_volt)
    each = float(weight.sum()) / COEFFICIENTS
    lowest, highest = np.log(SOFTEST * each), np.log(STIFFEST * each)
    stiffness = np.full(PLACES, np.log(STARTING * each))
    before = np.full(COEFFICIENTS, np.inf)
    found, covariance = before, np.eye(COEFFICIENTS)
    for _ in range(ROUNDS):
        found, covariance = _solved(data, target, stiffness)
        if np.all(np.abs(found - before) < SETTLED * np.sqrt(np.diagonal(covariance))):
            break
        before = found
        stiffness = np.clip(stiffness + _asked(found, covariance, stiffness), lowest, highest)
    off = (readings.voltage_volt - design @ found) / readings.uncertainty_volt
    return Spline(found, covariance, readings.share, _misfit(off))


def _solved(data: Floats, target: Floats, stiffness: Floats) -> tuple[Floats, Floats]:
    factor = cholesky_banded(data + _bands(np.exp(_hats() @ stiffness)), lower=True)
    covariance = cast("Floats", cho_solve_banded((factor, True), np.eye(COEFFICIENTS), check_finite=False))
    return covariance @ target, covariance


def _asked(found: Floats, covariance: Floats, stiffness: Floats) -> Floats:
    """By how much the logarithm at each place asks to be more: a step of Newton's on the likelihood.

    Its gradient is half of what the penalty leaves undetermined there less what it finds bent; about as much, both together, is half of
    the curvature.
    """
    hats, weight = _hats(), np.exp(_hats() @ stiffness)
    across = np.diff(covariance, PENALISED, axis=0)
    spread = sum(sign * np.diagonal(across, k) for k, sign in enumerate(SIGNS))
    loose, bent = hats.T @ (1 - weight * spread), hats.T @ (weight * np.diff(found, PENALISED) ** 2)
    gradient = (loose - bent) / 2 - _walk() @ stiffness
    step = np.linalg.solve(np.diag((loose + bent) / 4) + _walk(), gradient)
    return np.clip(step, -FARTHEST, FARTHEST)


def _misfit(off: Floats) -> Floats:
    """Root mean square over neighbours: more than 1 where the curve has corners that are too sharp for the spline."""
    total = np.cumsum(np.pad(off**2, (1, 0)))
    at = np.arange(len(off))
    first, last = np.maximum(at - NEIGHBOURS, 0), np.minimum(at + NEIGHBOURS + 1, len(off))
    return np.sqrt(np.maximum((total[last] - total[first]) / (last - first), 1.0))


@cache
def _knots() -> Floats:
    return np.arange(-DEGREE, COEFFICIENTS + 1) / (COEFFICIENTS - DEGREE)


@cache
def _derivative(order: int) -> BSpline:
    basis = BSpline(_knots(), np.eye(COEFFICIENTS), DEGREE)
    return basis.derivative(order) if order else basis


@cache
def _hats() -> Floats:
    """Share of each place in the logarithm of each difference's stiffness."""
    rows = np.linspace(0, PLACES - 1, COEFFICIENTS - PENALISED)
    return np.maximum(0.0, 1 - np.abs(rows[:, None] - np.arange(PLACES)))


@cache
def _walk() -> Floats:
    """What is known beforehand of the stiffness, as the inverse of a covariance."""
    steps = np.diff(np.eye(PLACES), axis=0)
    return ALIKE * steps.T @ steps


def _bands(weight: Floats) -> Floats:
    """What the differences, each of a weight, add to the bands of the normal equations."""
    bands = np.zeros((DEGREE + 1, COEFFICIENTS))
    for k in range(PENALISED + 1):
        for first in range(PENALISED + 1 - k):
            bands[k, first : first + len(weight)] += SIGNS[first] * SIGNS[first + k] * weight
    return bands
