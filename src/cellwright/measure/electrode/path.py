"""What a fit of half-cells takes: a cell's voltage over its charge, from a sweep or from an open-circuit curve of sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, exact
from cellwright.measure.incremental.curve import SweepCurve
from cellwright.measure.ocv.curve import OpenCircuit
from cellwright.measure.ocv.pairing import pairs

UNSETTLED_S = 600.0
"""In its first ten minutes [s] a sweep's overvoltage is still growing, and no constant shift."""

Floats = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Path:
    """Voltage over charge, from the emptier to the fuller end.

    Parameters
    ----------
    charge
        Between the ends [Ah].
    share, voltage_volt
        Of that charge, rising from 0 to 1, and voltage [V], shape ``(n,)``.
    conditions
        Among them ``c_rate``, the fastest of its sweeps.
    id
        Names what only this path gives an uncertainty to.
    """

    charge: Quantity
    share: Floats
    voltage_volt: Floats
    conditions: Mapping[str, Any]
    id: str

    def charges(self, charge_ah: float) -> dict[str, float]:
        """Return what the tester's errors give to a charge that is proportional to the path's."""
        return {name: part * charge_ah / (self.charge.value or 1.0) for name, part in self.charge.components.items()}


def path_of(given: SweepCurve | OpenCircuit) -> Path | Message:
    """Return the path, or why there is none: a curve of rests has too few points for dV/dQ, which carries the fit.

    Of an open-circuit curve it is the mean of its two sweeps, in which their polarisation cancels; of one sweep that one.
    """
    if isinstance(given, SweepCurve):
        return _of_sweep(given)
    if given.reason is not None:
        return given.reason
    return _of_open_circuit(given)


def _of_sweep(curve: SweepCurve) -> Path:
    settled = curve.readings.share >= curve.conditions["c_rate"] * UNSETTLED_S / 3600
    share, volt = curve.readings.share[settled], curve.readings.voltage_volt[settled]
    if curve.conditions["direction"] == "discharge":
        share, volt = 1 - share[::-1], volt[::-1]
    return Path(curve.charge, share, volt, curve.conditions, curve.id)


def _of_open_circuit(curve: OpenCircuit) -> Path | Message:
    swept = curve.table.filter(pl.col("source") == "sweep")
    both = pairs(swept)
    if curve.capacity and both.height:
        held, volt = both["soc"].to_numpy() * (curve.capacity.value or 0.0), both["voltage_volt"].to_numpy()
        directions = ["charge", "discharge"]
    elif swept.height:
        directions = swept["direction"].unique().sort().to_list()[-1:]
        branch = swept.filter(pl.col("direction") == directions[0])
        held, volt = branch["capacity_ah"].to_numpy(), branch["voltage_volt"].to_numpy()
    else:
        return message("measure.electrodes_no_sweep")
    order = np.argsort(held, kind="stable")
    held, volt = held[order], volt[order]
    conditions = {
        "direction": "+".join(directions),
        "c_rate": max(curve.c_rate[way] for way in directions),
        "voltage_window_volt": (float(volt.min()), float(volt.max())),
    }
    between = float(held[-1] - held[0])
    return Path(_charge(curve, between), (held - held[0]) / between, volt, FrozenDict(conditions), f"{curve.evidence[0].sha256[:12]}:ocv")


def _charge(curve: OpenCircuit, between_ah: float) -> Quantity:
    """Charge between the ends: a part of the curve's capacity, which one current counted."""
    if curve.capacity and curve.capacity.value:
        return exact("part", between_ah / curve.capacity.value, "1") * curve.capacity
    return Quantity("sweep_charge", between_ah, "Ah", method=Method("sweep-charge/trapezoid"), evidence=curve.evidence)
