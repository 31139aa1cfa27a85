"""Arbin: three dialects of CSV, workbooks of one channel or several, and metadata that is no record; `test_arbin_res` has the databases."""

from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from cellwright import readers
from cellwright.core.errors import MissingColumn, SeveralRecordings
from cellwright.core.recording import Recording

ROWS = {
    "joined": (
        "Data_Point,Test_Time,DateTime,Step_Time,Step_Index,Cycle_Index,Current,Voltage,Charge_Capacity,Discharge_Capacity\n"
        "1,0,1499006353,0,10,1,0,3.28,0.88,0\n2,5.5,1499006358,5.5,11,1,1.1,3.38,0.8814,0\n"
    ),
    "with units": (
        "Data_Point,Date_Time,Test_Time(s),Step_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),"
        "Charge_Capacity(Ah),Discharge_Capacity(Ah)\n"
        "1,07/02/2017 14:39:13,0,0,10,1,0,3.28,0.88,0\n2,07/02/2017 14:39:18.5,5.5,5.5,11,1,1.1,3.38,0.8814,0\n"
    ),
    "spaced": (
        "\ufeffData Point,Date Time,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),Voltage (V),"
        "Charge Capacity (Ah),Discharge Capacity (Ah)\n"
        "1,\t07/02/2017 14:39:13.000,0,0,1,10,0,3.28,0.88,0\n2,\t07/02/2017 14:39:18.500,5.5,5.5,1,11,1.1,3.38,0.8814,0\n"
    ),
}


def read(tmp_path: Path, text: str) -> Recording:
    (tmp_path / "a.csv").write_text(text, "utf-8")
    return readers.read(tmp_path / "a.csv")


@pytest.mark.parametrize("dialect", ROWS)
def test_every_dialect_of_the_header_gives_the_same_table(tmp_path: Path, dialect: str):
    table = read(tmp_path, ROWS[dialect]).table
    wanted = ("test_time_second", "step_time_second", "step_id", "step_count", "cycle_count", "current_ampere", "voltage_volt")
    assert table.select(wanted).rows() == [(0.0, 0.0, 10, 1, 1, 0.0, 3.28), (5.5, 5.5, 11, 2, 1, 1.1, 3.38)]
    assert table["schedule_charging_capacity_ah"].to_list() == [0.88, 0.8814]


def test_seconds_since_1970_are_unix_time_and_local_dates_are_not(tmp_path: Path):
    assert read(tmp_path, ROWS["joined"]).table["unix_time_second"].to_list() == [1499006353.0, 1499006358.0]
    spaced = read(tmp_path, ROWS["spaced"])
    assert "unix_time_second" not in spaced.table.columns
    assert spaced.source.start == "2017-07-02T14:39:13"


def test_numbers_of_a_real_file_stand_as_printed(data: Path):
    table = readers.read(data / "testers" / "arbin" / "sample_data_arbin.csv").table
    row = table.filter(table["record_index"] == 13).to_dicts()[0]
    # 13,09/20/2024 08:37:05.772,301.214,0.5173,1,3,0,0,0,2.650138,3.599601,9.539439395,0.000400839,2.04379E-05,…,24.68785,-0.08973769
    assert (row["test_time_second"], row["step_time_second"], row["step_id"]) == (301.214, 0.5173, 3)
    assert (row["current_ampere"], row["voltage_volt"], row["power_watt"]) == (2.650138, 3.599601, 9.539439395)
    assert (row["schedule_charging_capacity_ah"], row["schedule_discharging_capacity_ah"]) == (0.000400839, 2.04379e-05)
    assert (row["temperature_t1_celsius"], row["Aux_dT/dt_1 (C/s)"]) == (24.68785, -0.08973769)


def test_a_file_without_voltage_names_it(tmp_path: Path):
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, "Data_Point,Test_Time,Step_Index,Cycle_Index,Current\n1,0,1,1,0\n")
    assert error.value.params["column"] == "voltage_volt"


HEADER = ("Date_Time", "Test_Time(s)", "Step_Time(s)", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)")


def workbook(path: Path, **sheets: list[tuple[object, ...]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for n, cells in enumerate(rows):
                page.write_row(n, 0, cells)
    return path


def row(second: float, volt: float) -> tuple[object, ...]:
    return (f"2020-10-19 11:31:{second:06.3f}", second, second, 1, 1, 0.5, volt)


INFO = [("", "TEST REPORT"), ("Channel", "Start DateTime", "Creator"), ("11", "2020-10-19 11:33:31", "ben"), ("12", "", "eva")]


def test_the_sheets_of_a_channel_are_joined_and_the_others_left_out_with_a_note(tmp_path: Path):
    sheets = {
        "Channel_11_2": [HEADER, row(2, 3.2)],
        "Global_Info": INFO,
        "Channel_11_1": [HEADER, row(1, 3.1)],
        "Statistics_11": [("Cycle",)],
    }
    recording = readers.read(workbook(tmp_path / "a.xlsx", **sheets))
    assert recording.table["voltage_volt"].to_list() == [3.1, 3.2]
    assert (recording.source.channel, recording.source.start) == ("11", "2020-10-19T11:31:01")
    assert recording.metadata == {"Channel": "11", "Start DateTime": "2020-10-19 11:33:31", "Creator": "ben"}
    assert next(n for n in recording.notes if n.code == "readers.sheets_left_out").params["sheets"] == ("Statistics_11",)


def test_each_channel_of_a_workbook_is_a_recording(tmp_path: Path):
    sheets = {"Global_Info": INFO, "Channel_11_1": [HEADER, row(1, 3.1)], "Channel_12_1": [HEADER, row(1, 3.9)]}
    path = workbook(tmp_path / "a.xlsx", **sheets)
    with pytest.raises(SeveralRecordings, match="11, 12"):
        readers.read(path)
    chosen = readers.read(path, channel="12")
    assert (chosen.table["voltage_volt"].to_list(), chosen.metadata["Creator"]) == ([3.9], "eva")


def test_small_currents_of_a_workbook_keep_their_digits(data: Path):
    table = readers.read(data / "testers" / "arbin" / "bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx").table
    # The cell holds -5.000e-05 with more digits than nine decimals show.
    current = table["current_ampere"][10]
    assert current == pytest.approx(-5.0003e-05, rel=1e-4)
    assert current != round(current, 9)


def test_a_workbook_of_excel_97_reads_alike_and_its_older_sheet_names_tell_test_and_channel(tmp_path: Path):
    book = xlwt.Workbook()
    for name, second, volt in (("Info", 0, 0), ("Channel_1-008", 1, 3.1), ("Channel_1-008_2", 2, 3.2), ("Statistics_1-008", 0, 0)):
        page = book.add_sheet(name)
        for n, cells in enumerate([HEADER, row(second, volt)] if name.startswith("Channel") else [("Channel",)]):
            for m, cell in enumerate(cells):
                page.write(n, m, cell)
    book.save(str(tmp_path / "a.xls"))
    recording = readers.read(tmp_path / "a.xls")
    assert recording.table["voltage_volt"].to_list() == [3.1, 3.2]
    assert (recording.source.channel, recording.source.format) == ("1-008", "xls")


def test_a_resistance_of_exactly_zero_was_not_measured(tmp_path: Path):
    text = ROWS["joined"].replace("Discharge_Capacity\n", "Discharge_Capacity,Internal_Resistance\n")
    recording = read(tmp_path, text.replace("0.88,0\n", "0.88,0,0\n").replace("0.8814,0\n", "0.8814,0,0.017\n"))
    assert recording.table["internal_resistance_ohm"].to_list() == [None, 0.017]
    assert next(n for n in recording.notes if n.code == "readers.zeros_not_measured").params["count"] == 1
