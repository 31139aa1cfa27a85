"""Electrode state: capacity of each electrode, lithium inventory, and what of them was lost between two tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cellwright.core.errors import UsageError
from cellwright.core.frozen import FrozenDict, freeze_fields
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent, exact, from_components
from cellwright.measure.electrode.fitting import Fit, Materials, Problem, fit
from cellwright.measure.electrode.half_cell import HalfCell
from cellwright.measure.electrode.path import Path, path_of
from cellwright.measure.incremental.curve import SweepCurve
from cellwright.measure.ocv.curve import OpenCircuit
from cellwright.measure.sweeping import SLOW

METHOD = Method("electrodes/half-cell-fit", "1", "doi:10.1016/j.jpowsour.2012.07.016; doi:10.1016/j.jpowsour.2016.12.011")
DOES_NOT_FIT_VOLT = 0.02
"""Scatter about the fit from which the half-cell curves are not those of this cell."""

TOLERANCE = 0.05
UNITS = {
    "positive_capacity": "Ah",
    "negative_capacity": "Ah",
    "lithium_inventory": "Ah",
    "negative_stoichiometry_empty": "1",
    "negative_stoichiometry_full": "1",
    "positive_stoichiometry_empty": "1",
    "positive_stoichiometry_full": "1",
    "voltage_shift": "V",
}
LOSSES = {
    "lithium_inventory_loss": "lithium_inventory",
    "positive_electrode_loss": "positive_capacity",
    "negative_electrode_loss": "negative_capacity",
}

Floats = NDArray[Any]
Electrode = HalfCell | tuple[HalfCell, HalfCell]


@dataclass(frozen=True, eq=False)
class Electrodes:
    """State of both electrodes.

    Parameters
    ----------
    quantities
        By name: ``positive_capacity`` C_p, ``negative_capacity`` C_n and ``lithium_inventory`` [Ah]; stoichiometries of both electrodes
        at the sweep's empty and full end [1]; ``voltage_shift`` [V], by which the sweep lies off equilibrium. Where an electrode is
        of two materials, ``positive_share`` or ``negative_share`` [1], the second one's part of its capacity.
    positive, negative
        Names of the materials.
    fit
        The fit itself, for a figure; None where there is none.
    """

    quantities: Mapping[str, Quantity]
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    fit: Fit | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "positive", "negative")
        object.__setattr__(self, "quantities", FrozenDict(dict(self.quantities)))


def electrodes(open_circuit: SweepCurve | OpenCircuit, positive: Electrode | None, negative: Electrode | None) -> Electrodes:
    """Fit half-cell curves to a slow sweep of the whole cell.

    Parameters
    ----------
    open_circuit
        Of a charge or discharge at C/10 or slower between the cell's limits, from `incremental_capacity` or `differential_voltage`; or an
        `open_circuit` curve of such sweeps, of which the mean is taken where it has both, as their polarisation cancels there.
    positive, negative
        Half-cell curves from `half_cell`; a pair where the electrode is of two materials at a common potential, whose shares are fitted.

    Returns
    -------
    Capacities [Ah], stoichiometries [1] and lithium inventory [Ah] with standard deviations and correlations. All are absent, with the
    reason, where the sweep was faster, a half-cell curve is not given, an open-circuit curve has no sweep, or no alignment comes within
    20 mV.

    Notes
    -----
    V(Q) = U_p(y) − U_n(x) + shift, with x and y linear in charge; weighted least squares on V and dV/dQ (`fitting.fit`).
    C_n = Q / (x_full − x_empty), C_p = Q / (y_empty − y_full), lithium inventory n = y·C_p + x·C_n, the same at every state of charge.
    Dubarry, Truchot, Liaw, J. Power Sources 219 (2012) 204, doi:10.1016/j.jpowsour.2012.07.016; Birkl et al., J. Power Sources 341
    (2017) 373, doi:10.1016/j.jpowsour.2016.12.011.
    """
    high, low = _materials(positive), _materials(negative)
    path = path_of(open_circuit)
    if reason := _refusal(path, high, low):
        return _absent(reason, high, low)
    path = cast("Path", path)
    found = fit(Problem(path.share, path.voltage_volt, high, low))
    if found.scatter_volt > DOES_NOT_FIT_VOLT:
        reason = message("measure.electrodes_do_not_fit", positive=_names(high), negative=_names(low), scatter_mv=1e3 * found.scatter_volt)
        return _absent(reason, high, low)
    return Electrodes(_quantities(path, found), _names(high), _names(low), found)


def degradation_modes(before: Electrodes, after: Electrodes) -> dict[str, Quantity]:
    """Losses of lithium inventory and of active material between two tests of one cell.

    Parameters
    ----------
    before, after
        From `electrodes`, with the same half-cell curves.

    Returns
    -------
    ``lithium_inventory_loss`` LLI = 1 − n_after/n_before, ``positive_electrode_loss`` LAM_PE = 1 − C_p,after/C_p,before and
    ``negative_electrode_loss`` LAM_NE = 1 − C_n,after/C_n,before [1], correlated as the fits left them; absent with the reason where
    one of the two is.

    Raises
    ------
    UsageError
        Where the half-cell curves differ: then the stoichiometries do not mean the same.

    Notes
    -----
    Relative to the fresh cell's own active material and inventory, as Dubarry 2012 (doi:10.1016/j.jpowsour.2012.07.016) and Birkl 2017
    (doi:10.1016/j.jpowsour.2016.12.011) do. Lithium that leaves with the active material counts as lost inventory too. Where a curve's
    stoichiometry is that of the crystal, n holds lithium that no cycle moves; where it is scaled from 0 to 1, it does not.
    """
    if (before.positive, before.negative) != (after.positive, after.negative):
        given = {"before": before.positive + before.negative, "after": after.positive + after.negative}
        raise UsageError("measure.electrodes_differ", **given)
    return {name: _loss(name, before.quantities[of], after.quantities[of]) for name, of in LOSSES.items()}


def _loss(name: str, before: Quantity, after: Quantity) -> Quantity:
    for quantity in (before, after):
        if quantity.reason is not None:
            return absent(name, "1", quantity.reason, method=METHOD)
    lost = exact("fresh", 1.0, "1") - after / before
    return from_components(
        name,
        lost.value or 0.0,
        "1",
        lost.components,
        lost.component_degrees_of_freedom,
        method=METHOD,
        evidence=lost.evidence,
        origin="estimated",
    )


def _refusal(path: Path | Message, positive: Materials, negative: Materials) -> Message | None:
    if not positive or not negative:
        return message("measure.electrodes_no_half_cells", missing=[f"measure.{n}" for n, m in _sides(positive, negative) if not m])
    if isinstance(path, Message):
        return path
    if (rate := path.conditions["c_rate"]) > SLOW * (1 + TOLERANCE):
        return message("measure.electrodes_too_fast", c_rate=rate, slow=SLOW)
    return None


def _sides(positive: Materials, negative: Materials) -> tuple[tuple[str, Materials], ...]:
    return ("positive_electrode", positive), ("negative_electrode", negative)


def _absent(reason: Message, positive: Materials, negative: Materials) -> Electrodes:
    quantities = {name: absent(name, unit, reason, method=METHOD) for name, unit in UNITS.items()}
    return Electrodes(quantities, _names(positive), _names(negative))


def _materials(given: Electrode | None) -> Materials:
    return () if given is None else given if isinstance(given, tuple) else (given,)


def _names(materials: Materials) -> tuple[str, ...]:
    return tuple(m.name for m in materials)


def _quantities(path: Path, found: Fit) -> dict[str, Quantity]:
    moved = path.charge.value or 0.0
    values = _derived(found.values, moved)
    step = 1e-6
    sensitivity = np.stack([(_derived(found.values + step * row, moved) - values) / step for row in np.eye(len(found.values))], axis=1)
    scale, vectors = np.linalg.eigh(found.covariance)
    root = sensitivity @ (vectors * np.sqrt(np.clip(scale, 0.0, None)))
    names = [*UNITS, *_shares(found.problem)]
    rest: dict[str, Any] = {
        "method": METHOD,
        "evidence": path.charge.evidence,
        "origin": "estimated",
        "conditions": _conditions(path, found),
    }
    result: dict[str, Quantity] = {}
    for name, value, row in zip(names, values, root, strict=True):
        unit = UNITS.get(name, "1")
        own = {f"{path.id}:electrodes#{k + 1}": float(part) for k, part in enumerate(row)}
        systematic = path.charges(float(value)) if unit == "Ah" else {}
        result[name] = from_components(name, float(value), unit, {**systematic, **own}, **rest)
    return result


def _derived(values: Floats, moved_ah: float) -> Floats:
    """Return C_p, C_n, inventory [Ah], stoichiometries, shift and shares of parameters."""
    negative, positive = moved_ah / (values[1] - values[0]), moved_ah / (values[2] - values[3])
    return np.array([positive, negative, values[2] * positive + values[0] * negative, *values])


def _shares(problem: Problem) -> list[str]:
    return [name for name, m in (("negative_share", problem.negative), ("positive_share", problem.positive)) if len(m) == 2]


def _conditions(path: Path, found: Fit) -> FrozenDict:
    fitted = {"positive": _names(found.problem.positive), "negative": _names(found.problem.negative), "scatter_volt": found.scatter_volt}
    return FrozenDict(dict(path.conditions) | fitted)
