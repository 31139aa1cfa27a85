"""BaSyTec: head lines with a tilde, times in seconds or hours, decimal commas, balances and cycles' counters."""

from pathlib import Path

import pytest

from cellwright import readers

HEAD = (
    "~Resultfile from Basytec Battery Test System\n~Date and Time of Data Converting: 07.07.2023 10:55:58\n~\n~Name of Test: formation\n"
    "~Testchannel: 1814 CH14 XCTS_40\n~Start of Test: 19.06.2023 17:56:53\n~\n"
)
HEADER = (
    "~Time[h]\tDataSet\tt-Step[h]\tLine\tCommand\tU[V]\tI[A]\tAh[Ah]\tAh-Cyc-Discharge\tAh-Cyc-Discharge-0\t"
    "Ah-Step\tT1[°C]\tR-DC\tCyc-Count\n"
)
ROWS = (
    "0\t1\t0\t3\tPause\t3,5\t0\t0\t0\t0\t0\t25,5\t0\t0\n"
    "0,5\t2\t0,5\t4\tDischarge\t3,25\t-0,5\t-0,25\t-0,25\t-0,25\t-0,25\t25,75\t0,014\t1\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_hours_decimal_commas_and_either_encoding_of_the_degree_are_read(tmp_path: Path, encoding: str):
    (tmp_path / "a.txt").write_text(HEAD + HEADER + ROWS, encoding=encoding)
    recording = readers.read(tmp_path / "a.txt")
    table = recording.table.select("test_time_second", "step_time_second", "voltage_volt", "current_ampere", "temperature_t1_celsius")
    assert recording.source.make == "basytec"
    assert table.rows() == [(0, 0, 3.5, 0, 25.5), (1800, 1800, 3.25, -0.5, 25.75)]


def test_a_degree_sign_lost_on_the_way_is_no_obstacle(tmp_path: Path):
    (tmp_path / "a.txt").write_text(HEAD + HEADER.replace("°", "\N{REPLACEMENT CHARACTER}") + ROWS, encoding="utf-8")
    assert readers.read(tmp_path / "a.txt").table["temperature_t1_celsius"].to_list() == [25.5, 25.75]


def test_balances_keep_their_sign_and_a_cycles_discharge_is_a_magnitude(tmp_path: Path):
    (tmp_path / "a.txt").write_text(HEAD + HEADER + ROWS)
    table = readers.read(tmp_path / "a.txt").table
    assert table["net_capacity_ah"].to_list() == [0, -0.25]
    assert table["step_net_capacity_ah"].to_list() == [0, -0.25]
    assert table["cycle_discharging_capacity_ah"].to_list() == [0, 0.25]
    assert table["Ah-Cyc-Discharge-0"].to_list() == [0, -0.25]


def test_a_counter_by_mass_is_kept_as_it_is_and_said(tmp_path: Path):
    (tmp_path / "a.txt").write_text(HEAD + HEADER.replace("Ah[Ah]", "Ah[Ah/kg]") + ROWS)
    recording = readers.read(tmp_path / "a.txt")
    assert recording.table["Ah[Ah/kg]"].to_list() == [0, -0.25]
    assert "net_capacity_ah" not in recording.table.columns
    assert "readers.units_do_not_fit" in [note.code for note in recording.notes]


def test_the_heads_start_and_the_users_zone_give_unix_time(tmp_path: Path):
    (tmp_path / "a.txt").write_text(HEAD + HEADER + ROWS)
    recording = readers.read(tmp_path / "a.txt", timezone="Europe/Berlin")
    assert recording.source.start == "2023-06-19T17:56:53"
    assert recording.source.channel == "1814 CH14 XCTS_40"
    assert recording.metadata["Name of Test"] == "formation"
    # 2023-06-19 15:56:53 UTC, and half an hour later.
    assert recording.table["unix_time_second"].to_list() == [1687190213, 1687192013]
    assert "unix_time_second" not in readers.read(tmp_path / "a.txt").table.columns


def test_a_samples_first_and_last_rows_are_those_of_the_file(data: Path):
    table = readers.read(data / "testers/basytec/sample_data_basytec.txt").table
    chosen = table.select(
        *("test_time_second", "step_time_second", "record_index", "step_id", "step_type", "voltage_volt", "current_ampere", "power_watt"),
        *("net_capacity_ah", "cycle_charging_capacity_ah", "net_energy_wh", "temperature_t1_celsius", "dc_internal_resistance_ohm"),
    )
    assert chosen.row(0) == (0, 0, 1, 3, "Pause", 3.52575489148741, 0, 0, 0, 0, 0, 25.47953, None)  # 0 ohm at rest: not measured
    # 70.2358036666668 74 10.003536 … 4 Charge 3.53285012323902 0.449601734416934 1.58837554284334 0.001248916998009 …
    assert chosen.row(-1) == (
        *(70.2358036666668, 10.003536, 74, 4, "Charge", 3.53285012323902, 0.449601734416934, 1.58837554284334),
        *(0.001248916998009, 0.001248916998009, 0.00441094744918941, 25.47953, 0.0158499616218021),
    )
    # Two lines of the program were run.
    assert table["step_count"].max() == 2
