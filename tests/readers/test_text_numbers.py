"""Numbers as testers and spreadsheets write them: decimal commas, thousands marks, and which of the two a comma is."""

from pathlib import Path

import pytest

from cellwright.readers.engine.text.numbers import PLAIN, Style, style_of
from tests.readers.test_text import codes, read


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        (["0", "3.7", "-1.25e-3"], PLAIN),
        (["0", "3,7", "-1,25E-3"], Style(",")),
        (["0,701"], Style(",")),
        (["1,234.5", "3.7"], Style(".", ",")),
        (["1.234,5", "3,7"], Style(",", ".")),
        (["1 234,5"], Style(",", " ")),
        (["1\u202f234,5", "0,5"], Style(",", "\u202f")),
        (["1'234.5"], Style(".", "'")),
        (["1,234,567"], Style(".", ",")),
        (["1.234.567", "2,5"], Style(",", ".")),
        (["1,234", "3.75"], Style(".", ",")),
        (["3,701", "3,702"], Style(",", assumed=True)),
        (["10.02.2023", "12:30:01", "LOT 12,5"], PLAIN),
    ],
)
def test_the_style_of_numbers_is_told_from_them(cells: list[str], style: Style):
    assert style_of(cells, ";") == style


def test_with_commas_between_cells_a_comma_in_a_quoted_one_is_for_thousands_unless_it_cannot_be():
    assert style_of(["1,234"], ",") == Style(".", ",")
    assert style_of(["3,70"], ",") == Style(",")


@pytest.mark.parametrize(
    "content",
    [
        "Test Time / s;Voltage / V;Current / A;Power / W\n0;3,7;0;0\n1.234,5;3,6;-2,25;-8.100,25\n",
        "Test Time / s;Voltage / V;Current / A;Power / W\n0;3.7;0;0\n1,234.5;3.6;-2.25;-8,100.25\n",
        "Test Time / s;Voltage / V;Current / A;Power / W\n0;3,7;0;0\n1 234,5;3,6;-2,25;-8 100,25\n",
        "Test Time / s;Voltage / V;Current / A;Power / W\n0;3.7;0;0\n1'234.5;3.6;-2.25;-8'100.25\n",
        'Test Time / s,Voltage / V,Current / A,Power / W\n0,"3,7",0,0\n"1.234,5","3,6","-2,25","-8.100,25"\n',
        'Test Time / s,Voltage / V,Current / A,Power / W\n0,3.7,0,0\n"1,234.5",3.6,-2.25,"-8,100.25"\n',
    ],
)
def test_marks_between_thousands_and_decimal_commas_are_understood(tmp_path: Path, content: str):
    recording = read(tmp_path, content)
    columns = ["test_time_second", "voltage_volt", "current_ampere", "power_watt"]
    assert recording.table.select(columns).rows() == [(0.0, 3.7, 0.0, 0.0), (1234.5, 3.6, -2.25, -8100.25)]
    assert codes(recording) == []


def test_a_vendors_own_column_of_thousands_is_numbers_too(tmp_path: Path):
    table = read(tmp_path, "Test Time / s\tVoltage / V\tCurrent / A\tPump\n0\t3.7\t0\t1,250.5\n1\t3.7\t0\t900\n").table
    assert table["Pump"].to_list() == [1250.5, 900.0]


def test_a_comma_that_nothing_proves_to_be_decimal_is_noted(tmp_path: Path):
    recording = read(tmp_path, "Test Time / s;Voltage / V;Current / A\n0;3,701;0\n1;3,702;0\n")
    assert recording.table["voltage_volt"].to_list() == [3.701, 3.702]
    assert next(n for n in recording.notes if n.code == "readers.decimal_comma_assumed").params["number"] == "3,701"


def test_numbers_with_blanks_around_them_are_numbers(tmp_path: Path):
    table = read(tmp_path, "Test Time / s,Voltage / V,Current / A\n 0 , 3.7 , 0 \n 1 , 3.6 , -2 \n").table
    assert table.select("voltage_volt", "current_ampere").rows() == [(3.7, 0.0), (3.6, -2.0)]
