"""Bitrode text: with a header and without, one counter in two columns."""

from pathlib import Path

import pytest

from cellwright import readers

HEADER = "Exclude,Time(s),Cycle,Loop,Loop,Loop,Step,StepTime(s),Current(A),Voltage(V),Power(W),Capacity(Ah),Energy(Wh),Mode,Data,\n"
ROWS = (
    "No,1.0,1,1,1,1,2,1.0,10.00,3.30,33.0,0.01,0.03,CHRG, ,\n"
    "No,2.0,1,1,1,1,2,2.0,10.00,3.40,34.0,0.02,0.06,CHRG,S,\n"
    "No,3.0,1,1,1,1,3,1.0,0.00,3.35,0.0,0.02,0.06,REST, ,\n"
    "No,4.0,1,1,1,1,4,1.0,-5.00,3.30,-16.5,-0.01,-0.02,DCHG, ,\n"
    "No,5.0,2,1,1,1,4,1.0,-5.00,3.30,-16.5,-0.01,-0.02,DCHG, ,\n"
)


@pytest.mark.parametrize("header", [HEADER, ""])
def test_a_file_reads_the_same_with_a_header_and_without(tmp_path: Path, header: str):
    (tmp_path / "a.csv").write_text(header + ROWS)
    recording = readers.read(tmp_path / "a.csv")
    table = recording.table
    assert recording.source.make == "bitrode"
    assert table.select("test_time_second", "current_ampere", "voltage_volt").rows()[3] == (4.0, -5.0, 3.30)
    assert table["step_count"].to_list() == [1, 1, 2, 3, 4]
    assert table["step_id"].to_list() == [2, 2, 3, 4, 4]
    assert ("readers.header_assumed" in [n.code for n in recording.notes]) == (not header)


def test_the_signed_counter_is_parted_and_zero_at_rest(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEADER + ROWS)
    table = readers.read(tmp_path / "a.csv").table
    assert table["step_charging_capacity_ah"].to_list() == [0.01, 0.02, 0, 0, 0]
    assert table["step_discharging_capacity_ah"].to_list() == [0, 0, 0, 0.01, 0.01]
    assert table["step_discharging_energy_wh"].to_list() == [0, 0, 0, 0.02, 0.02]


def test_a_leaf_cells_1c_discharge_has_the_testers_capacity(data: Path):
    table = readers.read(data / "safety" / "nissan_leaf_cell" / "1C-Discharge-Bitrode-data.csv").table
    first_discharge = table.filter((table["cycle_count"] == 2) & (table["step_type"] == "DCHG"))
    # No,13654.1,2,1,1,1,2,3568.8,-30.60,3.000,-91.6,-30.33,-113.84,DCHG
    assert first_discharge["step_discharging_capacity_ah"].max() == 30.33
    assert first_discharge["step_discharging_energy_wh"].max() == 113.84
