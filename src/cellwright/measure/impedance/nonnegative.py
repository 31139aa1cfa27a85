"""Least squares of what cannot be below 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Real

PATIENCE, AT_MOST = 3, 500
TOLERANCE = 1e-11


def nonnegative(hessian: Real, slope: Real, above: NDArray[np.bool_]) -> tuple[Real, NDArray[np.bool_]]:
    """Minimise ½xᵀHx − bᵀx over x ≥ 0.

    Parameters
    ----------
    hessian, slope
        H, positive definite, shape ``(n, n)``, and b.
    above
        Which are guessed to be above 0.

    Returns
    -------
    x, and which of it is above 0.

    Notes
    -----
    Block principal pivoting: all that break a sign change sides at once; where that does not help for three rounds, only the last of
    them does, which ends (Portugal, Júdice and Vicente, Math. Comput. 63 (1994) 625, doi:10.2307/2153286).
    """
    from scipy.linalg import lapack

    above, fewest, patience = above.copy(), len(slope) + 1, PATIENCE
    values, allowed = np.zeros_like(slope), TOLERANCE * float(np.abs(slope).max())
    for _ in range(AT_MOST):
        chosen = np.flatnonzero(above)
        values[:] = 0.0
        if len(chosen):
            values[chosen] = lapack.dposv(hessian[np.ix_(chosen, chosen)], slope[chosen])[1]
        wrong = np.where(above, values < 0, hessian @ values - slope < -allowed)
        count = int(np.count_nonzero(wrong))
        if not count:
            break
        if count < fewest:
            fewest, patience = count, PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong[: int(np.flatnonzero(wrong)[-1])] = False
        above ^= wrong
    return np.maximum(values, 0.0), above
