"""The open-circuit curve and its hysteresis, on a made-up cell whose curve is known and on real testers' files."""

from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cellwright.core.errors import UsageError
from cellwright.measure import OpenCircuit, everything, hysteresis, open_circuit, steps
from cellwright.plot import hysteresis_spec, open_circuit_spec
from cellwright.readers import read
from tests.measure.made_cell import Cell, battery, nmc, swept, titrated
from tests.measure.recordings import CYCLE, TESTER, series, sheet

OHM = 0.02 + 0.01 + 0.015
GAP = 2 * 0.25 * OHM  # C/20 of 5 Ah, both ways: 22.5 mV


def errors(curve: OpenCircuit, table: pl.DataFrame | None = None, low: float = 0.05, high: float = 0.95) -> np.ndarray:
    points = (curve.table if table is None else table).filter(pl.col("soc").is_between(low, high))
    return points["voltage_volt"].to_numpy() - nmc(points["soc"].to_numpy())


@pytest.fixture(scope="module")
def curve() -> OpenCircuit:
    return open_circuit(swept(Cell()).recording(), tester=TESTER)


def test_the_mean_of_two_slow_sweeps_is_the_open_circuit_voltage_within_1_mv(curve: OpenCircuit):
    assert (curve.soc_basis, curve.c_rate) == ("sweep", pytest.approx({"charge": 0.05, "discharge": 0.05}))
    assert curve.capacity is not None
    assert curve.capacity.value == pytest.approx(5.0, rel=2e-4)
    found = errors(curve, curve.mean)
    assert len(found) > 800
    assert np.abs(found).max() < 1e-3


def test_a_sweep_is_off_by_its_polarisation_and_says_how_far(curve: OpenCircuit):
    branch = curve.branch("discharge", "sweep").filter(pl.col("soc").is_between(0.3, 0.7))
    off = nmc(branch["soc"].to_numpy()) - branch["voltage_volt"].to_numpy()
    assert off == pytest.approx(np.full(len(off), GAP / 2), abs=1e-3)
    assert branch["equilibrium_uncertainty_volt"].to_numpy() == pytest.approx(np.full(len(off), GAP / 2 / sqrt(3)), abs=3e-4)
    assert (branch["standard_uncertainty_volt"] > branch["equilibrium_uncertainty_volt"]).all()


def test_a_single_sweep_is_as_uncertain_as_its_voltage_stood_off_the_rest_before_it():
    cell = Cell(soc=1.0).run(3600, interval=30).run(72000, -0.25, interval=20)
    branch = open_circuit(cell.recording(), battery(cell)).branch("discharge", "sweep")
    assert branch["equilibrium_uncertainty_volt"].to_numpy() == pytest.approx(np.full(branch.height, 0.25 * OHM), abs=1.5e-3)
    assert branch["standard_uncertainty_volt"].null_count() == branch.height  # no tester, no uncertainty of the readings


def test_between_sweeps_the_gap_is_hysteresis_and_polarisation(curve: OpenCircuit):
    found = hysteresis(curve)
    assert found.maximum.value == pytest.approx(GAP, abs=1e-3)
    assert found.maximum.conditions["includes_polarisation"] is True
    assert found.table.filter(pl.col("soc").is_between(0.2, 0.8))["hysteresis_volt"].to_numpy() == pytest.approx(GAP, abs=1e-3)


def test_between_rests_the_gap_is_hysteresis_alone():
    cell = Cell(soc=1.0, hysteresis_volt=0.02)
    titrated(cell)
    for _ in range(10):
        cell.run(1800, 1.0, interval=5).run(3600, interval=10)
    found = hysteresis(open_circuit(cell.recording(), battery(cell), TESTER))
    assert found.maximum.value == pytest.approx(0.02, abs=1e-3)
    assert (found.maximum.conditions["source"], found.maximum.conditions["includes_polarisation"]) == ("rest", False)
    assert not [name for name in found.maximum.components if name.endswith(":offset")]  # one channel reads both


@pytest.mark.parametrize(("rest", "step"), [(3600.0, 1e-4), (1800.0, 1e-4), (3600.0, 1e-3)])
def test_the_rests_of_a_titration_are_the_curve_within_1_mv_and_their_uncertainty(rest: float, step: float):
    cell = Cell(soc=1.0, noise_volt=2e-4, volt_step=step)
    found = open_circuit(titrated(cell, rest).recording(), battery(cell), TESTER)
    assert found.table["source"].to_list() == ["gitt"] * 10
    assert found.table["soc"].to_numpy() == pytest.approx(np.arange(9, -1, -1) / 10, abs=1e-6)
    off = np.abs(found.table["voltage_volt"].to_numpy() - nmc(found.table["soc"].to_numpy()))
    assert off.max() < 1e-3
    assert (off <= 2 * found.table["standard_uncertainty_volt"].to_numpy()).all()


def test_rests_beside_pulses_are_those_of_an_hppc_and_a_pulse_does_not_turn_the_branch():
    cell = Cell(soc=1.0).run(3600, interval=30)
    for _ in range(5):
        cell.run(1800, -1.0, interval=5).run(3600)
        cell.run(10, -5.0, interval=1).run(600, interval=5).run(10, 3.75, interval=1).run(600, interval=5)
    cell.run(3600 * 5 * cell.soc, -1.0, interval=2.5)  # to empty, by which the rest is counted
    found = open_circuit(cell.recording(), battery(cell), TESTER).table
    assert set(found["source"]) == {"hppc"}
    assert set(found["direction"]) == {"discharge"}
    assert found.height >= 5
    assert np.abs(found["voltage_volt"].to_numpy() - nmc(found["soc"].to_numpy())).max() < 1e-3


def test_a_hold_of_seconds_at_the_end_of_a_charge_is_no_pulse_and_full_is_where_it_ended():
    cell = Cell(soc=0.0, rc=((0.001, 30.0),), resistance=0.001).run(3600, interval=60)
    cell.run(17_950, 1.0, interval=10).run(50, 0.9, interval=10)  # the end of it is a step of 50 s
    cell.run(3600, interval=10).run(18_000, -0.999, interval=10).run(3600, interval=10)
    found = open_circuit(cell.recording(), battery(cell), TESTER).table
    assert set(found["source"]) == {"rest"}
    after_charge = found.filter(pl.col("direction") == "charge")
    assert after_charge["soc"].to_list() == [1.0]


def test_a_point_of_the_curve_is_as_uncertain_as_its_voltage_and_its_state_of_charge():
    cell = Cell(soc=0.0)
    cell.run(3600, interval=60).run(18_000, 1.0, interval=10).run(3600, interval=10)
    for _ in range(9):
        cell.run(1800, -1.0, interval=5).run(3600, interval=10)
    points = open_circuit(cell.recording(), replace(battery(cell), maximum_voltage_volt=4.2 + OHM), TESTER).branch("discharge", "gitt")
    soc, share = points["soc"].to_numpy(), points["soc_uncertainty"].to_numpy()
    # of the rated 5 Ah; the tester's gain of 0.2 % and offset of 10 mA on 1 A (rectangular) over the charge since full
    counted = np.hypot(0.002, 0.01) * (1 - soc) / sqrt(3)
    assert (share >= 0.99 * counted).all()
    assert (np.diff(share) < 0).all()  # the further from full, the less is known
    steep = points["curve_uncertainty_volt"].to_numpy()
    assert (steep[:2] > 2 * points["reading_uncertainty_volt"].to_numpy()[:2]).all()  # below 20 % the voltage falls with every share
    joined = np.hypot(steep, points["equilibrium_uncertainty_volt"].to_numpy())
    assert points["standard_uncertainty_volt"].to_numpy() == pytest.approx(joined)


def test_what_charge_and_capacity_share_cancels_and_so_does_what_a_voltage_and_its_limit_share(curve: OpenCircuit):
    full = curve.branch("charge", "sweep").row(-1, named=True)
    middle = curve.branch("discharge", "sweep").filter(pl.col("soc") > 0.5).row(0, named=True)
    assert middle["soc_uncertainty"] < 0.006  # 3.7 mV of the voltage over a slope of some 0.8 V; 4 % of offset cancel
    assert full["curve_uncertainty_volt"] < 0.2 * full["reading_uncertainty_volt"]


def test_the_largest_gap_at_the_end_of_the_window_is_said_to_lie_there():
    def parting(soc: np.ndarray | float) -> np.ndarray:
        return nmc(soc)

    cell = Cell(ocv=parting, soc=1.0).run(3600, interval=60).run(72_000, -0.25, interval=20).run(3600, interval=60)
    cell.resistance = 0.0
    for n in range(20):  # the charge's polarisation grows by 4 mV every 5 %
        cell.resistance = 0.02 + 0.016 * n
        cell.run(3600, 0.25, interval=20)
    found = hysteresis(open_circuit(cell.recording(), battery(cell), TESTER)).maximum
    assert found.conditions["soc"] > 0.89
    assert found.conditions["on_window_edge"] is True


@pytest.mark.parametrize(
    ("lang", "titles"),
    [("en", ["Open-circuit voltage", "Hysteresis of the open-circuit voltage"]), ("ko", ["개방 전압 (OCV)", "개방 전압 히스테리시스"])],
)
def test_the_figures_of_a_curve_and_of_its_hysteresis_have_titles(curve: OpenCircuit, lang: str, titles: list[str]):
    specs = open_circuit_spec(curve, lang), hysteresis_spec(hysteresis(curve), lang)
    assert [spec["layout"]["title"]["text"] for spec in specs] == titles


def test_a_rest_too_short_is_left_out_with_its_reason():
    cell = Cell(soc=1.0, rc=((0.02, 5000.0),))
    found = open_circuit(titrated(cell, 600.0, steps=4).recording(), battery(cell), TESTER)
    assert found.table.is_empty()
    assert found.reason is not None
    assert found.reason.code == "measure.rest_unseen"
    assert len(found.left_out) == 4
    assert hysteresis(found).maximum.reason == found.reason


def test_without_a_full_or_empty_moment_there_is_charge_but_no_state_of_charge():
    cell = Cell(soc=0.8).run(3600, interval=30)
    for _ in range(3):
        cell.run(1800, -1.0, interval=5).run(3600)
    found = open_circuit(cell.recording(), battery(cell), TESTER).table
    assert found["soc"].null_count() == 3
    assert np.diff(found["capacity_ah"].to_numpy()) == pytest.approx([-0.5, -0.5], abs=1e-6)


def test_a_fast_sweep_is_no_open_circuit_voltage():
    cell = Cell(soc=1.0).run(120).run(7200, -2.5)
    found = open_circuit(cell.recording(), battery(cell))
    assert found.reason is not None
    assert found.reason.code == "measure.no_open_circuit"


def test_wrong_use_is_an_error_and_a_step_sheet_has_no_sampled_rest():
    found = open_circuit(sheet(CYCLE))
    assert found.reason is not None
    assert found.reason.code == "measure.rest_not_sampled"
    with pytest.raises(UsageError):
        open_circuit(replace(series(CYCLE), table=pl.DataFrame({"test_time_second": [1.0]})))


def test_everything_gives_the_hysteresis_of_sweeps_alone():
    assert everything(swept(Cell()).recording(), tester=TESTER)["ocv_hysteresis"][0].value == pytest.approx(GAP, abs=1e-3)
    assert "ocv_hysteresis" not in everything(series(CYCLE))


def test_a_pack_cell_s_slow_cycle_has_the_capacity_that_its_tester_counted(data: Path):
    recording = read(data / "testers" / "pec" / "pec.csv")
    found = open_circuit(recording)
    counted = steps(recording).filter(kind="discharge")["counted_net_capacity_ah"].min()
    assert found.capacity is not None
    assert found.capacity.value == pytest.approx(-counted, rel=5e-4)  # type: ignore[operator]
    assert found.mean["soc"].max() > 0.99  # type: ignore[operator]
    assert (found.mean["voltage_volt"].diff().drop_nulls() > -1e-3).all()


def test_a_clock_in_a_wrong_unit_is_refused_and_corrected_it_is_a_slow_sweep(data: Path):
    made = read(data / "testers" / "bdf" / "DLR__LiGrHydra0b__20230131__POCV__25degC__Basytec.bdf.csv")
    doubted = open_circuit(made)
    assert doubted.reason is not None
    assert doubted.reason.code == "measure.clock_doubted"
    right = replace(made, table=made.table.with_columns(pl.col("test_time_second") / 3600), notes=())
    found = open_circuit(right)
    assert set(found.c_rate) == {"charge", "discharge"}
    assert found.capacity is not None
    assert found.capacity.value == pytest.approx(23.0779 / 3600, rel=1e-3)  # hours taken for seconds, twice
    assert hysteresis(found).maximum.value is not None


def test_a_step_sheet_of_a_retired_cell_has_no_curve(data: Path):
    found = open_circuit(read(next((data / "soh" / "nebula_step_sheets").glob("*515092901207.xlsx"))))
    assert found.reason is not None
    assert found.reason.code == "measure.rest_not_sampled"
