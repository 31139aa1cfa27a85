import pytest

from cellwright.core import units
from cellwright.core.errors import UnitError


@pytest.mark.parametrize(
    ("left", "right", "power", "expected"),
    [
        ("V", "A", -1, "ohm"),
        ("V", "A", 1, "W"),
        ("Ah", "Ah", -1, "1"),
        ("Ah", "V", 1, "Wh"),
        ("Wh", "Ah", -1, "V"),
        ("A", "ohm", 1, "V"),
    ],
)
def test_products_get_their_own_name(left: str, right: str, power: int, expected: str):
    assert units.product(left, right, power) == expected


def test_a_scaled_product_without_a_name_is_refused():
    with pytest.raises(UnitError, match="no name"):
        units.product("nm", "K", -1)


def test_milli_units_convert_exactly():
    assert units.factor("mAh", "Ah") == pytest.approx(1e-3, rel=1e-15)
    assert units.factor("kWh", "Wh") == 1000


@pytest.mark.parametrize("unit", ["degC", "furlong", "V^2"])
def test_a_unit_that_cannot_be_multiplied_is_named(unit: str):
    with pytest.raises(UnitError, match="is not a unit"):
        units.parse(unit)
