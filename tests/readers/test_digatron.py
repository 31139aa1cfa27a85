"""Digatron: made from published descriptions of its exports; no file of one was at hand."""

from pathlib import Path

import pytest

from cellwright import readers

HEAD = "\nMeasurement ID,585,,,\nBattery Name,LG HG2 18650_SN62A4,,,\nNominal Capacity, 3,,,\nTest section,C20DisCh,,,\n"
HEADER = "Time Stamp,Step,Status,Prog Time,Step Time,Cycle,Cycle Level,Procedure,Voltage,Current,Temperature,Capacity,WhAccu,Cnt,\n"
UNITS = ",,,,,,,,[V],[A],[C],[Ah],[Wh],[Cnt],\n"
# The second row is the one that descriptions of the LG HG2 data set quote.
ROWS = (
    "11/27/2018 8:40:18 PM,21,PAU,25:18:08.386,00:00:30.000,0,0,LG_HG2_NN_Char,4.18000,0.00000,-0.41000,0.00000,0.00000,13.00000,\n"
    "11/27/2018 8:41:18 PM,22,DCH,25:19:08.386,00:01:00.004,0,0,LG_HG2_NN_Char,4.16273,-0.15325,-0.42063,-0.00253,-0.01052,13.00000,\n"
)


def _written(folder: Path, content: str) -> Path:
    path = folder / "585_C20DisCh.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_an_english_export_with_a_row_of_units_is_read(tmp_path: Path):
    recording = readers.read(_written(tmp_path, HEAD + HEADER + UNITS + ROWS))
    table = recording.table
    assert recording.source.make == "digatron"
    # 25 h 19 min 8.386 s.
    assert table["test_time_second"].to_list() == pytest.approx([91088.386, 91148.386])
    assert table.select("voltage_volt", "current_ampere", "temperature_t1_celsius", "step_time_second").row(1) == pytest.approx(
        (4.16273, -0.15325, -0.42063, 60.004)
    )
    assert table["step_type"].to_list() == ["PAU", "DCH"]
    assert table["step_id"].to_list() == [21, 22]
    assert recording.source.start == "2018-11-27T20:40:18"


def test_the_heads_names_and_values_are_kept_without_their_padding(tmp_path: Path):
    metadata = readers.read(_written(tmp_path, HEAD + HEADER + UNITS + ROWS)).metadata
    assert metadata["Battery Name"] == "LG HG2 18650_SN62A4"
    assert metadata["Nominal Capacity"] == "3"


def test_the_balance_that_the_program_resets_stays_under_its_own_name(tmp_path: Path):
    table = readers.read(_written(tmp_path, HEAD + HEADER + UNITS + ROWS)).table
    assert table["Capacity [Ah]"].to_list() == [0, -0.00253]
    assert "net_capacity_ah" not in table.columns


def test_the_row_of_units_scales_the_values(tmp_path: Path):
    units = ",,,,,,,,[mV],[mA],[C],[mAh],[Wh],[Cnt],\n"
    table = readers.read(_written(tmp_path, HEAD + HEADER + units + ROWS)).table
    assert table.select("voltage_volt", "current_ampere").row(1) == pytest.approx((0.00416273, -0.00015325))


def test_a_german_export_with_semicolons_and_decimal_commas_is_read(tmp_path: Path):
    content = (
        "Batterie:;Zelle 7\n"
        "Zeitstempel;Schritt Nr.;Status;Schritt Zeit;Spannung;Strom;T_Batt;AhCha;AhDch;AhStep\n"
        ";;;;[V];[A];[°C];[Ah];[Ah];[Ah]\n"
        "13.02.2024 10:00:00;1;CHA;00:00:00,000;3,5;1,5;25,5;0;0;0\n"
        "13.02.2024 10:00:10;1;CHA;00:00:10,000;3,6;1,5;25,6;0,004;0;0,004\n"
        "13.02.2024 10:00:20;2;DCH;00:00:10,000;3,4;-1,5;25,7;0,004;0,004;0,004\n"
    )
    recording = readers.read(_written(tmp_path, content))
    table = recording.table
    assert recording.source.make == "digatron"
    assert recording.metadata["Batterie"] == "Zelle 7"
    assert table["test_time_second"].to_list() == [0, 10, 20]
    assert "readers.time_from_clock" in [note.code for note in recording.notes]
    assert table["current_ampere"].to_list() == [1.5, 1.5, -1.5]
    assert table["schedule_discharging_capacity_ah"].to_list() == [0, 0, 0.004]
    assert table["step_charging_capacity_ah"].to_list() == [0, 0.004, 0]
    assert table["step_discharging_capacity_ah"].to_list() == [0, 0, 0.004]


def test_an_export_with_units_behind_a_hash_tells_its_own_zone(tmp_path: Path):
    content = (
        "Step,Status,Timestamp,Program Duration#s,Step Duration#s,AhCha#Ah,AhDch#Ah,AhAccu#Ah,Voltage#V,Current#A,Tenv#degC,T1#degC\n"
        "1,CHA,2024-02-13 10:00:00.500+01:00,0,0,0,0,0,3.5,1.5,25,26\n"
        "1,CHA,2024-02-13 10:00:10.500+01:00,10,10,0.004,0,0.004,3.6,1.5,25,26.5\n"
    )
    table = readers.read(_written(tmp_path, content)).table
    # 09:00:00.5 UTC.
    assert table["unix_time_second"].to_list() == [1707814800.5, 1707814810.5]
    assert table["ambient_temperature_celsius"].to_list() == [25, 25]
    assert table["temperature_t1_celsius"].to_list() == [26, 26.5]
    assert table["schedule_charging_capacity_ah"].to_list() == [0, 0.004]
    assert table["AhAccu [Ah]"].to_list() == [0, 0.004]


def test_rows_that_only_report_the_program_are_left_out_and_counted(tmp_path: Path):
    report = "11/27/2018 8:41:18 PM,22,PRG,25:19:08.386,00:00:00.000,0,0,LG_HG2_NN_Char,,,,,,,\n"
    recording = readers.read(_written(tmp_path, HEAD + HEADER + UNITS + ROWS + report))
    assert recording.table.height == 2
    (note,) = [note for note in recording.notes if note.code == "readers.rows_without_values"]
    assert note.params["count"] == 1


def test_currents_without_a_sign_get_it_from_the_status(tmp_path: Path):
    recording = readers.read(_written(tmp_path, HEAD + HEADER + UNITS + ROWS.replace("-0.15325", "0.15325")))
    assert recording.table["current_ampere"].to_list() == [0, -0.15325]
    assert "readers.sign_from_state" in [note.code for note in recording.notes]


def test_a_cycle_number_that_falls_is_no_cycle_count(tmp_path: Path):
    rows = ROWS.replace("00:00:30.000,0,0", "00:00:30.000,5,1")
    table = readers.read(_written(tmp_path, HEAD + HEADER + UNITS + rows)).table
    assert "cycle_count" not in table.columns
    assert table["Cycle"].to_list() == [5, 0]
