"""Arbin's databases: ``.res``, written byte by byte and real, and the HDF5 export of its SQL database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingColumn, SeveralRecordings, UnknownFormat
from cellwright.core.recording import Recording
from tests.readers.hdf5_file import fixed, table
from tests.readers.jet_file import DOUBLE, INT, LONG, SINGLE, TEXT, Table, database

RECORDS = [
    ("Test_ID", LONG),
    ("Data_Point", LONG),
    ("Test_Time", DOUBLE),
    ("Step_Time", DOUBLE),
    ("DateTime", DOUBLE),
    ("Step_Index", INT),
    ("Cycle_Index", INT),
    ("Current", SINGLE),
    ("Voltage", SINGLE),
    ("Charge_Capacity", DOUBLE),
    ("Internal_Resistance", SINGLE),
]
TESTS = [("Test_ID", LONG), ("Test_Name", TEXT), ("Channel_Index", INT), ("Start_DateTime", DOUBLE), ("Comments", TEXT)]
AUXILIARY = [("Test_ID", LONG), ("Data_Point", LONG), ("Auxiliary_Index", INT), ("Data_Type", INT), ("X", SINGLE)]
SENSORS = [("Channel_Index", INT), ("Auxiliary_Index", INT), ("Data_Type", INT), ("Nickname", TEXT), ("Unit", TEXT)]
VOLTAGE, TEMPERATURE, PRESSURE = 0, 1, 2


def record(point: int, test: int = 1, volt: float = 3.5) -> tuple[Any, ...]:
    # Day 45131.75 from 30 December 1899 is 24 July 2023, 18:00; a record a second.
    return (test, point, float(point), float(point), 45131.75 + point / 86400, 1, 1, 0.5, volt, point / 7200, 0.0)


def base(
    path: Path,
    records: Sequence[tuple[Any, ...]],
    *,
    tests: Sequence[tuple[Any, ...]] = ((1, "first", 12, 45131.75, None),),
    auxiliary: Sequence[tuple[Any, ...]] = (),
    sensors: Sequence[tuple[Any, ...]] = (),
    **options: Any,
) -> Path:
    written = [
        Table("Version_Table", [("Version", TEXT)], [("5.3",)]),
        Table("Global_Table", TESTS, tests),
        Table("Channel_Normal_Table", RECORDS, records, rows_a_page=40, **options),
        Table("Auxiliary_Table", AUXILIARY, auxiliary, rows_a_page=100),
        Table("Aux_Global_Data_Table", SENSORS, sensors),
    ]
    path.write_bytes(database(written))
    return path


def params(recording: Recording, code: str) -> dict[str, Any]:
    return dict(next(note.params for note in recording.notes if note.code == code))


def codes(recording: Recording) -> set[str]:
    return {note.code for note in recording.notes}


def test_a_database_reads_with_its_channel_start_and_what_it_says_of_the_test(tmp_path: Path):
    recording = readers.read(base(tmp_path / "a.res", [record(n) for n in range(1, 101)]))
    assert recording.table["record_index"].to_list() == list(range(1, 101))
    assert recording.table["schedule_charging_capacity_ah"][99] == 100 / 7200
    assert (recording.source.channel, recording.source.start) == ("12", "2023-07-24T18:00:00")
    assert recording.metadata == {
        "Test_ID": 1,
        "Test_Name": "first",
        "Channel_Index": 12,
        "Start_DateTime": "2023-07-24T18:00:00",
    }
    assert params(recording, "readers.tables_left_out")["tables"] == ("Version_Table",)
    assert "unix_time_second" not in recording.table.columns


def test_local_times_become_unix_time_where_the_zone_is_named(tmp_path: Path):
    path = base(tmp_path / "a.res", [record(n) for n in (0, 1)])
    # 24 July 2023, 18:00 in Seoul is 09:00 UTC: 1690189200 s.
    assert readers.read(path, timezone="Asia/Seoul").table["unix_time_second"].to_list() == [1690189200.0, 1690189201.0]


def test_each_test_is_a_recording_named_by_its_channel_and_by_its_number_where_a_channel_ran_two(tmp_path: Path):
    records = [record(n, test, 3 + test / 10) for n in range(1, 4) for test in (1, 2, 3, 9)]
    tests = [(1, "a", 5, 45131.75, None), (2, "b", 6, 45131.75, None), (3, "c", 6, 45131.75, "warm")]
    path = base(tmp_path / "a.res", records, tests=tests)
    with pytest.raises(SeveralRecordings) as error:
        readers.read(path)
    assert error.value.params["channels"] == ("5", "6-2", "6-3", "9")
    chosen = readers.read(path, channel="6-3")
    assert chosen.table["voltage_volt"].to_list() == pytest.approx([3.3] * 3)
    assert chosen.metadata["Comments"] == "warm"


def test_records_that_lie_out_of_order_are_sorted_with_a_note(tmp_path: Path):
    recording = readers.read(base(tmp_path / "a.res", [record(n) for n in (3, 4, 1, 2)]))
    assert recording.table["test_time_second"].to_list() == [1.0, 2.0, 3.0, 4.0]
    assert params(recording, "readers.sorted_by_record")["count"] == 1


def test_auxiliary_temperatures_join_by_record_and_what_is_missing_is_null(tmp_path: Path):
    auxiliary = [(1, 1, 0, TEMPERATURE, 25.5), (1, 2, 0, TEMPERATURE, 26.5), (1, 2, 1, TEMPERATURE, 30.5), (1, 7, 0, TEMPERATURE, 0.0)]
    sensors = [(0, n, TEMPERATURE, None, "C") for n in (0, 1)]
    recording = readers.read(base(tmp_path / "a.res", [record(n) for n in (1, 2, 3)], auxiliary=auxiliary, sensors=sensors))
    assert recording.table["temperature_t1_celsius"].to_list() == [25.5, 26.5, None]
    assert recording.table["temperature_t2_celsius"].to_list() == [None, 30.5, None]
    assert params(recording, "readers.auxiliary_unmatched")["count"] == 1


def test_auxiliary_values_go_to_their_own_test(tmp_path: Path):
    auxiliary = [(test, 1, 0, TEMPERATURE, 20.5 + test) for test in (1, 2)]
    records = [record(1, test) for test in (1, 2)]
    found = readers.read_all(base(tmp_path / "a.res", records, auxiliary=auxiliary))
    assert [r.table["temperature_t1_celsius"].to_list() for r in found] == [[21.5], [22.5]]


def test_auxiliary_voltages_that_add_up_to_the_terminals_are_cells_and_none_is_lost(tmp_path: Path):
    auxiliary = [(1, n, cell, VOLTAGE, 3.5 + cell / 8) for n in (1, 2) for cell in range(3)]
    # 3.5 + 3.625 + 3.75 = 10.875
    recording = readers.read(base(tmp_path / "a.res", [record(n, volt=10.875) for n in (1, 2)], auxiliary=auxiliary))
    assert recording.table["cell_voltages_volt"].to_list() == [[3.5, 3.625, 3.75]] * 2
    assert params(recording, "readers.cells_by_sum") == {"count": 3, "ratio": 1.0}


def test_other_auxiliary_channels_keep_their_own_names_kinds_and_units(tmp_path: Path):
    auxiliary = [(1, 1, 0, VOLTAGE, 1.5), (1, 1, 1, VOLTAGE, 1.25), (1, 1, 2, PRESSURE, 101.5)]
    recording = readers.read(base(tmp_path / "a.res", [record(1)], auxiliary=auxiliary, sensors=[(0, 2, PRESSURE, None, "kPa")]))
    assert recording.table.select("aux_voltage_1_volt", "aux_voltage_2_volt", "aux_pressure_3_kPa").rows() == [(1.5, 1.25, 101.5)]
    assert params(recording, "readers.auxiliary_units_assumed")["columns"] == ("aux_voltage_1_volt", "aux_voltage_2_volt")


def test_more_than_five_temperatures_are_probes_of_an_array(tmp_path: Path):
    auxiliary = [(1, 1, probe, TEMPERATURE, 20.0 + probe) for probe in range(7)]
    recording = readers.read(base(tmp_path / "a.res", [record(1)], auxiliary=auxiliary))
    assert recording.table["cell_temperatures_celsius"].to_list() == [[20, 21, 22, 23, 24, 25, 26]]


def test_a_resistance_of_exactly_zero_was_not_measured_and_rows_are_held_against_the_databases_count(tmp_path: Path):
    recording = readers.read(base(tmp_path / "a.res", [record(n) for n in (1, 2)], declared=3))
    assert "internal_resistance_ohm" not in recording.table.columns
    assert params(recording, "readers.zeros_not_measured")["count"] == 2
    assert params(recording, "readers.table_rows_differ") == {"table": "Channel_Normal_Table", "declared": 3, "found": 2}


def test_another_programs_database_is_refused_as_access(tmp_path: Path):
    (tmp_path / "a.mdb").write_bytes(database([Table("Customers", [("Name", TEXT)], [("Kim",)])]))
    with pytest.raises(UnknownFormat, match="Microsoft Access"):
        readers.read(tmp_path / "a.mdb")


def test_a_database_without_records_or_without_voltage_says_so(tmp_path: Path):
    with pytest.raises(DamagedFile) as empty:
        readers.read(base(tmp_path / "a.res", []))
    assert empty.value.code == "readers.no_rows"
    (tmp_path / "b.res").write_bytes(database([Table("Channel_Normal_Table", RECORDS[:8], [record(1)[:8]])]))
    with pytest.raises(MissingColumn, match="voltage_volt"):
        readers.read(tmp_path / "b.res")


def test_a_damaged_auxiliary_table_costs_its_columns_and_not_the_test(tmp_path: Path):
    path = base(tmp_path / "a.res", [record(1)], auxiliary=[(1, 1, 0, TEMPERATURE, 25.5)])
    whole = bytearray(path.read_bytes())
    # Tables are defined from page 3 on, in their order: the auxiliary one is the fourth. A page of kind 9 is none.
    whole[(3 + 3) * 4096] = 9
    path.write_bytes(whole)
    recording = readers.read(path)
    assert recording.table.height == 1
    assert params(recording, "readers.table_unreadable")["table"] == "Auxiliary_Table"


def export(path: Path, tests: Sequence[int] = (1, 1)) -> Path:
    floats = {"Test_Time": [0.5, 60.5], "Current": [0.0, -0.1], "Voltage": [3.7, 3.6], "Aux_Voltage_1": [np.nan, 1.5]}
    wholes = {"Test_ID": tests, "Data_Point": [1, 2], "Date_Time": [15930015334602000, 15930015934602000], "Cycle_Index": [1, 1]}
    blocks = [{k: np.array(v, float) for k, v in floats.items()}, {k: np.array(v, np.int64) for k, v in wholes.items()}]
    table(path, "data_df", blocks)
    table(path, "stat_df", [{"Test_ID": np.array([1, 2]), "Channel_ID": np.array([4, 4])}])
    return fixed(path, "info_df", [{"Test_ID": np.array([1]), "Resumed_Times": np.array([0])}])


def test_an_export_of_the_sql_database_counts_ticks_of_100_ns_from_1970(tmp_path: Path):
    recording = readers.read(export(tmp_path / "a.h5"))
    assert recording.table["unix_time_second"].to_list() == pytest.approx([1593001533.4602, 1593001593.4602], abs=1e-6, rel=0)
    assert recording.table["Aux_Voltage_1"].to_list() == [None, 1.5]
    assert (recording.source.channel, recording.source.format) == ("4", "h5")
    assert {"readers.unix_time_unproven", "readers.tables_left_out"} <= codes(recording)


def test_each_test_of_an_export_is_a_recording(tmp_path: Path):
    found = readers.read_all(export(tmp_path / "a.h5", tests=(1, 2)))
    assert [(r.source.channel, r.metadata["Test_ID"], r.table.height) for r in found] == [("4-1", 1, 1), ("4-2", 2, 1)]


def real(data: Path, name: str) -> Path:
    path = data / "testers" / "arbin" / name
    if not path.exists():
        pytest.skip(f"{name} is not in the data folder")
    return path


@pytest.mark.parametrize(
    ("name", "rows", "channel"),
    [("arbin_example.res", 2150, "12"), ("20160805_test001_45_cc_01.res", 10261, "3"), ("aux_multi_x.res", 3552, "1")],
)
def test_a_real_database_has_every_record_with_its_time_in_order(data: Path, name: str, rows: int, channel: str):
    recording = readers.read(real(data, name))
    # The channel also ends the test's name, as in ..._45_cc_01-01-003.
    assert (recording.table.height, recording.source.channel) == (rows, channel)
    assert recording.table["record_index"].to_list() == list(range(1, rows + 1))
    assert (recording.table["test_time_second"].diff().drop_nulls() >= 0).all()
    assert not {"readers.table_rows_differ", "readers.table_rows_broken"} & codes(recording)


def test_the_twenty_auxiliary_channels_of_a_real_module_are_all_there(data: Path):
    table = readers.read(real(data, "aux_multi_x.res")).table
    assert table["cell_voltages_volt"].dtype.shape == (12,)
    assert table["cell_temperatures_celsius"].dtype.shape == (8,)
    # Auxiliary_Table as mdbtools prints it: 1,1,0,0,2.9547594 and 1,1,0,1,26.968594, 1,1,1,0,2.9569705 and 1,1,1,1,25.049921.
    assert table["cell_voltages_volt"][0].to_list()[:2] == pytest.approx([2.9547594, 2.9569705], abs=1e-7)
    assert table["cell_temperatures_celsius"][0].to_list()[:2] == pytest.approx([26.968594, 25.049921], abs=1e-6)
    # Twelve cells in series make the terminal voltage.
    ratio = table["cell_voltages_volt"].arr.sum() / table["voltage_volt"]
    assert ratio.is_between(0.9995, 1.0005).all()


def test_a_real_export_holds_three_tests_of_one_channel(data: Path):
    found = readers.read_all(real(data, "20200624_test001_cc_01.h5"))
    assert [(r.source.channel, r.table.height) for r in found] == [("2-1", 2), ("2-2", 11), ("2-3", 34)]
    # The recorded ticks begin 14 s after First_Start_DateTime, 1593001519.
    assert found[0].table["unix_time_second"][0] == pytest.approx(1593001533.4602)
