"""A Nissan Leaf cell, tested on a Bitrode: the counter it prints, and readings worked out by hand."""

from pathlib import Path

import pytest

from cellwright.core import resources
from cellwright.core.battery import Battery
from cellwright.core.tester import parse_tester
from cellwright.measure import everything, extremes, resistances, steps
from cellwright.readers import read

TESTER = parse_tester(resources.text("testers", "default.toml"), "default.toml")
FOLDER = Path("safety") / "nissan_leaf_cell"
# What the tester counted, to 0.01 Ah, the last discharge first and the unconditioned one last.
COUNTED = {
    "1C": [30.29, 30.30, 30.34, 30.33],
    "2C": [29.89, 29.91, 29.93, 29.97],  # the file begins with a discharge from no charge that it shows
    "3C": [28.40, 28.52, 28.53, 28.72],
}


@pytest.mark.parametrize("rate", COUNTED)
def test_capacities_are_what_the_tester_counted(data: Path, rate: str):
    found = everything(read(data / FOLDER / f"{rate}-Discharge-Bitrode-data.csv"), tester=TESTER)["capacity"]
    assert [q.value for q in found] == pytest.approx(COUNTED[rate], abs=0.0101)
    assert [q.conditions["unconditioned"] for q in found] == [False, False, False, True]
    assert all("counter_ah" not in q.conditions for q in found)
    assert found[0].conditions["voltage_window_volt"] == pytest.approx((3.0, 4.2), abs=1.1e-3)


def test_a_third_of_the_current_sags_less_and_gives_more(data: Path):
    first = [everything(read(data / FOLDER / f"{rate}-Discharge-Bitrode-data.csv"))["capacity"][0].value or 0 for rate in COUNTED]
    assert first == sorted(first, reverse=True)


def test_efficiency_is_that_of_the_counters(data: Path):
    found = everything(read(data / FOLDER / "1C-Discharge-Bitrode-data.csv"), tester=TESTER)
    assert found["coulombic_efficiency"][0].value == pytest.approx(30.29 / 30.32, abs=5e-4)
    assert found["energy_efficiency"][0].value == pytest.approx(113.66 / 119.32, abs=3e-3)


def test_the_first_hppc_pulse_by_hand(data: Path):
    found = resistances(read(data / FOLDER / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"), tester=TESTER)
    first = {q.conditions["nominal_time_s"]: q for q in found if q.conditions["step_count"] == 3}
    # 4.182 V and 0.00 A at rest; −30.00 A and 4.125 V after 1.0 s, 4.082 V after 30.0 s
    assert first[1.0].value == pytest.approx((4.182 - 4.125) / 30)
    assert first[30.0].value == pytest.approx((4.182 - 4.082) / 30)
    assert 0.1 not in first  # sampled each half second
    assert first[30.0].conditions["rest_before_s"] == pytest.approx(3600)


def test_an_hppc_is_a_discharge_in_portions_and_no_capacity_test(data: Path):
    found = everything(read(data / FOLDER / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"))["capacity"]
    assert [q.reason and q.reason.code for q in found] == ["measure.not_from_full"]


def test_the_state_of_charge_of_an_hppc_falls_with_each_portion(data: Path):
    battery = Battery("leaf", rated_capacity_ah=30.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
    found = resistances(read(data / FOLDER / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"), battery, TESTER)
    long = [q.conditions["soc"] for q in found if q.conditions["nominal_time_s"] == 30.0]
    portion = (0.25 - 0.0625 + 3.0003) / 30  # 30 s at 30 A, less 10 s at 22.5 A, and 1080.1 s at 10 A
    assert long == pytest.approx([1 - n * portion for n in range(len(long))], abs=2e-3)
    assert len(long) == 10


def test_a_charge_pulse_at_full_has_no_resistance(data: Path):
    found = resistances(read(data / FOLDER / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"), tester=TESTER)
    at_full = {q.conditions["nominal_time_s"] for q in found if q.conditions["step_count"] == 5}
    later = {q.conditions["nominal_time_s"] for q in found if q.conditions["step_count"] == 10}
    assert at_full == set()  # 9.6 A after 0.1 s and 20.3 A after 0.4 s of 22.5 A; 4.2 V is reached after 2.2 s, and the current falls
    assert later == {0.1, 1.0, 2.0, 5.0, 10.0}


def test_the_steps_of_the_program_are_the_steps(data: Path):
    table = steps(read(data / FOLDER / "1C-Discharge-Bitrode-data.csv"))
    assert table.height == 20
    assert table["kind"].value_counts().sort("kind").rows() == [("charge", 5), ("discharge", 4), ("rest", 11)]
    assert set(table.filter(table["kind"] == "charge")["mode"]) == {"CCCV"}


def test_the_rise_needs_no_time_base(data: Path):
    path = data / FOLDER / "Temperature-1C-discharge.lvm"
    rises = [extremes(read(path, rate_hz=rate))["temperature_rise"] for rate in (1.0, 1 / 3)]
    assert rises[0] == rises[1]
    # greatest reading of the second probe in the log, and the middle one of its first five: 27.9355, .9306, .9355, .9330, .8902
    assert rises[0][0].value == pytest.approx(29.149492 - 27.933017)
    assert rises[0][0].conditions["probe"] == "temperature_t2_celsius"
