"""State of health is a ratio under the rating's conditions, or a refusal that names what is in the way."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.core.battery import Battery
from cellwright.core.boundary import from_json, to_json
from cellwright.core.messages import message
from cellwright.core.quantity import Evidence, Quantity, absent, from_components
from cellwright.health import state_of_health

BATTERY = Battery(
    "cell-1",
    rated_capacity_ah=25.0,
    rated_capacity_c_rate=1.0,
    rated_temperature_celsius=25.0,
    rated_energy_wh=90.0,
    minimum_voltage_volt=2.7,
    maximum_voltage_volt=4.2,
)
CONDITIONS: dict[str, Any] = {"c_rate": 1.0, "temperature_celsius": 25.0, "voltage_window_volt": (2.7, 4.2), "unconditioned": True}
ROWS = Evidence("ab" * 32, ((4, 90),))


def capacity(value: float = 20.0, u: float = 0.05, **conditions: Any) -> Quantity:
    return from_components("capacity", value, "Ah", {"t:current:gain": u}, conditions={**CONDITIONS, **conditions}, evidence=(ROWS,))


def of(battery: Battery, *capacities: Quantity) -> tuple[Quantity, ...]:
    return state_of_health(battery, {"capacity": capacities})["capacity_soh"]


def test_it_is_measured_over_rated_with_the_uncertainty_of_the_measured():
    (soh,) = of(BATTERY, capacity(20.0, 0.05))
    assert soh.value == pytest.approx(20.0 / 25.0)
    assert soh.unit == "1"
    assert soh.standard_uncertainty == pytest.approx(0.05 / 25.0)
    assert soh.components == pytest.approx({"t:current:gain": 0.05 / 25.0})
    assert soh.origin == "bench"
    assert soh.evidence == (ROWS,)


def test_it_carries_the_conditions_of_the_test_and_of_the_rating():
    (soh,) = of(BATTERY, capacity())
    assert soh.conditions["unconditioned"] is True
    assert soh.conditions["c_rate"] == 1.0
    assert soh.conditions["rated_capacity_ah"] == 25.0
    assert soh.conditions["rated_c_rate"] == 1.0
    assert soh.conditions["rated_temperature_celsius"] == 25.0
    assert soh.conditions["rated_voltage_window_volt"] == (2.7, 4.2)
    assert soh.conditions["rated_origin"] == "declared"


def test_there_is_one_for_each_capacity_in_their_order():
    reason = message("measure.no_discharge")
    first, second, third = of(BATTERY, capacity(20.0), absent("capacity", "Ah", reason), capacity(22.5))
    assert (first.value, third.value) == (pytest.approx(0.8), pytest.approx(0.9))
    assert second.value is None
    assert second.reason == reason


def test_energy_is_held_against_the_rated_energy():
    energy = from_components("energy", 72.0, "Wh", {"t:voltage:gain": 0.9}, conditions=CONDITIONS)
    (soh,) = state_of_health(BATTERY, {"energy": (energy,)})["energy_soh"]
    assert soh.name == "energy_soh"
    assert soh.value == pytest.approx(72.0 / 90.0)
    assert soh.standard_uncertainty == pytest.approx(0.9 / 90.0)


@pytest.mark.parametrize(
    ("conditions", "what", "tested", "rated"),
    [
        ({"c_rate": 0.5}, "c_rate", 0.5, 1.0),
        ({"c_rate": 1.11}, "c_rate", 1.11, 1.0),
        ({"temperature_celsius": 27.1}, "temperature", 27.1, 25.0),
        ({"voltage_window_volt": (3.0, 4.2)}, "minimum_voltage", 3.0, 2.7),
        ({"voltage_window_volt": (2.7, 4.1)}, "maximum_voltage", 4.1, 4.2),
    ],
)
def test_a_condition_that_differs_makes_it_not_comparable_and_is_named(conditions: Any, what: str, tested: float, rated: float):
    (soh,) = of(BATTERY, capacity(**conditions))
    assert soh.value is None
    assert soh.reason == message("health.not_comparable", what=[f"health.condition.{what}"], tested=[tested], rated=[rated])
    assert "not comparable" in soh.reason.text()


@pytest.mark.parametrize(
    "conditions",
    [
        {"c_rate": 0.9},
        {"c_rate": -1.1},
        {"temperature_celsius": 23.0},
        {"temperature_celsius": 27.0},
        {"voltage_window_volt": (2.6998, 4.1999)},
        {"start_temperature_celsius": 25.4, "temperature_celsius": 31.0},
        {"start_temperature_celsius": 27.2, "start_temperature_uncertainty_kelvin": 0.1},  # 2.2 K off, and 2 + 2·0.1 allowed
        {"start_temperature_celsius": 28.9, "start_temperature_uncertainty_kelvin": 5.0},  # 3.9 K off, and 2 + 2 allowed
    ],
)
def test_a_condition_within_its_tolerance_is_the_same_one(conditions: Any):
    (soh,) = of(BATTERY, capacity(20.0, **conditions))
    assert soh.value == pytest.approx(0.8)


def test_a_poor_thermometer_buys_no_more_than_the_tolerance_again():
    (soh,) = of(BATTERY, capacity(start_temperature_celsius=29.1, start_temperature_uncertainty_kelvin=5.0))
    assert soh.reason == message("health.not_comparable", what=["health.condition.temperature"], tested=[29.1], rated=[25.0])


def test_every_difference_is_named_at_once():
    (soh,) = of(BATTERY, capacity(c_rate=0.33, temperature_celsius=10.0))
    assert soh.reason is not None
    assert soh.reason.params["what"] == ("health.condition.c_rate", "health.condition.temperature")
    assert "different C-rate, temperature [°C] (test: 0.33, 10; rating: 1, 25)" in soh.reason.text("en")


@pytest.mark.parametrize("column", ["rated_capacity_c_rate", "rated_temperature_celsius", "minimum_voltage_volt", "maximum_voltage_volt"])
def test_a_rating_without_its_conditions_is_not_comparable_and_says_what_to_fill_in(column: str):
    (soh,) = of(replace(BATTERY, **{column: None}), capacity())
    assert soh.value is None
    assert soh.reason == message("health.not_comparable_rating_incomplete", columns=[column])


def test_a_known_difference_comes_before_what_is_not_stated():
    (soh,) = of(replace(BATTERY, rated_capacity_c_rate=None), capacity(temperature_celsius=40.0))
    assert soh.reason is not None
    assert soh.reason.code == "health.not_comparable"


@pytest.mark.parametrize(
    ("missing", "what"),
    [("c_rate", ["c_rate"]), ("temperature_celsius", ["temperature"]), ("voltage_window_volt", ["minimum_voltage", "maximum_voltage"])],
)
def test_a_test_that_does_not_show_its_conditions_is_not_comparable(missing: str, what: list[str]):
    (soh,) = of(BATTERY, capacity(**{missing: None}))
    assert soh.reason == message("health.not_comparable_test_incomplete", what=[f"health.condition.{w}" for w in what])


@pytest.mark.parametrize("rated", [None, 0.0])
def test_without_a_rated_value_there_is_nothing_to_compare_with(rated: float | None):
    (soh,) = of(replace(BATTERY, rated_capacity_ah=rated), capacity())
    assert soh.reason == message("health.no_rated_value", columns=["rated_capacity_ah"])


def test_where_nothing_was_measured_it_says_so():
    found = state_of_health(BATTERY, {})
    assert [q.reason.code for name in ("capacity_soh", "energy_soh") for q in found[name] if q.reason] == ["health.not_measured"] * 2


def test_the_bms_value_stands_beside_and_is_called_what_it_is():
    (soh,) = state_of_health(replace(BATTERY, bms_soh=0.91), {"capacity": (capacity(),)})["bms_soh"]
    assert (soh.value, soh.origin, soh.standard_uncertainty) == (0.91, "bms", None)
    (none,) = state_of_health(BATTERY, {})["bms_soh"]
    assert (none.value, none.origin, none.reason) == (None, "bms", message("health.no_bms_soh"))


def test_a_capacity_without_known_uncertainty_gives_one_without():
    (soh,) = of(BATTERY, replace(capacity(), standard_uncertainty=None, components={}))
    assert soh.value == pytest.approx(0.8)
    assert soh.standard_uncertainty is None


def test_it_goes_to_json_and_back():
    for q in of(BATTERY, capacity(), capacity(c_rate=0.2)):
        assert from_json(Quantity, to_json(q), "q.json") == q


@settings(deadline=None)
@given(st.floats(0.01, 1.1), st.floats(0.0, 1.0), st.floats(0.1, 200.0))
def test_relative_uncertainty_is_that_of_the_capacity(share: float, relative: float, rated: float):
    (soh,) = of(replace(BATTERY, rated_capacity_ah=rated), capacity(share * rated, relative * share * rated))
    assert soh.value is not None
    assert soh.standard_uncertainty is not None
    assert soh.standard_uncertainty / soh.value == pytest.approx(relative)


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"counter_ah": 21.0}, "health.counter_disagrees"),
        ({"charge_mode": "CC"}, "health.not_charged_to_taper"),
        ({"charge_mode": "CCCV", "charge_end_current_ampere": 2.6}, "health.not_charged_to_taper"),  # C/10 of 25 Ah is 2.5 A
        ({"discharge_mode": "CCCV"}, "health.discharged_at_constant_voltage"),
        ({"pause_s": 1800.0}, "health.discharge_paused"),
        ({"start_temperature_celsius": float("nan")}, "health.not_comparable"),
    ],
)
def test_another_kind_of_test_is_not_compared_with_a_rating(conditions: dict[str, Any], code: str):
    (soh,) = of(BATTERY, capacity(**conditions))
    assert soh.value is None
    assert soh.reason is not None
    assert soh.reason.code == code


def test_a_charge_that_tapered_is():
    (soh,) = of(BATTERY, capacity(20.0, charge_mode="CCCV", charge_end_current_ampere=2.4))
    assert soh.value == pytest.approx(0.8)


def test_nobody_holds_nine_times_their_rating():
    (soh,) = of(BATTERY, capacity(224.0))
    assert soh.reason == message("health.implausible", share=896.0, column="rated_capacity_ah")
