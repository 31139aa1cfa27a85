"""NEBULA step sheets: what the sheet prints is what the recording says, twice a step."""

from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
import xlsxwriter

from cellwright import readers
from cellwright.core.errors import DamagedFile
from cellwright.core.recording import Recording

SHEETS = "soh/nebula_step_sheets"
PIP = f"{SHEETS}/LMO_C_10_B_2_SOC_5-55_Part_1-1_ID_PIP15827A00221240.xlsx"
NMC = f"{SHEETS}/NMC_C_21_B_6_SOC_5-90_Part_1-2_ID_02LCC02100101A87Y0052124.xlsx"
B28 = f"{SHEETS}/LMO_C_25_B_28_SOC_5-50_Part_1-1_ID_515092501338.xlsx"


def step(recording: Recording, count: int) -> list[dict[str, Any]]:
    return recording.table.filter(pl.col("step_count") == count).to_dicts()


def codes(recording: Recording) -> dict[str, Any]:
    return {note.code: note.params for note in recording.notes}


@pytest.fixture(scope="module")
def pip(data: Path) -> Recording:
    return readers.read(data / PIP)


def test_the_reference_discharge_has_the_sheets_printed_digits(pip: Recording):
    # Sheet row 5: 放电 DC, 10:17:39.621, 4.0598 V to 1.9997 V, -9.9876 A to -10 A, -6.0513 Ah, -19.8057 Wh, 00:36:18.500, 24.9 to 29.7 °C.
    start, end = step(pip, 4)
    assert (start["voltage_volt"], end["voltage_volt"]) == (4.0598, 1.9997)
    assert (start["current_ampere"], end["current_ampere"]) == (-9.9876, -10.0)
    assert (start["temperature_t1_celsius"], end["temperature_t1_celsius"]) == (24.9, 29.7)
    assert (start["step_discharging_capacity_ah"], end["step_discharging_capacity_ah"]) == (0.0, 6.0513)
    assert (start["step_discharging_energy_wh"], end["step_discharging_energy_wh"]) == (0.0, 19.8057)
    assert end["step_charging_capacity_ah"] == 0.0
    # 09:17:53.520 to 10:17:39.621 is 3586.101 s; 36 min 18.5 s is 2178.5 s.
    assert start["test_time_second"] == pytest.approx(3586.101, abs=1e-6)
    assert end["test_time_second"] == pytest.approx(3586.101 + 2178.5, abs=1e-6)
    assert (start["step_time_second"], end["step_time_second"]) == (0.0, 2178.5)
    assert {row["step_type"] for row in (start, end)} == {"放电 DC"}
    assert {row["record_index"] for row in (start, end)} == {5}
    assert (end["step_id"], end["cycle_count"], end["结果"], start["结果"]) == (4, 1, "完成", None)


def test_whole_step_maxima_stand_in_both_rows(pip: Recording):
    start, end = step(pip, 2)
    assert start["step_maximum_voltage_volt"] == end["step_maximum_voltage_volt"] == 4.2
    assert start["step_maximum_temperature_celsius"] == end["step_maximum_temperature_celsius"] == 26.2


def test_a_recording_says_what_it_is(pip: Recording):
    assert pip.sampling == "step"
    assert (pip.source.make, pip.source.format, pip.source.channel, pip.source.start) == ("nebula", "xlsx", "2", "2023-12-06T09:17:53.520")
    assert "unix_time_second" not in pip.table.columns


def test_columns_the_sheet_has_more_stand_in_the_end_row(pip: Recording):
    start, end = step(pip, 4)
    assert (start["中值电压(V)"], end["中值电压(V)"]) == (None, 3.3389)
    assert end["持续时间(h:min:s:ms)"] == "00:36:18.500"


@pytest.mark.parametrize("name", [PIP, NMC, B28])
def test_every_step_has_two_rows_and_every_printed_capacity(data: Path, name: str):
    recording = readers.read(data / name)
    printed = fastexcel.read_excel(data / name).load_sheet(0, dtypes="string").to_polars().drop_nulls("绝对时间")
    ends = recording.table.group_by("step_count", maintain_order=True).last()
    assert recording.table.height == 2 * printed.height
    assert recording.table["step_count"].to_list() == [n for n in range(1, printed.height + 1) for _ in "se"]
    assert ends["step_discharging_capacity_ah"].to_list() == printed["放电容量(Ah)"].cast(pl.Float64).abs().to_list()
    assert ends["step_charging_capacity_ah"].to_list() == printed["充电容量(Ah)"].cast(pl.Float64).to_list()
    assert ends["voltage_volt"].to_list() == printed["结束电压(V)"].cast(pl.Float64).to_list()


def test_pauses_interruptions_and_jumps_are_noted(pip: Recording):
    notes = codes(pip)
    # The night from 16:50:01.200 to 09:10:48.972 is 58847.772 s.
    assert notes["readers.pauses_between_steps"]["longest_s"] == pytest.approx(58847.772)
    assert notes["readers.manual_jumps"]["count"] == 35
    assert notes["readers.steps_interrupted"]["count"] == 7
    assert "temperature_t2_celsius" not in pip.table.columns
    assert "开始温度2(℃)" in notes["readers.sensors_not_connected"]["columns"]


def test_empty_rows_of_a_sheet_are_left_out_and_named(data: Path):
    assert codes(readers.read(data / B28))["readers.empty_sheet_rows"] == {"count": 2, "rows": (1682, 1702)}


def test_the_zone_of_the_laboratory_gives_unix_time(data: Path):
    table = readers.read(data / PIP, timezone="Asia/Shanghai").table
    # 2023-12-06 09:17:53.520 at UTC+8 is 01:17:53.520 UTC.
    assert table["unix_time_second"][0] == pytest.approx(1701825473.520, abs=1e-3)
    assert table["unix_time_second"][1] == pytest.approx(1701825473.520 + 30, abs=1e-3)


HEADER = [
    *("工步序号", "原始步次", "循环", "通道", "状态", "绝对时间", "结果"),
    *("起始电压(V)", "最大电压(V)", "结束电压(V)", "起始电流(A)", "结束电流(A)"),
    *("充电容量(Ah)", "放电容量(Ah)", "充电能量(Wh)", "放电能量(Wh)", "相对时间(h:min:s.ms)", "结束时间"),
]


def row(n: int, began: str, lasted: str, channel: str = "1") -> list[str]:
    values = [str(n), str(n), "1", channel, "静置", f"2024-01-01 {began}", "完成", "3.7", "3.7", "3.7", "0", "0"]
    return [*values, "0", "0", "0", "0", lasted, f"2024-01-01 {began}"]


def sheet(path: Path, *rows: list[str]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for n, cells in enumerate([HEADER, *rows]):
            page.write_row(n, 0, cells)
    return path


def test_a_step_that_reaches_into_the_next_ends_where_that_begins(tmp_path: Path):
    path = sheet(tmp_path / "a.xlsx", row(1, "10:00:00.000", "00:00:30.000"), row(2, "10:00:20.000", "00:00:10.000"))
    recording = readers.read(path)
    assert recording.table["test_time_second"].to_list() == [0.0, 20.0, 20.0, 30.0]
    assert codes(recording)["readers.steps_overlap"] == {"count": 1}


def test_a_sheet_of_two_channels_holds_two_recordings(tmp_path: Path):
    path = sheet(tmp_path / "a.xlsx", row(1, "10:00:00.000", "00:00:30.000", "7"), row(2, "10:00:00.000", "00:00:10.000", "8"))
    assert [r.source.channel for r in readers.read_all(path)] == ["7", "8"]
    assert readers.read(path, channel="8").table["test_time_second"].to_list() == [0.0, 10.0]


def test_a_sheet_with_unreadable_moments_says_which_column(tmp_path: Path):
    path = sheet(tmp_path / "a.xlsx", row(1, "soon", "00:00:30.000"))
    with pytest.raises(DamagedFile, match="绝对时间"):
        readers.read(path)


def test_a_sheet_without_rows_is_an_error(tmp_path: Path):
    with pytest.raises(DamagedFile) as error:
        readers.read(sheet(tmp_path / "a.xlsx"))
    assert error.value.code == "readers.no_rows"


def test_a_truncated_workbook_is_an_error(data: Path, tmp_path: Path):
    whole = (data / PIP).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile, match=r"cut\.xlsx"):
        readers.read(tmp_path / "cut.xlsx")
