"""What every make has in common, checked once."""

from pathlib import Path

import pytest

from cellwright.core.errors import MissingColumn
from cellwright.readers import read

HEAD = "Test Time / s,Voltage / V,Current / A,Surface Temperature / degC\n"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "made.bdf.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_what_is_no_finite_number_is_left_empty_and_counted(tmp_path: Path):
    found = read(written(tmp_path, "0,3.7,1,25", "1,inf,1,nan", "2,3.7,-inf,inf", "3,nan,1,25"))
    assert found.table["voltage_volt"].to_list() == [3.7, None, 3.7, None]
    assert found.table["current_ampere"].to_list() == [1.0, 1.0, None, 1.0]
    assert found.table["surface_temperature_celsius"].to_list() == [25.0, None, None, 25.0]
    noted = {n.params["column"]: n.params["count"] for n in found.notes if n.code == "readers.not_finite"}
    assert noted == {"voltage_volt": 2, "current_ampere": 1, "surface_temperature_celsius": 2}


def test_a_row_whose_time_is_no_finite_number_is_left_out(tmp_path: Path):
    found = read(written(tmp_path, "0,3.7,1,25", "inf,3.7,1,25", "nan,3.7,1,25", "3,3.7,1,25"))
    assert found.table["test_time_second"].to_list() == [0.0, 3.0]
    assert [n.params["count"] for n in found.notes if n.code == "readers.rows_without_time"] == [2]


def test_a_column_without_a_finite_number_is_none(tmp_path: Path):
    with pytest.raises(MissingColumn):
        read(written(tmp_path, "0,nan,1,25", "1,inf,1,25"))
