"""The list of batteries, and what it may not say."""

import pytest

from cellwright.core.battery import Battery, parse_battery, parse_battery_list
from cellwright.core.errors import ListError


def test_only_the_id_is_required_and_an_empty_field_says_nothing():
    (battery,) = parse_battery_list("id,chemistry,rated_capacity_ah\nA,,\n", "b.csv")
    assert battery == Battery("A")


def test_globs_are_separated_by_semicolons():
    (battery,) = parse_battery_list("id,files\nA,one*.csv; two.ndax\n", "b.csv")
    assert battery.files == ("one*.csv", "two.ndax")


def test_a_list_whose_fields_are_separated_by_semicolons_is_read():
    (battery,) = parse_battery_list('id;rated_capacity_ah;files\nA;10;"a.csv;b.csv"\n', "b.csv")
    assert (battery.rated_capacity_ah, battery.files) == (10.0, ("a.csv", "b.csv"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("rated_capacity_ah", "-21"), ("rated_capacity_ah", "nan"), ("maximum_voltage_volt", "inf"), ("bms_soh", "88"), ("series", "0")],
)
def test_a_value_that_cannot_be_is_named_with_its_row_and_column(field: str, value: str):
    with pytest.raises(ListError, match=f"b.csv:2: `{field}` cannot be `{value}`"):
        parse_battery_list(f"id,{field}\nA,{value}\n", "b.csv")


def test_limits_that_are_swapped_are_told():
    with pytest.raises(ListError, match=r"minimum_voltage_volt 4.2 is not below maximum_voltage_volt 2.7"):
        parse_battery('id = "A"\nminimum_voltage_volt = 4.2\nmaximum_voltage_volt = 2.7\n', "battery.toml")


@pytest.mark.parametrize("parent", ["nobody", "A"])
def test_a_parent_is_another_battery_of_the_list(parent: str):
    with pytest.raises(ListError, match=f"parent {parent} of A is not another battery"):
        parse_battery_list(f"id,parent\nA,{parent}\n", "b.csv")


def test_two_batteries_of_one_id_are_told_with_the_row():
    with pytest.raises(ListError, match=r"b.csv:3: a second battery with id A"):
        parse_battery_list("id\nA\nA\n", "b.csv")


def test_parents_that_lead_back_are_told():
    with pytest.raises(ListError, match="the parents of A lead back to itself"):
        parse_battery_list("id,parent\nA,B\nB,C\nC,A\n", "b.csv")
