"""Whether a battery that was charged before its recording began was full: its voltage at rest says so, or nothing does."""

from __future__ import annotations

import polars as pl

from cellwright.core.battery import Battery

RELAXED_VOLT = 0.03
"""How far below its upper limit a full cell may rest [V] (assumed): cells of a Nissan Leaf lay 16 to 24 mV below 4.2 V an hour after a
charge held there. A flat curve (LFP) rests far lower, and says nothing."""

SHORTEST_S = 300.0
"""Before that a voltage is on its way, and may come from a charge that was broken off [s]."""


def rested_full(steps: pl.DataFrame, battery: Battery | None, tolerance_volt: float) -> float | None:
    """Voltage at which a recording begins at rest where that is near enough to the battery's upper limit to be taken as full.

    Parameters
    ----------
    steps
        Of the recording.
    battery
        Its maximum voltage is that of all its cells in series; where it does not say how many, it is taken as one.
    tolerance_volt
        Expanded uncertainty of a reading there [V].

    Returns
    -------
    The last reading [V] of the rest of at least five minutes that the recording begins with; None where it begins otherwise, or lower.
    """
    if battery is None or not battery.maximum_voltage_volt or steps.is_empty():
        return None
    moving = (steps["kind"] != "rest").arg_true()
    resting = steps[: int(moving[0]) if len(moving) else steps.height]
    if resting.is_empty() or resting["duration_second"].sum() < SHORTEST_S:
        return None
    volt, lowest = resting["last_voltage_volt"][-1], battery.maximum_voltage_volt - RELAXED_VOLT * (battery.series or 1) - tolerance_volt
    return float(volt) if volt is not None and volt >= lowest else None
