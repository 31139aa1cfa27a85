"""One way to find sweeps, and what open circuit, dQ/dV and electrodes make of the same ones."""

from dataclasses import replace
from math import isclose

import polars as pl
import pytest

from cellwright import measure
from cellwright.core.recording import Recording
from cellwright.measure.course import Course
from cellwright.measure.sweeping import sweeps, swept
from tests.measure.incremental_truth import LITHIUM_AH, NEGATIVE_AH, POSITIVE_AH, Potential, cell, sweep
from tests.measure.made_cell import Cell, battery
from tests.measure.recordings import TESTER, constant, held, rest, series
from tests.measure.test_electrodes import NEGATIVE, POSITIVE


def both_ways(voltage: Potential, capacity_ah: float, off_volt: float) -> Recording:
    """Charge from empty and discharge again at C/20, each off the true voltage by its polarisation [V]."""
    up = sweep(lambda q: voltage(q) + off_volt, capacity_ah=capacity_ah, seed=1).table
    down = sweep(lambda q: voltage(q) - off_volt, capacity_ah=capacity_ah, seed=2, direction="discharge").table
    after = up["test_time_second"][-1] + 60.0
    down = down.with_columns(
        pl.col("test_time_second") + after, pl.col("step_count") + 2, (pl.col("record_index") + up.height).cast(up.schema["record_index"])
    )
    return replace(sweep(voltage), table=pl.concat([up, down]))


def test_a_sweep_that_the_program_cut_in_two_is_one():
    parts = (rest(60, 3.2), constant(1800, 5.0, 3.2, 3.7), constant(1800, 5.0, 3.7, 4.2), held(360, 4.2, 5.0, 0.2))
    (found,) = sweeps(Course(series(parts)), "charge")
    assert (found.first, found.last) == (1, 2)
    assert isclose(found.moved_ah, 5.0, rel_tol=1e-3)  # 5 A for an hour
    assert measure.incremental_capacity(series(parts)).conditions["voltage_window_volt"] == pytest.approx((3.2, 4.2), abs=1e-3)


def test_a_half_of_it_can_still_be_asked_for():
    parts = (rest(60, 3.2), constant(1800, 5.0, 3.2, 3.7), constant(1800, 5.0, 3.7, 4.2), held(360, 4.2, 5.0, 0.2))
    assert isclose(measure.incremental_capacity(series(parts), step=3).charge.value or 0, 2.5, rel_tol=2e-3)


def test_a_charge_before_the_first_sample_is_counted_apart():
    parts = (rest(60, 3.2), constant(3600, 5.0, 3.2, 4.2))
    found = swept(Course(series(parts, interval=10.0)), 1, 1)
    assert found is not None
    assert isclose(found.led_ah, 5.0 * 10 / 3600, rel_tol=1e-6)  # the first sample is 10 s in
    assert isclose(found.led_ah + found.moved_ah, 5.0, rel_tol=1e-6)


def test_what_stood_still_in_a_pause_moved_no_charge():
    recording = series((rest(60, 3.2), constant(36000, 0.5, 3.2, 4.2)), interval=10.0, timed=False)
    time = pl.col("test_time_second")
    paused = recording.table.with_columns(pl.when(time > 18000).then(time + 7200).otherwise(time).alias("test_time_second"))
    found = swept(Course(replace(recording, table=paused)), 1, 1)
    assert found is not None
    assert isclose(found.led_ah + found.moved_ah, 5.0, rel_tol=1e-3)  # 0.5 A for ten hours


def test_losses_follow_from_an_open_circuit_curve_whose_sweeps_are_off_by_their_polarisation():
    fits: list[measure.Electrodes] = []
    for lost in (0.0, 0.10):
        capacity, voltage = cell(POSITIVE_AH, NEGATIVE_AH, LITHIUM_AH * (1 - lost))
        curve = measure.open_circuit(both_ways(voltage, capacity, 0.015), tester=TESTER)
        fits.append(measure.electrodes(curve, POSITIVE, NEGATIVE))
    shift = fits[0].quantities["voltage_shift"]
    assert abs(shift.value or 1.0) < 2e-3  # 15 mV one way and 15 mV the other
    assert fits[0].quantities["positive_capacity"].conditions["direction"] == "charge+discharge"
    for name, true in zip(("lithium_inventory_loss", "positive_electrode_loss", "negative_electrode_loss"), (0.1, 0, 0), strict=True):
        assert abs((measure.degradation_modes(*fits)[name].value or 1.0) - true) < 0.01


def test_one_slow_sweep_of_an_open_circuit_curve_gives_what_the_sweep_itself_does():
    capacity, voltage = cell(POSITIVE_AH, NEGATIVE_AH, LITHIUM_AH)
    recording = sweep(voltage, capacity_ah=capacity, seed=3)
    whole, curve = measure.electrodes(measure.open_circuit(recording), POSITIVE, NEGATIVE), measure.incremental_capacity(recording)
    alone = measure.electrodes(curve, POSITIVE, NEGATIVE)
    for name in ("positive_capacity", "negative_capacity", "lithium_inventory"):
        assert isclose(whole.quantities[name].value or 0, alone.quantities[name].value or 1, rel_tol=0.01)


def test_a_curve_of_rests_tells_no_electrodes_apart_and_says_so():
    titration = Cell(soc=1.0).run(3600, interval=30)
    for _ in range(3):
        titration = titration.run(1800, -1.0, interval=10).run(7200, interval=30)
    found = measure.electrodes(measure.open_circuit(titration.recording(), battery(titration)), POSITIVE, NEGATIVE)
    reason = found.quantities["lithium_inventory"].reason
    assert reason is not None
    assert reason.code == "measure.electrodes_no_sweep"


def test_why_there_is_no_open_circuit_is_why_there_are_no_electrodes():
    found = measure.electrodes(measure.open_circuit(series((constant(3600, 5.0, 3.2, 4.2),))), POSITIVE, NEGATIVE)
    reason = found.quantities["lithium_inventory"].reason
    assert reason is not None
    assert reason.code == "measure.no_open_circuit"
