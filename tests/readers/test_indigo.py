"""Indigo: a frame that pandas stored in HDF5; and stores that declare what they do not hold."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingColumn, SeveralRecordings, UnknownFormat
from cellwright.core.recording import Recording
from tests.readers.hdf5_file import fixed

COUNTS = {"cell_id": [7, 7], "half_cycle_count": [1, 1], "cycle_count": [1, 1]}
CLOCK = {"system_time_us": [1570746395467835, 1570746455467835]}
VALUES = {
    "time_s": [0.0, 60.0],
    "cell_coulomb_count_c": [0.0, -360.0],
    "cell_current_a": [-6.0, -6.0],
    "cell_voltage_v": [4.0, 3.5],
    "cell_energy_j": [0.0, -1350.0],
    "cell_temperature_c": [25.5, np.nan],
}


def blocks(**changed: list[int]) -> list[dict[str, np.ndarray]]:
    counts = {name: np.array(values, np.int32) for name, values in (COUNTS | changed).items()}
    clock = {name: np.array(values, np.int64) for name, values in CLOCK.items()}
    return [counts, clock, {name: np.array(values, np.float32) for name, values in VALUES.items()}]


def written(tmp_path: Path, **changed: list[int]) -> Path:
    return fixed(tmp_path / "a.h5", "time_series_data", blocks(**changed))


def codes(recording: Recording) -> set[str]:
    return {note.code for note in recording.notes}


def test_coulombs_and_joules_are_the_half_cycles_own_and_become_hours(tmp_path: Path):
    recording = readers.read(written(tmp_path))
    # -360 C and -1350 J over 3600 s/h.
    assert recording.table["step_net_capacity_ah"].to_list() == [0.0, -0.1]
    assert recording.table["step_net_energy_wh"].to_list() == [0.0, -0.375]
    assert recording.table["current_ampere"].to_list() == [-6.0, -6.0]
    assert recording.table["step_count"].to_list() == [1, 1]
    assert "readers.half_cycles_as_steps" in codes(recording)


def test_what_pandas_marks_as_missing_is_null_and_the_clock_is_unix_time(tmp_path: Path):
    recording = readers.read(written(tmp_path))
    assert recording.table["temperature_t1_celsius"].to_list() == [25.5, None]
    assert recording.table["unix_time_second"].to_list() == pytest.approx([1570746395.467835, 1570746455.467835])
    assert "readers.unix_time_unproven" in codes(recording)


def test_each_cell_is_a_recording(tmp_path: Path):
    path = written(tmp_path, cell_id=[7, 8])
    with pytest.raises(SeveralRecordings, match="7, 8"):
        readers.read(path)
    assert readers.read(path, channel="8").table["voltage_volt"].to_list() == [3.5]


def test_another_frame_is_refused_as_hdf5_that_nothing_knows(tmp_path: Path):
    with pytest.raises(UnknownFormat, match="HDF5") as error:
        readers.read(fixed(tmp_path / "a.h5", "results", blocks()))
    assert error.value.code == "readers.unknown_content"


def test_a_frame_without_current_names_it(tmp_path: Path):
    counts, clock, values = blocks()
    del values["cell_current_a"]
    with pytest.raises(MissingColumn, match="cell_current_a"):
        readers.read(fixed(tmp_path / "a.h5", "time_series_data", [counts, clock, values]))


def test_a_frame_that_declares_far_more_than_is_stored_is_damage_and_is_not_read(tmp_path: Path):
    path = written(tmp_path)
    with h5py.File(path, "a") as store:
        group = store["time_series_data"]
        del group["block2_values"]
        # Nothing of its 48 GB is ever written.
        node = group.create_dataset("block2_values", shape=(2_000_000_000, 6), dtype="<f4", chunks=(1000, 6))
        node.attrs["transposed"] = np.uint8(1)
    with pytest.raises(DamagedFile) as error:
        readers.read(path)
    assert error.value.code == "readers.declares_too_much"


def test_what_lies_in_another_file_is_not_followed(tmp_path: Path):
    path = written(tmp_path)
    with h5py.File(path, "a") as store:
        del store["time_series_data"]
        store["time_series_data"] = h5py.ExternalLink("b.h5", "/time_series_data")
    fixed(tmp_path / "b.h5", "time_series_data", blocks())
    with pytest.raises(UnknownFormat):
        readers.read(path)


def test_a_store_that_was_cut_off_is_damage(tmp_path: Path):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises((DamagedFile, UnknownFormat)):
        readers.read(path)


def test_a_real_file_has_its_rows_and_its_coulombs_follow_from_current_and_time(data: Path):
    path = data / "testers" / "indigo" / "indigo_test_sample.h5"
    if not path.exists():
        pytest.skip("indigo_test_sample.h5 is not in the data folder")
    recording = readers.read(path)
    table = recording.table
    assert (table.height, recording.source.channel) == (20000, "452")
    # The file is a sample of its rows, one every 25 s, so only the first half cycle, at a steady 5 A, can be integrated closely.
    first = table.filter(table["step_count"] == 1)
    time, current = first["test_time_second"].to_numpy(), first["current_ampere"].to_numpy()
    moved = np.trapezoid(current, time) / 3600
    counted = first["step_net_capacity_ah"][-1] - first["step_net_capacity_ah"][0]
    assert moved == pytest.approx(counted, rel=0.005)
    assert (table["power_watt"] - table["voltage_volt"] * table["current_ampere"]).abs().max() < 1e-3
