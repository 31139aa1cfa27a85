"""PEC: a head, units in two spellings, counters that begin anew with each cycle, several cells in one file."""

from pathlib import Path

import pytest

from cellwright import readers

HEAD = (
    "Request Year:,2019\nTest:,187\nNumber Of Cells:,1\nParameter names:,C-Rate (mAh),Mass (kg)\nLotID:,\nStart Time:,02/22/2019 16:21:35\n"
)
HEADER = (
    "Test,Cell,Rack,Shelf,Position,Cell ID,Step,Cycle,Total Time (Seconds),Step Time (Seconds),Real Time,Voltage (mV),Current (mA),"
    "Charge Capacity (mAh),Discharge Capacity (mAh),Charge Capacity (mWh),Discharge Capacity (mWh),ReasonCode,\n"
)
ROWS = (
    "187,1,SBT,2,3,A,1,0,1,1,02/22/2019 16:23:27,3300.5,-1640,0,0.5,0,1.5,30,\n"
    "187,1,SBT,2,3,A,1,0,2,2,02/22/2019 16:23:28,3300.0,-1640,0,1.0,0,3.0,30,\n"
    "187,1,SBT,2,3,A,8,1,3,1,02/22/2019 16:23:29,3400.0,1640,0.5,0,1.5,0,2,\n"
)


def test_units_of_the_header_become_si_and_the_counters_are_the_cycles(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.csv")
    table = recording.table
    assert recording.source.make == "pec"
    assert table["voltage_volt"].to_list() == pytest.approx([3.3005, 3.3, 3.4])
    assert table["current_ampere"].to_list() == pytest.approx([-1.64, -1.64, 1.64])
    assert table["cycle_discharging_capacity_ah"].to_list() == [0.0005, 0.001, 0]
    assert table["cycle_charging_energy_wh"].to_list() == [0, 0, 0.0015]
    assert table["step_count"].to_list() == [1, 1, 2]
    assert table["cycle_count"].to_list() == [0, 0, 1]


def test_the_head_and_what_every_row_repeats_are_metadata(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.csv")
    assert recording.source.channel == "SBT-2-3"
    assert recording.source.start == "2019-02-22T16:23:27"
    assert recording.metadata["Parameter names"] == "C-Rate (mAh), Mass (kg)"
    assert recording.metadata["Cell ID"] == "A"
    assert "LotID" not in recording.metadata
    assert "Rack" not in recording.table.columns


def test_a_file_of_two_cells_gives_two_recordings_by_position(tmp_path: Path):
    other = ROWS.replace(",1,SBT,2,3,A,", ",2,SBT,2,4,B,").replace("3400.0", "3500.0")
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS + other)
    first, second = readers.read_all(tmp_path / "a.csv")
    assert (first.source.channel, second.source.channel) == ("SBT-2-3", "SBT-2-4")
    assert second.table["voltage_volt"].to_list() == pytest.approx([3.3005, 3.3, 3.5])
    assert second.table["record_index"].to_list() == [4, 5, 6]


def test_two_tests_at_one_position_are_told_apart_by_their_numbers(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS + ROWS.replace("187,1,", "188,1,"))
    assert [r.source.channel for r in readers.read_all(tmp_path / "a.csv")] == ["187/1", "188/1"]


def test_times_in_hours_minutes_and_seconds_are_read(tmp_path: Path):
    header = HEADER.replace("Total Time (Seconds)", "Total Time (Hours in hh:mm:ss.xxx)").replace("(mV)", "(V)").replace("(mA)", "(A)")
    row = "187,1,SBT,2,3,A,1,0,25:00:01.500,1,02/22/2019 16:23:27,3.3,-1.64,0,0.5,0,1.5,30,\n"
    (tmp_path / "a.csv").write_text(HEAD + header + row)
    table = readers.read(tmp_path / "a.csv").table
    # 25 h and 1.5 s.
    assert table.select("test_time_second", "voltage_volt", "current_ampere").row(0) == (90001.5, 3.3, -1.64)


def test_a_saft_cells_first_and_last_rows_are_those_of_the_file(data: Path):
    recording = readers.read(data / "testers/pec/pec.csv", timezone="UTC")
    table = recording.table.select(
        *("test_time_second", "step_time_second", "voltage_volt", "current_ampere", "cycle_charging_capacity_ah"),
        *("cycle_discharging_capacity_ah", "ambient_temperature_celsius", "surface_temperature_celsius", "unix_time_second"),
    )
    assert table.height == 16255
    # 187,1,SBT0550,001,1,,0,0,1,0,1,0,0,02/22/2019 16:23:27,…,3272.632,0,0,0,…,25.83,24.9: 1550852607 is 2019-02-22 16:23:27 UTC.
    assert table.row(0) == pytest.approx((1, 1, 3.272632, 0, 0, 0, 25.83, 24.9, 1550852607))
    # …,8,2,323010.183,317580,97157.406,97157,0,02/26/2019 10:06:56,…,3787.5572,1640.1,44258.93,0,…,26.23,25.6
    assert table.row(-1) == pytest.approx((323010.183, 97157.406, 3.7875572, 1.6401, 44.25893, 0, 26.23, 25.6, 1551175616))
    assert recording.metadata["TestRegime Name"] == "SAFT VL43EFe dQdV C/25"


def test_a_resting_lg_cells_rows_are_those_of_the_file(data: Path):
    recording = readers.read(data / "testers/pec/Test25195.csv")
    table = recording.table.select("test_time_second", "voltage_volt", "current_ampere", "temperature_t1_celsius", "step_type")
    assert table.height == 19
    # …,0,Idle,0,00:00:00.002,…,3.5690308,-8E-06,…
    assert table.row(0) == (0.002, 3.5690308, -8e-6, None, "Idle")
    # …,0,Idle,0,00:00:20.000,…,3.5689908,-1E-06,…,16.74
    assert table.row(3) == (20, 3.5689908, -1e-6, 16.74, "Idle")
    assert recording.metadata["Cell ID"] == "345626_9356111_33_6"
    # 1 June or 6 January: the file does not tell, and that is said.
    assert "readers.ambiguous_date" in [note.code for note in recording.notes]
