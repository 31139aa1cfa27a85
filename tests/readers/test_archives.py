"""Public archives: Battery Archive's time series and NREL's tables."""

from pathlib import Path

import pytest

from cellwright import readers

ARCHIVE = (
    "Date_Time,Test_Time (s),Cycle_Index,Current (A),Voltage (V),Charge_Capacity (Ah),Discharge_Capacity (Ah),Charge_Energy (Wh),"
    "Discharge_Energy (Wh),Environment_Temperature (C),Cell_Temperature (C)\n"
)
NREL = (
    "Cycle_Index,Step,Time_s,Amphr,Current_A,Voltage_V,Cell_Temperature_C,Temp2,Datenum_d,Power_W,Frequency_Hz,Z_Imag_Ohm,Z_Mag_Ohm,"
    "Z_Phase_Degree,Z_Real_Ohm,Absolute_Charge_Throughput_Ah,Charge_Throughput_Ah,Absolute_Energy_Throughput_Wh,Energy_Throughput_Wh\n"
)


def test_battery_archives_counters_are_the_cycles(tmp_path: Path):
    rows = (
        "2010-09-02 14:35:40,30.0,1.0,0.5,3.8,0.1,0.0,0.4,0.0,25.0,26.5\n2010-09-02 14:36:10,60.0,2.0,-0.5,3.7,0.0,0.2,0.0,0.7,25.0,26.6\n"
    )
    (tmp_path / "a.csv").write_text(ARCHIVE + rows)
    recording = readers.read(tmp_path / "a.csv", timezone="UTC")
    table = recording.table
    assert (recording.source.make, recording.source.format) == ("archives", "Battery Archive csv")
    assert table["cycle_count"].to_list() == [1, 2]
    assert table["cycle_discharging_capacity_ah"].to_list() == [0, 0.2]
    assert table["cycle_charging_energy_wh"].to_list() == [0.4, 0]
    assert table["ambient_temperature_celsius"].to_list() == [25, 25]
    assert table["surface_temperature_celsius"].to_list() == [26.5, 26.6]
    # 2010-09-02 14:35:40 UTC.
    assert table["unix_time_second"].to_list() == [1283438140, 1283438170]


def test_nrels_day_number_is_the_clock_and_its_throughputs_the_balances(tmp_path: Path):
    # 719529 is 1970-01-01 in MATLAB's count, so 719530.5 is the next day's noon.
    rows = (
        "1,1,0,0,0,3.3,29.7,29.6,719530.5,0,NaN,NaN,NaN,NaN,NaN,0,0,0,0\n"
        "1,2,10,0.5,-1,3.2,29.8,29.7,719530.75,-3.2,0.1,-0.02,0.05385164807,-21.80140949,0.05,0.5,-0.5,1.6,-1.6\n"
    )
    (tmp_path / "a.csv").write_text(NREL + rows)
    recording = readers.read(tmp_path / "a.csv", timezone="UTC")
    table = recording.table
    assert recording.source.format == "NREL csv"
    assert recording.source.start == "1970-01-02T12:00:00"
    # A day and a half, and a quarter of a day more.
    assert table["unix_time_second"].to_list() == [129600, 151200]
    assert table["net_capacity_ah"].to_list() == [0, -0.5]
    assert table["cumulative_energy_wh"].to_list() == [0, 1.6]
    assert table["Amphr"].to_list() == [0, 0.5]
    assert "unix_time_second" not in readers.read(tmp_path / "a.csv").table.columns


def test_a_day_number_beyond_sense_is_no_moment(tmp_path: Path):
    rows = "1,1,0,0,0,3.3,29.7,29.6,1e300,0,NaN,NaN,NaN,NaN,NaN,0,0,0,0\n1,1,1,0,0,3.3,29.7,29.6,NaN,0,NaN,NaN,NaN,NaN,NaN,0,0,0,0\n"
    (tmp_path / "a.csv").write_text(NREL + rows)
    assert readers.read(tmp_path / "a.csv", timezone="UTC").source.start is None


def test_a_year_that_no_calendar_has_costs_the_date_and_not_the_file(tmp_path: Path):
    (tmp_path / "a.csv").write_text(ARCHIVE + "0000-09-02 14:35:40,30.0,1.0,0.5,3.8,0.1,0.0,0.4,0.0,25.0,26.5\n")
    recording = readers.read(tmp_path / "a.csv")
    assert recording.source.start is None
    assert recording.table["voltage_volt"].to_list() == [3.8]


def test_a_calce_cells_rows_are_those_of_the_file(data: Path):
    path = data / "testers/batteryarchive/CALCE_CX2-33_prism_LCO_25C_0-100_0.5-0.5C_d_timeseries.csv"
    table = readers.read(path).table
    chosen = table.select("test_time_second", "current_ampere", "voltage_volt", "cycle_charging_capacity_ah", "cycle_charging_energy_wh")
    assert table.height == 15
    # 2010-09-02 14:35:40,30.009,1.0,0.0,3.843,0.0,…
    assert chosen.row(0) == (30.009, 0, 3.843, 0, 0)
    # 2010-09-02 14:42:40,450.16,1.0,0.675,4.032,0.059,0.0,0.236,0.0,,
    assert chosen.row(-1) == (450.16, 0.675, 4.032, 0.059, 0.236)


def test_a_coin_cells_spectra_have_capacitive_parts_below_zero(data: Path):
    table = readers.read(data / "testers/batterydata_nrel/p492-13-raw.csv").table
    assert table.height == 2021
    first = table.select("test_time_second", "voltage_volt", "current_ampere", "surface_temperature_celsius", "power_watt").row(12)
    # 1,6,252.912,0.00005797,0.00018872,-0.0009498,3.24673838,29.7971,29.604,737792.445289352,0.003083752113324,…
    assert first == pytest.approx((252.912, 3.24673838, -0.0009498, 29.7971, 0.003083752113324))
    spectra = table.drop_nulls("frequency_hertz")
    real, imaginary = spectra["real_impedance_ohm"], spectra["imaginary_impedance_ohm"]
    assert (real**2 + imaginary**2).sqrt().to_list() == pytest.approx(spectra["absolute_impedance_ohm"].to_list())
    # The lead's inductance above 100 kHz, the electrodes' capacitance below.
    assert (imaginary.filter(spectra["frequency_hertz"] > 120_000) > 0).all()
    assert (imaginary.filter(spectra["frequency_hertz"] < 1_000) < 0).all()
    assert ((spectra["phase_degree"] > 0) == (imaginary > 0)).all()
