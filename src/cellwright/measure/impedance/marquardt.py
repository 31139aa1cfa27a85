"""Bounded least squares of many small problems of one shape at once (Levenberg and Marquardt)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Real

    Evaluate = Callable[[NDArray[np.intp], Real], tuple[Real, Real]]

FIRST_DAMPING, LEAST_DAMPING, GIVEN_UP = 1e-2, 1e-12, 1e9
LONGEST_STEP = 3.0
SETTLED = 1e-8
"""Relative fall of the sum of squares below which a step counts as the last but one."""


@dataclass
class Descent:
    """Where every problem stands.

    Parameters
    ----------
    values
        Shape ``(problems, parameters)``.
    squares
        Sum of squares, shape ``(problems,)``.
    normal, gradient
        JᵀJ and Jᵀr there.
    """

    values: Real
    squares: Real
    normal: Real
    gradient: Real


def descend(evaluate: Evaluate, values: Real, bounds: tuple[Real, Real], iterations: int) -> Descent:
    """Lower each problem's sum of squares until it settles.

    Parameters
    ----------
    evaluate
        Of the problems' numbers and values: residuals ``(problems, readings)`` and derivatives ``(problems, readings, parameters)``.
    values
        Where to begin, shape ``(problems, parameters)``.
    bounds
        Lowest and highest values, shape ``(parameters,)`` each.
    iterations
        At most.

    Notes
    -----
    (JᵀJ + λ·diag JᵀJ)·δ = −Jᵀr, with λ lowered after a step that helped and raised after one that did not (Marquardt, J. SIAM 11
    (1963) 431, doi:10.1137/0111030). A parameter at its bound whose gradient points outwards stays out of the step; a step beyond a
    bound ends at it.
    """
    values = np.clip(values, *bounds)
    state = _stand(evaluate, np.arange(len(values)), values)
    damping, quiet = np.full(len(values), FIRST_DAMPING), np.zeros(len(values), dtype=np.intp)
    going = np.arange(len(values))
    for _ in range(iterations):
        trial = np.clip(state.values[going] + _step(state, going, damping[going], bounds), *bounds)
        there = _stand(evaluate, going, trial)
        fall = state.squares[going] - there.squares
        better = fall > 0
        quiet[going] = np.where(better & (fall > SETTLED * state.squares[going]), 0, quiet[going] + better)
        _move(state, going[better], there, better)
        damping[going] = np.where(better, np.maximum(damping[going] / 5, LEAST_DAMPING), damping[going] * 4)
        going = going[(quiet[going] < 2) & (damping[going] < GIVEN_UP) & (state.squares[going] > 0)]
        if not len(going):
            break
    return state


def _stand(evaluate: Evaluate, problems: NDArray[np.intp], values: Real) -> Descent:
    residuals, slopes = evaluate(problems, values)
    turned = slopes.transpose(0, 2, 1)
    squares = np.einsum("ij,ij->i", residuals, residuals)
    return Descent(values, np.where(np.isfinite(squares), squares, np.inf), turned @ slopes, (turned @ residuals[:, :, None])[:, :, 0])


def _step(state: Descent, going: NDArray[np.intp], damping: Real, bounds: tuple[Real, Real]) -> Real:
    values, gradient, normal = state.values[going], state.gradient[going], state.normal[going]
    held = ((values <= bounds[0]) & (gradient > 0)) | ((values >= bounds[1]) & (gradient < 0))
    own = np.einsum("ijj->ij", normal)
    largest: Real = own.max(axis=1, keepdims=True) + 1e-300
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, normal)
    damped: Real = np.where(held, largest, damping[:, None] * own + 1e-14 * largest)
    matrix[:, *np.diag_indices(values.shape[1])] += damped
    step = -np.linalg.solve(matrix, np.where(held, 0.0, gradient)[:, :, None])[:, :, 0]
    return np.clip(step, -LONGEST_STEP, LONGEST_STEP)


def _move(state: Descent, problems: NDArray[np.intp], there: Descent, better: NDArray[np.bool_]) -> None:
    state.values[problems], state.squares[problems] = there.values[better], there.squares[better]
    state.normal[problems], state.gradient[problems] = there.normal[better], there.gradient[better]
