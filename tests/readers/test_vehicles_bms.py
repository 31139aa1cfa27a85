"""Logs of battery management systems: a column map is followed, what is wrong in it is told, and no sentinel is taken for a reading."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import ListError, MissingColumn, UnknownFormat, UsageError
from cellwright.core.recording import Recording
from cellwright.readers.vehicles.column_map import ColumnMap, load, shipped

LOG = """when,U,I,Temp1,Temp2,C01,C02,C10,note
2024-05-01 10:00:00,7400,-100,65,66,3700,3701,3702,start
2024-05-01 10:00:01,7300,900,65,255,3650,65535,3652,
2024-05-01 10:00:03,7500,-1100,65,66,3750,3751,3752,
"""
MAP = """name: made up
time: { column: when, format: "%Y-%m-%d %H:%M:%S", zone: Asia/Seoul }
columns:
  U: { to: voltage_volt, unit: mV }
  I: { to: current_ampere, unit: mA, offset: 100, positive: discharge }
  C{n}: { to: cell_voltages_volt, unit: mV, sentinels: [65535] }
  Temp{n}: { to: cell_temperatures_celsius, offset: -40, sentinels: [255] }
"""
MAP_TOML = """name = "made up"
[time]
column = "when"
zone = "Asia/Seoul"
[columns]
U = { to = "voltage_volt", scale = 0.001 }
I = { to = "current_ampere", scale = 0.001, offset = 0.1, positive = "discharge" }
"C{n}" = { to = "cell_voltages_volt", scale = 0.001, sentinels = [65535] }
"Temp{n}" = { to = "cell_temperatures_celsius", offset = -40, sentinels = [255] }
"""


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def counts(recording: Recording) -> dict[tuple[str, float], int]:
    return {(n.params["column"], n.params["value"]): n.params["count"] for n in recording.notes if n.code == "readers.sentinel_emptied"}


def codes(recording: Recording) -> list[str]:
    return [n.code for n in recording.notes]


@pytest.mark.parametrize(("name", "text"), [("map.yaml", MAP), ("map.toml", MAP_TOML)])
def test_values_have_their_unit_scale_offset_and_sign(tmp_path: Path, name: str, text: str):
    recording = readers.read(written(tmp_path, "log.csv", LOG), column_map=written(tmp_path, name, text))
    table = recording.table
    assert table["test_time_second"].to_list() == [0.0, 1.0, 3.0]
    # 10:00 in Seoul is 01:00 UTC, on the day 19844 after 1970-01-01.
    assert table["unix_time_second"][0] == 19844 * 86400 + 3600
    assert table["voltage_volt"].to_list() == pytest.approx([7.4, 7.3, 7.5])
    assert table["current_ampere"].to_list() == pytest.approx([0.0, -1.0, 1.0])
    assert table.schema["cell_voltages_volt"] == pl.Array(pl.Float32, 3)
    assert [[None if v is None else round(v, 3) for v in row] for row in table["cell_voltages_volt"].to_list()][1] == [3.65, None, 3.652]
    assert table["cell_temperatures_celsius"].to_list() == [[25, 26], [25, None], [25, 26]]
    assert table["note"].to_list() == ["start", None, None]
    assert counts(recording) == {("cell_voltages_volt", 65535): 1, ("cell_temperatures_celsius", 255): 1}


def test_a_map_may_be_a_mapping(tmp_path: Path):
    columns: dict[str, Any] = {
        "name": "made up",
        "time": {"column": "when"},
        "columns": {"U": {"to": "voltage_volt", "unit": "mV"}, "I": {"to": "current_ampere", "unit": "mA", "positive": "charge"}},
    }
    table = readers.read(written(tmp_path, "log.csv", LOG), column_map=columns).table
    assert table["current_ampere"].to_list() == pytest.approx([-0.1, 0.9, -1.1])


@pytest.mark.parametrize(
    ("wrong", "code", "params"),
    [
        (
            MAP.replace("voltage_volt, unit: mV }\n  I", "voltage_vol, unit: mV }\n  I"),
            "readers.map_target_near",
            {"nearest": "voltage_volt"},
        ),
        (MAP.replace("positive: discharge", "positiv: discharge"), "core.unknown_key_near", {"nearest": "columns.I.positive"}),
        (MAP.replace("unit: mA", "unit: mW"), "readers.map_unit", {"key": "columns.I.unit", "unit": "mW"}),
        (MAP.replace("C{n}", "C01"), "readers.map_cells", {"key": "columns.C01"}),
        (MAP.replace("  U:", "  V: { to: voltage_volt }\n  U:"), "readers.map_twice", {"other": "V"}),
        (MAP.replace("positive: discharge", "positive: up"), "core.wrong_value", {"key": "columns.I.positive"}),
        ("- a list", "core.not_a_mapping", {}),
    ],
)
def test_what_is_wrong_in_a_map_is_named_with_the_nearest_right_name(tmp_path: Path, wrong: str, code: str, params: dict[str, str]):
    with pytest.raises(ListError) as error:
        load(written(tmp_path, "map.yaml", wrong))
    assert error.value.code == code
    assert params.items() <= error.value.params.items()


def test_a_map_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(UsageError) as error:
        load(tmp_path / "none.yaml")
    assert "none.yaml" in error.value.text()


def test_a_column_that_the_map_misspells_is_told_with_the_nearest(tmp_path: Path):
    wrong = MAP.replace("  Temp{n}", "  Tmp{n}").replace("  U:", "  UU:")
    with pytest.raises(MissingColumn) as error:
        readers.read(written(tmp_path, "log.csv", LOG), column_map=written(tmp_path, "map.yaml", wrong))
    assert (error.value.params["column"], error.value.params["nearest"]) == ("UU", "U")


def test_a_map_leaves_files_of_another_kind_alone(tmp_path: Path):
    bdf = "test_time_second,voltage_volt,current_ampere\n0,3.7,0\n1,3.6,-1\n"
    assert readers.read(written(tmp_path, "a.csv", bdf), column_map=load(written(tmp_path, "map.yaml", MAP))).source.make == "bdf"
    with pytest.raises(UnknownFormat):
        readers.read(written(tmp_path, "b.csv", "x,y\n1,2\n"), column_map=load(tmp_path / "map.yaml"))


@pytest.mark.parametrize(("voltages", "current"), [([3.7, 3.5], [0.0, -2.0]), ([3.7, 3.9], [0.0, 2.0])])
def test_a_sign_that_the_map_does_not_tell_is_worked_out_from_the_voltage(tmp_path: Path, voltages: list[float], current: list[float]):
    rows = "".join(f"{n},{voltages[n % 2]},{2.0 * (n % 2)}\n" for n in range(20))
    unsigned = {"name": "x", "time": {"column": "t"}, "columns": {"u": {"to": "voltage_volt"}, "i": {"to": "current_ampere"}}}
    recording = readers.read(written(tmp_path, "log.csv", f"t,u,i\n{rows}"), column_map=unsigned)
    assert recording.table["current_ampere"].to_list() == current * 10
    (note,) = [n for n in recording.notes if n.code.startswith("readers.sign")]
    assert (note.params["agree"], note.params["steps"]) == (19, 19)


def test_a_sign_that_nothing_tells_is_asked_for(tmp_path: Path):
    unsigned = {"name": "x", "time": {"column": "t"}, "columns": {"u": {"to": "voltage_volt"}, "i": {"to": "current_ampere"}}}
    with pytest.raises(MissingColumn) as error:
        readers.read(written(tmp_path, "log.csv", "t,u,i\n0,3.7,1\n1,3.7,1\n"), column_map=unsigned)
    assert error.value.code == "readers.sign_unknown"


def test_a_sign_that_the_voltage_contradicts_is_noted(tmp_path: Path):
    rows = "".join(f"{n},{3.7 - 0.2 * (n % 2)},{2.0 * (n % 2)}\n" for n in range(20))
    told = {"u": {"to": "voltage_volt"}, "i": {"to": "current_ampere", "positive": "charge"}}
    recording = readers.read(
        written(tmp_path, "log.csv", f"t,u,i\n{rows}"), column_map={"name": "x", "time": {"column": "t"}, "columns": told}
    )
    assert recording.table["current_ampere"].max() == 2.0
    assert "readers.sign_contradicted" in codes(recording)


def test_rows_out_of_turn_repeats_and_gaps_are_told(tmp_path: Path):
    rows = "".join(f"{t},{3.7 - 0.1 * (n % 2)},{n % 2}\n" for n, t in enumerate([0, 1, 2, 2, 4, 3, 5, 6, 7, 100]))
    told = {"u": {"to": "voltage_volt"}, "i": {"to": "current_ampere", "positive": "discharge"}}
    recording = readers.read(
        written(tmp_path, "log.csv", f"t,u,i\n{rows}"), column_map={"name": "x", "time": {"column": "t"}, "columns": told}
    )
    assert recording.table["record_index"].to_list() == [1, 2, 3, 4, 6, 5, 7, 8, 9, 10]
    found = {n.code: dict(n.params) for n in recording.notes}
    assert found["readers.rows_out_of_turn"] == {"count": 1}
    assert found["readers.stamps_repeat"] == {"count": 1}
    assert found["readers.sampling_gaps"] == {"usual_s": 1.0, "count": 1, "longest_s": 93.0}


def test_every_shipped_map_is_understood_and_tells_its_family():
    assert all(isinstance(m, ColumnMap) and m.recognise for m in shipped())


TBOX = (
    "tboxTime,BMSChargeStatus,vehSpeed,BMSBatteryVoltage,BMSCellVoltageMax,BMSBatteryCurrent,vehBMSPackSOC,BMSProbeTempMax,insulationResistance,"
    "V_1,V_2,T_1,T_2\n"
    "2019-04-15 17:42:30,3.0,36.3,7.4,3.96,44.3,92,25,5.0,3.7,0.0,65,511\n"
    "2019-04-15 17:43:00,3.0,62.8,7.6,3.966,-4.8,92,25,5.0,3.8,5.0,65,255\n"
)


def test_a_known_family_reads_without_being_told_and_without_its_sentinels(tmp_path: Path):
    recording = readers.read(written(tmp_path, "car.csv", TBOX))
    table = recording.table
    assert table["current_ampere"].to_list() == [-44.3, 4.8]
    assert [row[1] for row in table["cell_voltages_volt"].to_list()] == [None, None]
    assert table["cell_temperatures_celsius"].to_list() == [[25, None], [25, None]]
    assert table["state_of_charge_percent"].to_list() == [92, 92]
    assert table["insulationResistance"].to_list() == [5.0, 5.0]  # its scale differs from car to car and is not stated
    assert counts(recording) == {
        ("cell_voltages_volt", 0): 1,
        ("cell_voltages_volt", 5): 1,
        ("cell_temperatures_celsius", 255): 1,
        ("cell_temperatures_celsius", 511): 1,
    }


CARS = {
    # rows, cells, probes, masked: counted in the files beforehand
    "car2_processed.zip": (14385, 88, 19, {("cell_voltages_volt", 0): 463, ("cell_temperatures_celsius", 0): 2}),
    "car4_processed.zip": (
        14973,
        87,
        45,
        {
            ("cell_voltages_volt", 5): 184,
            ("cell_temperatures_celsius", 255): 281,
            ("cell_temperatures_celsius", 511): 13 * 14973,
            ("highest_cell_voltage_volt", 5): 3,
        },
    ),
}


@pytest.fixture(scope="module")
def cars(data: Path) -> dict[str, Recording]:
    folder = data / "safety" / "field_packs"
    found = {path.name: readers.read(path) for path in sorted(folder.glob("*.zip"))}
    if not found:
        pytest.skip("no field packs in the data folder")
    return found


def test_the_cars_read_whole_with_every_sentinel_masked_and_counted(cars: dict[str, Recording]):
    for name, recording in cars.items():
        table = recording.table
        cells = table["cell_voltages_volt"].explode().drop_nulls()
        probes = table["cell_temperatures_celsius"].explode().drop_nulls()
        assert cells.is_between(1.0, 4.9).all()
        assert probes.is_between(-30, 126).all()
        assert table["test_time_second"].is_sorted()
        assert recording.source.make == "bms"
        if name in CARS:
            rows, volts, celsius, masked = CARS[name]
            assert table.height == rows
            assert table.schema["cell_voltages_volt"] == pl.Array(pl.Float32, volts)
            assert table.schema["cell_temperatures_celsius"] == pl.Array(pl.Float32, celsius)
            assert counts(recording) == masked


def test_the_cars_probes_agree_with_the_highest_that_their_own_system_tells(cars: dict[str, Recording]):
    for recording in cars.values():
        off = recording.table.select(
            pl.col("cell_temperatures_celsius").arr.max() - pl.col("highest_probe_temperature_celsius")
        ).to_series()
        assert (off.abs() <= 1).mean() > 0.99  # rows are put together from messages of different moments


def test_the_cars_charge_with_a_positive_current(cars: dict[str, Recording]):
    for recording in cars.values():
        charging = recording.table.filter((pl.col("charge_status") == 1) & (pl.col("speed_km_per_h") == 0))
        if charging["current_ampere"].abs().mean() > 1:
            assert (charging["current_ampere"] > 0).mean() > 0.99
        assert "readers.sign_declared_discharge" in codes(recording)


def test_the_simulated_string_reads_with_the_sum_of_its_cells(data: Path):
    path = data / "safety" / "battdiag_isc_sim" / "sample_data.csv"
    if not path.exists():
        pytest.skip("the simulated string is not in the data folder")
    recording = readers.read(path)
    table = recording.table
    assert table.schema["cell_voltages_volt"] == pl.Array(pl.Float32, 12)
    assert table["test_time_second"].to_list()[:3] == [0.0, 0.1, 0.2]
    # 3.99750 + 3.99790 + 3.99865 + 3.99731 + 3.99745 + 3.99713 + 3.99723 + 3.99616 + 3.99809 + 3.99599 + 3.99631 + 3.99861
    assert table["voltage_volt"][0] == pytest.approx(47.96833, abs=1e-4)
    assert "readers.sign_worked_out_charge" in codes(recording)
    assert "readers.voltage_summed" in codes(recording)


def test_no_other_makes_file_is_taken_for_a_vehicles(data: Path):
    vehicles = [r for r in readers.formats() if r.name in ("bms", "gbt32960", "can")]
    for path in (p for folder in ("testers", "soh", "reman") for p in (data / folder).rglob("*") if p.is_file()):
        if path.stat().st_size < 20e6:
            try:
                files = readers.open_files(path)
            except readers.ReadError:
                continue
            assert [r.name for r in vehicles for file in files if r.recognises(file)] == [], path
