import pytest

from cellwright.core.messages import message
from cellwright.core.quantity import Quantity, absent
from cellwright.report.numbers import confidence, decimals, roughly, shown


def quantity(name: str, value: float, unit: str, expanded: float | None) -> Quantity:
    return Quantity(name, value, unit, standard_uncertainty=None if expanded is None else expanded / 2)


@pytest.mark.parametrize(
    ("expanded", "digits"), [(0.0823, 3), (0.82, 2), (8.2, 1), (82.3, 0), (823.0, -1), (0.0996, 2), (0.996, 1), (9.96, 0), (1.0, 1)]
)
def test_an_uncertainty_is_shown_to_two_significant_digits(expanded: float, digits: int):
    """0.0823 is 0.082; 0.0996 rounds up to 0.10, whose second digit is the second decimal."""
    assert decimals(expanded) == digits


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (("capacity", 20.6204, "Ah", 0.0823), "20.620 ± 0.082 Ah"),
        (("capacity_soh", 0.824816, "1", 0.0033), "82.48 ± 0.33 %"),
        (("dc_resistance", 0.00184, "ohm", 0.0000412), "1.840 ± 0.041 mΩ"),
        (("dc_resistance", 2.5, "ohm", 0.13), "2.50 ± 0.13 Ω"),
        (("energy", 61234.0, "Wh", 823.0), "61230 ± 820 Wh"),
        (("maximum_temperature", 36.94, "degC", 0.58), "36.94 ± 0.58 °C"),
        (("rest_sag", -0.00012, "V/h", 0.0011), "−0.1 ± 1.1 mV/h"),
        (("cell_voltage_spread", 0.0184, "V", 0.0016), "18.4 ± 1.6 mV"),
        (("bms_soh", 0.86, "1", None), "86 %"),
    ],
)
def test_a_value_is_rounded_to_its_uncertainty_in_the_unit_of_the_trade(given: tuple, text: str):
    assert shown(quantity(*given)).text.replace("\u00a0", " ") == text


def test_the_guaranteed_value_is_rounded_to_the_safe_side():
    """20.6204 - 0.0823 = 20.5381, down to 20.538; 1.84 + 0.0412 = 1.8812, up to 1.882."""
    assert shown(quantity("capacity", 20.6204, "Ah", 0.0823)).bound == "≥\u00a020.538"
    assert shown(quantity("dc_resistance", 0.00184, "ohm", 0.0000412)).bound == "≤\u00a01.882"
    assert shown(quantity("capacity_soh", 0.90, "1", 0.02)).bound == "≥\u00a088.0"


def test_a_state_of_health_has_at_most_two_decimals_of_per_cent():
    """55.992 ± 0.066 %: at least 55.926 %, down to 55.92 %; what is less than 0.01 % is not shown as nothing."""
    ready = shown(quantity("capacity_soh", 0.55992, "1", 0.00066))
    assert (ready.value, ready.expanded, ready.bound) == ("55.99", "0.07", "≥\u00a055.92")
    assert shown(quantity("capacity_soh", 0.55992, "1", 0.00002)).expanded == "0.01"


def test_without_uncertainty_nothing_is_guaranteed():
    ready = shown(quantity("capacity", 20.6204, "Ah", None))
    assert (ready.value, ready.expanded, ready.bound) == ("20.62", None, None)


def test_an_absent_quantity_is_not_shown_as_a_number():
    assert shown(absent("capacity", "Ah", message("core.no"))) is None


def test_almost_nothing_is_not_nothing_and_nothing_is_certain():
    assert [roughly(share).replace("\u00a0", " ") for share in (0.0, 0.004, 0.5, 1.0)] == ["0 %", "< 1 %", "50 %", "100 %"]
    assert [confidence(share).replace("\u00a0", " ") for share in (0.5, 0.977, 1.0)] == ["50 %", "98 %", "> 99 %"]
