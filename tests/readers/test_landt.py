"""LANDT: the CSV with its six lines, and the native exports as published readers describe them."""

from pathlib import Path

import pytest
import xlsxwriter

from cellwright import readers

HEAD = (
    "cell model:,,\ncell id: ,,\ntest: ,,\ncheckpoint: ,,\n"
    "Nominal capacity used to define the C rate:Ah,,\nNominal energy used to define the E rate: Wh,,\n"
)
HEADER = (
    "channel_index,cycle_index,step_index,date_time_iso_string,test_time_s,step_time_s,current_A,voltage_V,discharge_capacity_Ah,"
    "charge_capacity_Ah,discharge_energy_Wh,charge_energy_Wh,Pressure_Psi,temperature_1_C,temperature_2_C,temperature_3_C,step_name\n"
)
ROWS = (
    "1,1,1,04/30/2024 14:33:19,0.02,0.02,0.0000,2.9215,0,0,0,0,0,0,25.5,0,rest,\n"
    "2,1,2,04/30/2024 14:33:34,15.02,0.02,-0.5000,2.9,0.002,0,0.006,0,0,0,25.5,0,discharge CC,\n"
    "3,1,3,04/30/2024 14:33:49,30.02,0.02,0.5000,3.0,0,0.001,0,0.003,0,0,25.6,0,charge CC,\n"
)
NATIVE = "Index,TestTime,StepTime,Voltage/V,Current/mA,Capacity/mAh,SCapacity/mAh/g,Energy/mWh,SEnergy/Wh/kg,State,SysTime\n"
NATIVE_ROWS = (
    "1,0-00:00:00,0-00:00:00,3.0,0,0,0,0,0,R,2020-01-02 03:04:05\n"
    "2,0-00:00:10,0-00:00:00,2.9,-500,0,0,0,0,D_CC,2020-01-02 03:04:15\n"
    "3,1-00:00:10,1-00:00:00,2.5,-500,12000,6,30000,9,D_CC,2020-01-03 03:04:15\n"
)


def test_the_first_column_is_the_records_number_and_every_counter_the_steps(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.csv")
    table = recording.table
    assert recording.source.make == "landt"
    assert table["record_index"].to_list() == [1, 2, 3]
    assert table["step_discharging_capacity_ah"].to_list() == [0, 0.002, 0]
    assert table["step_charging_energy_wh"].to_list() == [0, 0, 0.003]
    assert table["current_ampere"].to_list() == [0, -0.5, 0.5]
    assert table["step_type"].to_list() == ["rest", "discharge CC", "charge CC"]
    assert recording.source.start == "2024-04-30T14:33:19"
    assert dict(recording.metadata) == {}


def test_thermometers_that_are_not_there_are_left_out_and_said(tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.csv")
    assert [c for c in recording.table.columns if "temperature" in c] == ["temperature_t2_celsius"]
    assert "readers.sensors_not_connected" in [note.code for note in recording.notes]


def test_a_native_text_export_has_its_days_units_and_one_counter_parted(tmp_path: Path):
    (tmp_path / "a.txt").write_text((NATIVE + NATIVE_ROWS).replace(",", "\t"))
    recording = readers.read(tmp_path / "a.txt")
    table = recording.table
    assert recording.source.format == "txt"
    # A day and ten seconds.
    assert table["test_time_second"].to_list() == [0, 10, 86410]
    assert table["current_ampere"].to_list() == [0, -0.5, -0.5]
    assert table["step_discharging_capacity_ah"].to_list() == [0, 0, 12]
    assert table["step_charging_capacity_ah"].to_list() == [0, 0, 0]
    assert table["SCapacity/mAh/g"].to_list() == [0, 0, 6]


def test_the_chinese_names_are_the_same_columns(tmp_path: Path):
    header = "记录序号,测试时间,步次时间,电压/V,电流/mA,容量/mAh,能量/mWh,状态\n"
    (tmp_path / "a.csv").write_text(header + "1,00:00:10,00:00:10,3.5,250,0.7,2.4,C_CC\n", encoding="utf-8")
    table = readers.read(tmp_path / "a.csv").table
    assert table.select("test_time_second", "voltage_volt", "current_ampere", "step_charging_capacity_ah").row(0) == (10, 3.5, 0.25, 0.0007)


def test_the_export_with_a_state_of_one_letter_gets_its_signs_from_it(tmp_path: Path):
    header = "Rec#\tCyc#\tStep\tTest(Sec)\tStep(Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt-Time\n"
    rows = (
        "1\t0\t1\t0.0\t0.0\t0\t0\t0\t3.6\tR\t0\t2024-04-30 14:33:19\n"
        "2\t0\t2\t10.0\t10.0\t0.005\t0.017\t1.8\t3.5\tD\t1\t2024-04-30 14:33:29\n"
    )
    (tmp_path / "a.txt").write_text(header + rows)
    recording = readers.read(tmp_path / "a.txt")
    assert recording.source.make == "landt"
    assert recording.table["current_ampere"].to_list() == [0, -1.8]
    assert recording.table["step_discharging_capacity_ah"].to_list() == [0, 0.005]
    assert "readers.sign_from_state" in [note.code for note in recording.notes]


def test_a_workbook_is_read_from_its_header_row_on(tmp_path: Path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"strings_to_numbers": True}) as book:
        record = book.add_worksheet("Record")
        record.write_row(0, 0, ["LANHE"])
        for number, line in enumerate((NATIVE + NATIVE_ROWS).splitlines(), start=1):
            record.write_row(number, 0, line.split(","))
        book.add_worksheet("Info").write_row(0, 0, ["nothing"])
    recording = readers.read(tmp_path / "a.xlsx")
    assert recording.source.make == "landt"
    assert recording.source.start == "2020-01-02T03:04:05"
    assert recording.table["test_time_second"].to_list() == [0, 10, 86410]
    assert recording.table["step_discharging_capacity_ah"].to_list() == [0, 0, 12]


def test_a_sintef_cells_rows_are_those_of_the_file(data: Path):
    table = readers.read(data / "testers/landt/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv", timezone="UTC").table
    chosen = table.select(
        *("record_index", "cycle_count", "step_id", "test_time_second", "step_time_second", "current_ampere", "voltage_volt"),
        *("step_discharging_capacity_ah", "step_discharging_energy_wh", "unix_time_second"),
    )
    # 1,1,1,04/30/2024 14:33:19,0.020,0.020,0.0000,2.9215,…: 1714487599 is 2024-04-30 14:33:19 UTC.
    assert chosen.row(0) == (1, 1, 1, 0.02, 0.02, 0, 2.9215, 0, 0, 1714487599)
    # 25162,2,2,05/03/2024 15:30:57,262657.764,26728.934,-0.0002,0.1086,0.0013,0,0.0002,0,…
    assert chosen.row(-1) == pytest.approx((25162, 2, 2, 262657.764, 26728.934, -0.0002, 0.1086, 0.0013, 0.0002, 1714750257))
    assert table["step_count"].max() == 4
