"""An HPPC by levels of charge and its power, against a cell whose every figure is known."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cellwright import plot
from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.recording import Recording
from cellwright.measure import everything, hppc, power_capability
from cellwright.readers import read
from tests.measure import made_hppc
from tests.measure.made_hppc import PERFECT, USUAL, Cell, Part, made
from tests.measure.recordings import CYCLE, TESTER, series

CELL = Cell(ocv=(3.3, 0.7, 0.0))
BATTERY = Battery("made", rated_capacity_ah=50.0, minimum_voltage_volt=2.8, maximum_voltage_volt=4.2)
LEAF = Path("safety") / "nissan_leaf_cell"
RATED = Battery("leaf", rated_capacity_ah=32.5, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)


def charged_and_tested(instrument: made_hppc.Instrument = USUAL, seed: int = 0, cell: Cell = CELL, levels: int = 10) -> Recording:
    """A full HPPC of ten levels, after the end of a charge: the first step holds the voltage at the upper limit."""
    parts = [Part(600, 0.5, 1.0), *made_hppc.hppc(levels)]
    whole = made(parts, cell, soc=1.0 - 0.5 * 600 / 3600 / 50, instrument=instrument, seed=seed)
    charging = pl.col("step_count") == 1
    falling = 0.5 + 20 * (-pl.col("step_time_second") / 60).exp()
    return replace(
        whole,
        table=whole.table.with_columns(
            pl.when(charging).then(4.2).otherwise("voltage_volt").alias("voltage_volt"),
            pl.when(charging).then(falling).otherwise("current_ampere").alias("current_ampere"),
        ),
    )


def resistance(time: float, ampere: float) -> float:
    return CELL.resistance(time) + 0.7 * time / 3600 / 50  # and what the state of charge does meanwhile, 0.7 V from empty to full


def test_a_row_a_level_with_the_rested_voltage_and_both_resistances():
    table = hppc(charged_and_tested(), BATTERY)
    # 30 s at 50 A out and 10 s at 37.5 A in: a tenth a level is counted by the program
    assert table["soc"].to_list() == pytest.approx([1 - n / 10 for n in range(10)], abs=1e-4)
    assert table["open_circuit_voltage_volt"].to_list() == pytest.approx([3.3 + 0.7 * (1 - n / 10) for n in range(10)], abs=1e-3)
    assert table["rest_second"].to_list() == [3600.0] * 10
    assert table["discharge_resistance_10s_ohm"].to_list() == pytest.approx([resistance(10.0, -50.0)] * 10, rel=0.01)
    assert table["discharge_resistance_end_ohm"].to_list() == pytest.approx([resistance(30.0, -50.0)] * 10, rel=0.01)
    assert table["charge_resistance_18s_ohm"].to_list() == [None] * 10
    assert table["charge_soc"].to_list() == pytest.approx([1 - n / 10 - 30 / 3600 for n in range(10)], abs=1e-4)


def test_the_power_is_that_at_the_voltage_limits():
    table = hppc(charged_and_tested(), BATTERY)
    at_80 = table.row(2, named=True)
    assert at_80["discharge_power_10s_watt"] == pytest.approx(2.8 * (3.86 - 2.8) / resistance(10.0, -50.0), rel=0.01)
    charge = at_80["charge_resistance_10s_ohm"]
    assert at_80["charge_power_10s_watt"] == pytest.approx(4.2 * (4.2 - at_80["open_circuit_voltage_volt"]) / charge)


def test_power_between_levels_is_on_a_straight_line_between_them():
    found = power_capability(charged_and_tested(), BATTERY, TESTER, soc=(0.8, 0.25))
    for q, soc in zip(found["discharge_power"], (0.8, 0.25), strict=True):
        assert q.value == pytest.approx(2.8 * (3.3 + 0.7 * soc - 2.8) / resistance(10.0, -50.0), rel=0.01)
        assert q.unit == "W"
        assert q.conditions["current_ampere"] == pytest.approx(-(q.value or 0) / 2.8)
        assert q.conditions["tested_current_ampere"] == pytest.approx(-50.0, abs=0.1)
    low, high = found["discharge_power"][1].conditions["levels_soc"]
    assert (low, high) == (pytest.approx(0.2, abs=1e-4), pytest.approx(0.3, abs=1e-4))
    assert [q.conditions["limit_volt"] for q in found["charge_power"]] == [4.2, 4.2]


@dataclass(frozen=True)
class Inflected(Cell):
    """A cell whose open-circuit voltage is steepest half way between two levels, where no parabola through levels bends."""

    def open_circuit(self, soc: float | np.ndarray) -> np.ndarray:
        return 3.3 + 0.6 * np.asarray(soc) + 0.06 * np.tanh((np.asarray(soc) - 0.55) / 0.08)

    def power(self, soc: float, seconds: float = 10.0, ampere: float = -50.0) -> float:
        """That of a discharge down to 2.8 V [W], with what the pulse takes out of the cell meanwhile."""
        moved = ampere * seconds / 3600 / self.capacity_ah
        ohm = self.resistance(seconds) + float(self.open_circuit(soc + moved) - self.open_circuit(soc)) / ampere
        return 2.8 * (float(self.open_circuit(soc)) - 2.8) / ohm


INFLECTED = Inflected()


@pytest.mark.parametrize("levels", [10, 5])
def test_the_current_between_two_levels_shows_the_open_circuit_voltage_between_them(levels: int):
    states = (0.43, 0.47, 0.53, 0.57, 0.63)
    for q in power_capability(charged_and_tested(PERFECT, cell=INFLECTED, levels=levels), BATTERY, soc=states)["discharge_power"]:
        soc = q.conditions["soc"]
        assert q.conditions["open_circuit_voltage_volt"] == pytest.approx(float(INFLECTED.open_circuit(soc)), abs=7e-4)
        assert q.value == pytest.approx(INFLECTED.power(soc), rel=3e-3)


def without_its_portions(whole: Recording) -> Recording:
    """Leave out what was read while the portions were taken, but for their two ends: nothing shows what lies between the levels."""
    portion = (pl.col("current_ampere") < -0.1) & (pl.col("current_ampere") > -20)
    record = pl.col("record_index")
    ends = (record == record.first().over("step_count")) | (record == record.last().over("step_count"))
    return replace(whole, table=whole.table.filter(~portion | ends))


def test_without_a_trace_the_uncertainty_holds_what_the_line_may_miss_at_an_inflection():
    whole = charged_and_tested(cell=INFLECTED)
    seen, unseen = (power_capability(r, BATTERY, TESTER, soc=(0.47, 0.63))["discharge_power"] for r in (whole, without_its_portions(whole)))
    for traced, straight in zip(seen, unseen, strict=True):
        truth = INFLECTED.power(straight.conditions["soc"])
        missed = abs((straight.value or 0.0) - truth)
        assert missed > 2 * abs((traced.value or 0.0) - truth)
        (part,) = [c for name, c in straight.components.items() if name.endswith(":interpolation")]
        assert abs(part) * 3**0.5 > 0.9 * missed
        assert (straight.standard_uncertainty or 0.0) > (traced.standard_uncertainty or 1.0)


def test_the_intervals_of_the_power_hold_the_truth():
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        gain, offset = rng.uniform(-1e-3, 1e-3), rng.uniform(-2e-3, 2e-3)  # the tester's limits
        whole = charged_and_tested(cell=INFLECTED, seed=seed)
        read_off = replace(whole, table=whole.table.with_columns(pl.col("voltage_volt") * (1 + gain) + offset))
        (q,) = power_capability(read_off, BATTERY, TESTER, soc=(0.57,))["discharge_power"]
        held += abs((q.value or 0.0) - INFLECTED.power(0.57)) <= 2 * (q.standard_uncertainty or 0.0)
    assert held >= 18  # of 20, where 19 are to be expected


def test_the_uncertainty_has_the_gains_the_state_of_charge_and_the_line():
    (found,) = power_capability(charged_and_tested(), BATTERY, TESTER, soc=(0.25,))["discharge_power"]
    power, ohm = found.value or 0.0, found.conditions["resistance_ohm"]
    parts = found.components
    volt = found.conditions["open_circuit_voltage_volt"]
    # gain of the voltage: OCV·V_min/R of the voltage, and −P of R; 0.1 %, rectangular
    (voltage,) = [c for k, c in parts.items() if k.endswith("voltage:gain")]
    assert voltage == pytest.approx((2.8 * volt / ohm - power) * 0.001 / 3**0.5, rel=1e-6)
    # gain of the current: P of 1/R, less the slope of the power by the charge that was counted, 0.8 of 50 Ah at the lower level
    (current,) = [c for k, c in parts.items() if k.endswith("current:gain")]
    slope = 2.8 * 0.7 / ohm
    assert current == pytest.approx((power + slope * 0.8) * 0.002 / 3**0.5, rel=0.02)
    assert [k for k in parts if k.endswith(":interpolation")]


def test_nothing_is_extrapolated():
    found = power_capability(charged_and_tested(), BATTERY, TESTER, soc=(0.05, 1.2))
    for q in (*found["discharge_power"], *found["charge_power"]):
        assert q.reason is not None
        assert q.reason.code == "measure.soc_not_covered"


def test_without_a_limit_there_is_no_power_that_way():
    found = power_capability(charged_and_tested(), replace(BATTERY, minimum_voltage_volt=None), soc=(0.8,))
    assert found["discharge_power"][0].reason is not None
    assert found["discharge_power"][0].reason.code == "measure.limit_unknown"
    assert found["charge_power"][0].value is not None
    assert hppc(charged_and_tested(), replace(BATTERY, minimum_voltage_volt=None))["discharge_power_10s_watt"].to_list() == [None] * 10


def test_a_time_that_the_pulses_do_not_reach_has_no_power():
    found = power_capability(charged_and_tested(), BATTERY, soc=(0.8,), time_s=30.0)
    assert found["discharge_power"][0].value is not None
    assert found["charge_power"][0].reason is not None
    assert found["charge_power"][0].reason.code == "measure.no_resistance_at"


def without_its_charge(whole: Recording) -> Recording:
    """Begin where the charge is over, in the rest before the first pulse."""
    return replace(whole, table=whole.table.filter(pl.col("step_count") > 1))


def test_an_hppc_without_its_charge_is_taken_to_begin_full_where_it_rests_at_the_upper_limit():
    """The made cell rests at 4.0 V when full."""
    bare = without_its_charge(charged_and_tested())
    at_limit = replace(BATTERY, maximum_voltage_volt=4.02)
    with_charge, without = (power_capability(r, at_limit, TESTER, soc=(0.8,))["discharge_power"][0] for r in (charged_and_tested(), bare))
    assert without.value == pytest.approx(2.8 * (3.86 - 2.8) / resistance(10.0, -50.0), rel=0.01)
    assert without.conditions["taken_as_full_volt"] == pytest.approx(4.0, abs=5e-4)
    assert with_charge.conditions.get("taken_as_full_volt") is None
    # full or short of it by up to 20 mV at 0.7 V from empty to full, and by a tenth of the capacity less at the limit of the power
    lacking = 0.02 / 0.7 / 3**0.5
    (part,) = [u for name, u in without.components.items() if name.endswith(":taken_as_full")]
    assert abs(part) == pytest.approx(lacking * 2.8 * 0.7 / resistance(10.0, -50.0), rel=0.05)


def test_a_battery_that_rests_lower_is_not_taken_as_full():
    (found,) = power_capability(without_its_charge(charged_and_tested()), BATTERY, TESTER, soc=(0.8,))["discharge_power"]  # 0.2 V below
    assert found.reason is not None
    assert found.reason.code == "measure.soc_unknown"


def test_a_rest_of_less_than_five_minutes_says_nothing_of_how_full_it_is():
    bare = without_its_charge(charged_and_tested())
    short = replace(bare, table=bare.table.filter(pl.col("test_time_second") >= bare.table["test_time_second"][0] + 3400))
    assert power_capability(short, replace(BATTERY, maximum_voltage_volt=4.02), soc=(0.8,))["discharge_power"][0].value is None


@pytest.mark.parametrize("at", ["10C", "25C-2", "40C-1"])
def test_the_leaf_is_as_full_without_its_charge_as_with_it(data: Path, at: str):
    whole = read(data / LEAF / f"NissanLeaf-cell-Low-Current-HPPC-{at}.csv")
    charged = whole.table.filter(pl.col("current_ampere") > 0, pl.col("voltage_volt") >= 4.199)["record_index"]
    last = int(charged.filter(charged < charged[0] + 6000)[0])
    begin = whole.table.filter(pl.col("record_index") > last, pl.col("current_ampere").abs() < 0.1)["record_index"][0]
    bare = replace(whole, table=whole.table.filter(pl.col("record_index") >= begin))
    known, assumed = (power_capability(r, RATED, TESTER)["discharge_power"] for r in (whole, bare))
    for one, other in zip(known, assumed, strict=True):
        assert other.value == pytest.approx(one.value, rel=2e-3)
        assert 4.17 < other.conditions["taken_as_full_volt"] < 4.19  # read after an hour: 4.176, 4.182, 4.183 V
        assert (other.standard_uncertainty or 0) > (one.standard_uncertainty or 1)


def test_everything_has_the_power_of_an_hppc_and_asks_none_of_pulses_at_one_state_of_charge():
    found = everything(charged_and_tested(), BATTERY, TESTER)
    assert [q.conditions["soc"] for q in found["discharge_power"]] == [0.8, 0.2]
    assert found["discharge_power"] == power_capability(charged_and_tested(), BATTERY, TESTER)["discharge_power"]
    assert "discharge_power" not in everything(made(made_hppc.hppc(1), CELL), BATTERY, TESTER)


def test_a_time_that_nothing_is_read_at_is_wrong_use():
    for measure in (hppc, power_capability):
        with pytest.raises(UsageError) as error:
            measure(charged_and_tested(), BATTERY, time_s=7.0)
        assert error.value.code == "measure.no_such_time"


def test_without_pulses_or_states_of_charge_there_is_a_reason():
    from_unknown = made(made_hppc.hppc(3), CELL)
    for recording, code in ((series(CYCLE), "measure.no_pulse"), (from_unknown, "measure.soc_unknown")):
        (found,) = power_capability(recording, BATTERY)["discharge_power"]
        assert found.reason is not None
        assert found.reason.code == code
        with pytest.raises(UsageError) as error:
            hppc(recording, BATTERY)
        assert error.value.code == code


def test_a_test_of_discharge_pulses_only_has_no_charge_side():
    whole = charged_and_tested()
    outward = replace(whole, table=whole.table.filter(pl.col("step_count") % 6 != 5))  # the charge pulses of each level
    assert hppc(outward, BATTERY)["charge_resistance_10s_ohm"].is_null().all()
    assert hppc(outward, BATTERY)["discharge_resistance_10s_ohm"].is_not_null().all()
    (found,) = power_capability(outward, BATTERY, soc=(0.8,))["charge_power"]
    assert found.reason is not None
    assert found.reason.code == "measure.no_resistance_at"


def test_a_battery_that_stands_beyond_its_limit_has_no_power():
    found = power_capability(charged_and_tested(), replace(BATTERY, minimum_voltage_volt=3.6), soc=(0.2,))["discharge_power"]
    assert found[0].reason is not None
    assert found[0].reason.code == "measure.beyond_limit"


def test_the_leaf_hppc_by_hand(data: Path):
    table = hppc(read(data / LEAF / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"), RATED)
    assert table.height == 10
    half = table.row(5, named=True)
    # 3.909 V at rest, 3.848 V and −30.00 A after 10 s; 0.01 A were read at rest
    assert half["open_circuit_voltage_volt"] == 3.909
    assert half["discharge_resistance_10s_ohm"] == pytest.approx((3.909 - 3.848) / 30.01)
    assert half["discharge_power_10s_watt"] == pytest.approx(3.0 * 0.909 / ((3.909 - 3.848) / 30.01))
    assert table["charge_resistance_10s_ohm"][0] is None  # the charge pulse at full ran into 4.2 V


def test_cold_costs_the_leaf_a_third_of_its_power(data: Path):
    power = [
        power_capability(read(data / LEAF / f"NissanLeaf-cell-Low-Current-HPPC-{at}.csv"), RATED, soc=(0.5,))["discharge_power"][0].value
        for at in ("10C", "25C-2", "40C-1")
    ]
    assert power == sorted(p or 0.0 for p in power)
    assert (power[0] or 0) / (power[1] or 1) == pytest.approx(0.64, abs=0.03)


def test_the_figure_has_three_panels_with_units():
    spec = plot.hppc_spec(hppc(charged_and_tested(), BATTERY))
    titles = [spec["layout"][name]["title"]["text"] for name in ("yaxis", "yaxis2", "yaxis3", "xaxis")]
    assert titles == ["OCV (V)", "DC resistance (mΩ)", "Pulse power (W)", "State of charge (%)"]
    assert len(spec["data"]) == 5
    assert plot.hppc(hppc(charged_and_tested(), BATTERY), "ko").layout.title.text == "하이브리드 펄스 전력 특성(HPPC)"
