"""Novonix: sections, hours, balances, and runs that were resumed in the same file."""

from pathlib import Path

import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile

HEAD = (
    "[Summary]\nNovonix UHPC data file\nNovonix\nChannel: 07\nCell: A1\nCapacity (Ah): 5\nStarted: 2025-07-19 15:26:20\n[End Summary]\n"
    '[Protocol]\n{"Version":"UHPC"}\n[End Protocol]\n[Data]\n'
)
HEADER = (
    "Date and Time,Cycle Number,Step Type,Run Time (h),Step Time (h),Current (A),Potential (V),Capacity (Ah),Temperature (°C),Step Number\n"
)
ROWS = (
    "2025-07-19 15:26:20,1,7,0.0,0.0,0.5,3.6,0.0,25.0,1\n"
    "2025-07-19 16:26:20,1,7,1.0,1.0,0.5,3.7,0.5,25.1,1\n"
    "2025-07-19 16:27:20,1,9,1.25,0.25,-0.4,3.5,0.4,25.2,2\n"
)


def test_hours_become_seconds_and_the_balance_stays_a_balance(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.csv")
    table = recording.table
    assert recording.source.make == "novonix"
    assert table["test_time_second"].to_list() == [0, 3600, 4500]
    assert table["step_time_second"].to_list() == [0, 3600, 900]
    assert table["net_capacity_ah"].to_list() == [0, 0.5, 0.4]
    assert table["step_type"].to_list() == ["7", "7", "9"]
    assert table["step_count"].to_list() == [1, 1, 2]
    assert table["temperature_t1_celsius"].to_list() == [25.0, 25.1, 25.2]


def test_the_summary_and_the_protocol_are_metadata(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.csv", timezone="Asia/Seoul")
    assert recording.source.channel == "07"
    assert recording.source.start == "2025-07-19T15:26:20"
    assert recording.metadata["Capacity (Ah)"] == "5"
    assert recording.metadata["Protocol steps"] == '{"Version":"UHPC"}'
    # 06:26:20 UTC.
    assert recording.table["unix_time_second"][0] == 1752906380


def test_an_old_file_keeps_its_type_under_step_number_and_has_twelve_hours(tmp_path: Path):
    header = "Date and Time,Cycle Number,Step Number,Run Time (h),Step Time (h),Current (A),Potential (V),Capacity (Ah)\n"
    rows = "1/13/2019 11:30:00 PM,1,0,0.0,0.0,0,3.5,0\n1/14/2019 12:30:00 AM,1,1,1.0,0.0,0.2,3.6,0.1\n"
    (tmp_path / "a.csv").write_text(HEAD.replace("UHPC", "HPC") + header + rows)
    recording = readers.read(tmp_path / "a.csv")
    assert recording.table["step_type"].to_list() == ["0", "1"]
    assert recording.table["step_count"].to_list() == [1, 2]
    assert recording.source.start == "2019-01-13T23:30:00"


def test_a_resumed_test_is_joined_and_its_balance_goes_on(tmp_path: Path):
    again = "2025-07-19 17:27:20,1,7,0.0,0.0,0.5,3.6,0.0,25.0,1\n2025-07-19 18:27:20,1,7,1.0,1.0,0.5,3.7,0.5,25.1,1\n"
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS + HEAD + HEADER + again)
    recording = readers.read(tmp_path / "a.csv")
    # The second run begins an hour after the last row of the first, by the clock.
    assert recording.table["test_time_second"].to_list() == [0, 3600, 4500, 8100, 11700]
    assert recording.table["net_capacity_ah"].to_list() == pytest.approx([0, 0.5, 0.4, 0.4, 0.9])
    codes = [note.code for note in recording.notes]
    assert "readers.parts_joined" in codes
    assert "readers.time_restarts_by_clock" in codes


def test_runs_of_other_columns_are_not_joined(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS + HEAD + HEADER.replace("Run", "Test") + ROWS)
    with pytest.raises(DamagedFile) as refused:
        readers.read(tmp_path / "a.csv")
    assert refused.value.code == "readers.parts_differ"


def test_a_file_without_its_data_is_damaged(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD)
    with pytest.raises(DamagedFile):
        readers.read(tmp_path / "a.csv")


def test_a_samples_first_and_last_rows_are_those_of_the_file(data: Path):
    table = readers.read(data / "testers/novonix/sample_data_novonix.csv").table
    chosen = table.select(
        *("test_time_second", "current_ampere", "voltage_volt", "net_capacity_ah", "net_energy_wh", "temperature_t1_celsius", "power_watt")
    )
    assert table.height == 207
    assert chosen.row(0) == (0, 0, 3.84318331, 0, 0, 24.644, 0)
    # 2025-07-19 18:51:08,1,7,3.4131889,3.4131889,0.49999387,4.12864581,1.70652976,24.792,25.262,6.84854718,…,2.06429761
    assert chosen.row(-1) == pytest.approx((3.4131889 * 3600, 0.49999387, 4.12864581, 1.70652976, 6.84854718, 24.792, 2.06429761))
