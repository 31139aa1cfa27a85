"""Incremental capacity, differential voltage and their peaks, against curves that are known."""

from collections.abc import Callable
from dataclasses import replace
from math import isclose, sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.signal import argrelmax

import cellwright as cw
from cellwright import measure, plot
from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.recording import Recording
from tests.measure.incremental_truth import CAPACITY_AH, PEAKS, Floats, lg_m50, logistic, sweep, true_peaks
from tests.measure.recordings import CYCLE, TESTER, constant, held, rest, series, sheet

Voltage = Callable[[Floats], Floats]
SHARE = np.linspace(0, 1, 200_001)


def slope(voltage: Voltage, at_ah: Floats) -> Floats:
    return np.interp(at_ah, SHARE * CAPACITY_AH, np.gradient(voltage(SHARE), SHARE * CAPACITY_AH))


def positions(curve: measure.SweepCurve) -> Floats:
    return np.array([p.position.value for p in measure.peaks(curve)])


@pytest.mark.parametrize(("noise", "step"), [(1e-5, 1e-5), (1e-4, 1e-4), (2e-4, 1e-4), (5e-5, 1e-3)])
@pytest.mark.parametrize("voltage", [lg_m50, logistic])
def test_peaks_lie_within_two_millivolts_of_the_truth(voltage: Voltage, noise: float, step: float):
    true = true_peaks(voltage)
    for seed in range(3):
        found = positions(measure.incremental_capacity(sweep(voltage, 7200, noise=noise, step=step, seed=seed)))
        assert len(found) == len(true)
        off = np.abs(found - true)
        assert np.sqrt(np.mean(off**2)) < 2e-3, off
        if noise + step < 3e-4:
            assert off.max() < 2e-3, off


ON_THE_GRID = [(noise, step, samples) for noise in (5e-5, 1e-4, 2e-4) for step in (1e-4, 3e-4, 1e-3) for samples in (1800, 3600, 5400)]


@pytest.mark.parametrize("voltage", [lg_m50, logistic])
def test_at_any_real_noise_step_and_sampling_all_peaks_are_found_and_nearly_all_within_two_millivolts(voltage: Voltage):
    true, direction = true_peaks(voltage), ("charge", "discharge")
    off: list[Floats] = []
    within: list[NDArray[np.bool_]] = []
    for seed, (noise, step, samples) in enumerate(ON_THE_GRID):
        recording = sweep(voltage, samples, noise=noise, step=step, seed=seed, direction=direction[seed % 2])
        found = sorted(measure.peaks(measure.incremental_capacity(recording)), key=lambda p: p.position.value or 0)
        assert len(found) == len(true)
        off.append(np.array([p.position.value for p in found]) - true)
        within.append(np.abs(off[-1]) < np.array([p.position.expanded_uncertainty for p in found]))
    size = np.abs(np.array(off))
    assert np.sqrt(np.mean(size**2)) < 1e-3
    assert np.mean(size < 2e-3) > 0.95
    assert np.mean(within) > 0.9  # k = 2


@pytest.mark.parametrize("samples", [1800, 5400])
def test_peaks_of_half_or_one_and_a_half_times_the_samples_agree_within_their_uncertainties(samples: int):
    usual, other = (measure.peaks(measure.incremental_capacity(sweep(lg_m50, n, noise=2e-4, seed=n))) for n in (3600, samples))
    for one, another in zip(usual, other, strict=True):
        for a, b in ((one.position, another.position), (one.height, another.height)):
            allowed = 2 * sqrt((a.standard_uncertainty or 0) ** 2 + (b.standard_uncertainty or 0) ** 2)
            assert abs((a.value or 0) - (b.value or 0)) < 1.5 * allowed  # twelve of them: one in ten passes k = 2 by chance


def test_readings_a_millivolt_apart_make_no_peaks_of_their_own():
    for seed in range(4):
        found = measure.peaks(measure.incremental_capacity(sweep(lg_m50, noise=5e-5, step=1e-3, seed=seed)))
        assert len(found) == len(true_peaks(lg_m50))


def test_a_broad_peak_says_that_its_place_is_less_well_known():
    found = measure.peaks(measure.incremental_capacity(sweep(lg_m50, noise=2e-4)))
    unsure = [p.position.standard_uncertainty or 0 for p in found]
    assert unsure[3] > 5 * unsure[5]  # at 3.81 V a shoulder, at 4.10 V a plateau


def test_a_peak_of_charge_a_and_width_w_is_a_over_4w_high_with_its_charge_between_its_valleys():
    scale = CAPACITY_AH / (sum(a for *_, a in PEAKS) + 1.5)  # the logistics' tails beyond the ends are below 0.1 %
    found = measure.peaks(measure.incremental_capacity(sweep(logistic)))
    for peak, (_, w, a) in zip(found, PEAKS, strict=True):
        assert isclose(peak.height.value or 0, scale * (a / 4 / w + 1.5 / 0.9), rel_tol=0.02)
        low, high = peak.area.conditions["between_volt"]
        assert isclose(peak.area.value or 0, scale * (a + 1.5 / 0.9 * (high - low)), rel_tol=0.02)
        assert [q.unit for q in (peak.position, peak.height, peak.area)] == ["V", "Ah/V", "Ah"]


@pytest.mark.parametrize("samples", [2400, 5400])
def test_half_or_one_and_a_half_times_the_samples_tell_the_same(samples: int):
    usual, other = (measure.incremental_capacity(sweep(lg_m50, n, seed=n)) for n in (3600, samples))
    assert np.abs(positions(usual) - positions(other)).max() < 2e-3
    ratio = (usual.slope / other.slope)[20:-20]
    assert sqrt(np.mean((ratio - 1) ** 2)) < 0.01


def test_the_stated_uncertainty_is_that_of_the_scatter_of_many():
    true = true_peaks(lg_m50)
    ratios: list[Floats] = []
    for seed in range(12):
        curve = measure.incremental_capacity(sweep(lg_m50, 2400, noise=2e-4, seed=seed))
        off = curve.slope - slope(lg_m50, curve.capacity_ah)
        assert 0.4 < sqrt(np.mean((off / curve.slope_uncertainty)[10:-10] ** 2)) < 1.5
        found = measure.peaks(curve)
        ratios.append(
            np.array([((p.position.value or 0) - t) / (p.position.standard_uncertainty or 1) for p, t in zip(found, true, strict=True)])
        )
    assert 0.3 < sqrt(np.mean(np.array(ratios) ** 2)) < 1.5


def test_a_charge_and_a_discharge_are_positive_and_alike():
    charge, discharge = (measure.incremental_capacity(sweep(lg_m50, direction=d)) for d in ("charge", "discharge"))
    assert (charge.slope > 0).all()
    assert (discharge.slope > 0).all()
    assert np.abs(positions(charge) - positions(discharge)[::-1]).max() < 2e-3


def test_differential_voltage_peaks_where_the_slope_does():
    curve = measure.differential_voltage(sweep(lg_m50))
    at = SHARE[::100] * CAPACITY_AH
    true = at[argrelmax(slope(lg_m50, at), order=20)]
    found = measure.peaks(curve)
    assert np.abs(np.array([p.position.value for p in found]) - true).max() < 0.01 * CAPACITY_AH
    assert [q.unit for q in (found[0].position, found[0].height, found[0].area)] == ["Ah", "V/Ah", "V"]


def test_the_held_voltage_and_the_ramp_are_no_part_of_the_sweep():
    parts = (rest(60, 3.2), constant(1620, 10.0, 3.2, 4.2), held(360, 4.2, 10.0, 0.0))
    table = series(parts).table.with_columns(pl.when(pl.col("step_count") > 1).then(2).otherwise(1).alias("step_count"))
    curve = measure.incremental_capacity(replace(series(parts), table=table))
    assert isclose(curve.charge.value or 0, 10 * 1620 / 3600, rel_tol=0.02)  # 4.5 Ah in, and the first 5 % of the taper at most
    inner = curve.slope[20:900]
    assert np.allclose(inner, 1.0 / 4.5, rtol=0.01)  # 1 V over 4.5 Ah


def test_a_step_sheet_is_refused():
    with pytest.raises(UsageError) as refused:
        measure.incremental_capacities(sheet(CYCLE))
    assert refused.value.code == "measure.sweep_of_sheet"


@pytest.mark.parametrize(("recording", "code"), [(series((rest(100, 3.2),)), "no_sweep"), (sweep(lg_m50, 30), "sweep_too_short")])
def test_what_is_no_sweep_is_refused_with_the_reason(recording: Recording, code: str):
    with pytest.raises(UsageError) as refused:
        measure.incremental_capacity(recording)
    assert refused.value.code == f"measure.{code}"


def test_a_plateau_that_the_readings_do_not_resolve_has_no_value_and_its_peak_no_height():
    def plateau(share: Floats) -> Floats:
        return 3.3 + 0.25 * np.clip(share - 0.7, 0, None) - 0.25 * np.clip(0.3 - share, 0, None)

    curve = measure.incremental_capacity(sweep(plateau, noise=2e-4, step=1e-4))
    assert "measure.sweep_unresolved" in [n.code for n in curve.notes]
    assert curve.table["incremental_capacity_ah_per_volt"].null_count() > 100
    peak = next(p for p in measure.peaks(curve) if p.height.value is None)
    assert peak.height.reason is not None
    assert isclose(peak.position.value or 0, 3.3, abs_tol=1e-3)


def test_a_voltage_that_runs_backwards_is_said():
    curve = measure.incremental_capacity(sweep(lambda s: 3.3 + 0.4 * s - 0.06 * np.exp(-(((s - 0.5) / 0.05) ** 2))))
    assert "measure.sweep_backwards" in [n.code for n in curve.notes]


def test_too_fast_a_rate_is_said_and_is_that_of_the_rated_capacity():
    fast = measure.incremental_capacity(sweep(lg_m50, c_rate=0.5), Battery("c", rated_capacity_ah=2 * CAPACITY_AH))
    assert isclose(fast.conditions["c_rate"], 0.25)
    assert [n.code for n in fast.notes] == ["measure.sweep_too_fast"]


def test_all_sweeps_of_a_recording_are_those_one_by_one():
    recording = series((*CYCLE, *CYCLE), interval=5.0)
    together = measure.incremental_capacities(recording)
    assert [c.conditions["direction"] for c in together] == ["charge", "discharge"] * 2
    alone = measure.incremental_capacity(recording, step=together[1].conditions["step_count"])
    assert np.allclose(alone.slope, together[1].slope, rtol=1e-3)
    assert len(measure.incremental_capacities(recording, direction="charge")) == 2


def test_the_testers_errors_are_in_the_uncertainty_under_their_own_names():
    peak = measure.peaks(measure.incremental_capacity(sweep(lg_m50), tester=TESTER))[1]
    volt = peak.position.value or 0
    assert isclose(peak.position.components["t/m:voltage:gain"], volt * 0.001 / sqrt(3))
    assert isclose(peak.position.components["t/m:voltage:offset"], 0.002 / sqrt(3))
    assert isclose(peak.area.components["t/m:current:gain"], (peak.area.value or 0) * 0.002 / sqrt(3), rel_tol=1e-6)


def test_the_figure_has_units_a_line_a_sweep_and_its_peaks():
    curve = measure.incremental_capacity(sweep(lg_m50))
    for lang in ("en", "ko"):
        spec = plot.incremental_spec([curve], measure.peaks(curve), lang)
        assert spec["layout"]["yaxis"]["title"]["text"] == "dQ/dV (Ah/V)"
        assert len(spec["data"][0]["x"]) == len(curve.slope)
        assert len(spec["data"][1]["x"]) == 6
    assert plot.incremental([measure.differential_voltage(sweep(lg_m50))]).layout.yaxis.title.text == "dV/dQ (V/Ah)"


def test_real_half_cell_graphite_has_its_three_stages(data: Path):
    files = sorted(data.glob("testers/bdf/*POCV*"))
    if not files:
        pytest.skip("no slow half-cell sweep in the data")
    curve = measure.incremental_capacity(cw.read(files[0]), direction="charge")
    found = positions(curve)
    # Delithiation plateaus of graphite against lithium: about 0.10, 0.14 and 0.21 to 0.23 V (Dahn, Phys. Rev. B 44 (1991) 9170)
    for volt in (0.10, 0.14, 0.22):
        assert np.abs(found - volt).min() < 0.01
