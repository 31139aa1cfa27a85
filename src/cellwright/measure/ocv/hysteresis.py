"""How far the branches of an open-circuit curve lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent, from_components
from cellwright.measure.course import Course
from cellwright.measure.ocv.curve import OpenCircuit, curve_of
from cellwright.measure.ocv.pairing import pairs
from cellwright.measure.ocv.resting import not_sampled
from cellwright.measure.ocv.sweeps import sweeps

NAME = "ocv_hysteresis"
BOTH = ("charge", "discharge")
COLUMNS = ("soc", "charge_voltage_volt", "discharge_voltage_volt", "hysteresis_volt", "voltage_volt", "source")
WINDOW = (0.1, 0.9)
"""Below and above, the branches part because one begins where the other ends."""

EDGE = 0.01
"""A maximum within 1 % of where the points in the window end may be but the way to a larger one beyond."""


@dataclass(frozen=True, eq=False)
class Hysteresis:
    """The gap between the branches.

    Parameters
    ----------
    table
        ``soc`` [1], ``charge_voltage_volt``, ``discharge_voltage_volt``, ``hysteresis_volt`` (charge less discharge), ``voltage_volt``
        (their mean) [V], ``source``: ``rest`` or ``sweep``.
    maximum
        ``ocv_hysteresis`` [V]: the largest between 10 % and 90 % state of charge.
    """

    table: pl.DataFrame
    maximum: Quantity


def hysteresis(curve: OpenCircuit) -> Hysteresis:
    """Return how far the charge branch of an open-circuit curve lies above the discharge branch.

    Parameters
    ----------
    curve
        From `cellwright.measure.open_circuit`.

    Returns
    -------
    `Hysteresis`; its maximum is absent, with the reason, where the curve has but one branch or neither reaches into 10–90 %. Conditions
    ``soc`` of the maximum, ``soc_window``, ``soc_basis``, ``source``, ``includes_polarisation``, ``c_rate`` of both sweeps, and
    ``on_window_edge`` where the maximum lies at either end of the window: then the branches go on parting beyond it.

    Notes
    -----
    Between rests where each branch has at least three, else between slow sweeps: then polarisation is in it, and it is an upper bound of
    the hysteresis at rest (``includes_polarisation``). The charge branch is interpolated by monotone cubics; what they differ from
    straight lines is in the uncertainty. One channel reads both branches, so its offset cancels.
    """
    table = pairs(curve.table)
    return Hysteresis(table.select(COLUMNS), _maximum(curve, table))


def swept_hysteresis(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Return ``ocv_hysteresis`` of a course's slow sweeps; nothing where it has not both: its rests are not fitted for it."""
    if not_sampled(course) or len(sweeps(course)) < len(BOTH):
        return {}
    return {NAME: (hysteresis(curve_of(course, rested=False)).maximum,)}


def _maximum(curve: OpenCircuit, table: pl.DataFrame) -> Quantity:
    within = table.filter(pl.col("soc").is_between(*WINDOW))
    if within.is_empty():
        return absent(NAME, "V", curve.reason or message("measure.one_branch", low_percent=100 * WINDOW[0], high_percent=100 * WINDOW[1]))
    top = within.row(int(within["hysteresis_volt"].arg_max() or 0), named=True)
    swept = top["source"] == "sweep"
    conditions: dict[str, Any] = {
        "soc": top["soc"],
        "soc_window": WINDOW,
        "soc_basis": curve.soc_basis,
        "source": top["source"],
        "includes_polarisation": swept,
    }
    at = within["soc"].to_numpy()
    if not at.min() + EDGE < top["soc"] < at.max() - EDGE:
        conditions["on_window_edge"] = True
    if swept:
        conditions["c_rate"] = max(curve.c_rate.values())
    rest: dict[str, Any] = {"method": Method("hysteresis/branches", "1"), "conditions": conditions, "evidence": curve.evidence}
    components = _components(curve, top)
    if components is None:
        return Quantity(NAME, top["hysteresis_volt"], "V", **rest)
    return from_components(NAME, top["hysteresis_volt"], "V", components, **rest)


def _components(curve: OpenCircuit, top: dict[str, Any]) -> dict[str, float] | None:
    """What the two readings and the interpolation add [V]; None without a tester."""
    if curve.resolution_volt is None or curve.gain is None:
        return None
    stem = f"{curve.evidence[0].sha256[:12]}:ocv"
    rounding = curve.resolution_volt / np.sqrt(12)
    components = {
        **{name: top["hysteresis_volt"] * share for name, share in curve.gain.items()},
        f"{stem}:charge:resolution": rounding,
        f"{stem}:discharge:resolution": rounding,
        f"{stem}:interpolation": top["interpolation_uncertainty_volt"],
    }
    if top["source"] == "rest":
        components[f"{stem}:relaxation"] = _relaxation(curve, top["soc"])
    return components


def _relaxation(curve: OpenCircuit, soc: float) -> float:
    """What is not known of the rests of both branches nearest to a state of charge [V]."""
    rests = curve.table.filter(pl.col("source") != "sweep", pl.col("soc").is_not_null())
    near = (rests.filter(pl.col("direction") == way).sort((pl.col("soc") - soc).abs()) for way in BOTH)
    return float(np.hypot(*(branch["equilibrium_uncertainty_volt"][0] for branch in near)))
