"""A battery's answers to diagnostics. The logs at hand hold none, so the answers are made up by the community's published formulas."""

from pathlib import Path

import numpy as np
import pytest

from cellwright import readers
from cellwright.core.errors import MissingColumn
from cellwright.core.recording import Recording
from cellwright.readers.vehicles.isotp import reassembled
from tests.readers.diagnosis import answer_0101, answer_0105, answer_cells, frames_of, segmented


def read(folder: Path, text: str) -> Recording:
    (folder / "answers.log").write_text(text)
    return readers.read(folder / "answers.log")


def test_numbers_have_the_published_scales_and_positive_charges(tmp_path: Path):
    table = read(tmp_path, frames_of()).table
    expected = {
        "current_ampere": -12.3,
        "voltage_volt": 356.4,
        "state_of_charge_percent": 78.5,
        "displayed_state_of_charge_percent": 80.0,
        "state_of_health_percent": 98.7,
        "highest_probe_temperature_celsius": 21.0,
        "lowest_probe_temperature_celsius": -3.0,
        "highest_cell_voltage_volt": 3.72,
        "lowest_cell_voltage_volt": 3.66,
        "auxiliary_battery_voltage_volt": 14.1,
        "lifetime_charging_capacity_ah": 1234.5,
        "lifetime_discharging_capacity_ah": 1200.0,
        "lifetime_charging_energy_wh": 456700.0,
        "lifetime_discharging_energy_wh": 432100.0,
        "operating_time_second": 7200.0,
        "isolation_resistance_ohm": 1e6,
    }
    assert {name: table[name].to_list() for name in expected} == {name: [value] * 3 for name, value in expected.items()}
    assert table["cell_temperatures_celsius"].to_list()[0] == [20, 19, -3, 18]
    assert table["test_time_second"].to_list() == pytest.approx([0, 1, 2], abs=0.01)
    assert table["unix_time_second"][0] == pytest.approx(1700000000.0, abs=0.01)


def test_a_single_round_of_questions_has_all_98_cells_in_their_order(tmp_path: Path):
    volts = [round(3.5 + 0.02 * (n % 11), 2) for n in range(98)]
    answers = [
        answer_0101(),
        *(answer_cells(2 + n, list(volts[32 * n : 32 * n + 32])) for n in range(3)),
        answer_0105((volts[96], volts[97])),
    ]
    table = read(tmp_path, frames_of(seconds=1, answers=answers)).table
    assert table["cell_voltages_volt"].to_list()[0] == pytest.approx(volts, abs=1e-6)


def test_cells_that_are_not_there_are_left_out_and_one_that_failed_is_empty(tmp_path: Path):
    cells: list[list[float | None]] = [[3.7] * 32, [3.7] * 32, [3.7] * 26 + [None] * 6]
    cells[0][6] = None
    answers = [answer_0101(), *(answer_cells(2 + n, part) for n, part in enumerate(cells)), answer_0105((None, None))]
    recording = read(tmp_path, frames_of(seconds=2, answers=answers))
    first = recording.table["cell_voltages_volt"].to_list()[0]
    assert len(first) == 90
    assert first[6] is None
    assert sum(v is None for v in first) == 1
    counts = {n.params["value"]: n.params["count"] for n in recording.notes if n.code == "readers.sentinel_emptied"}
    assert counts == {5.1: 14, 0.0: 4}  # in two rounds: seven of 255, two of 0


def test_an_answer_that_lacks_a_frame_is_left_out_and_counted(tmp_path: Path):
    lines = frames_of(seconds=3).splitlines()
    third = next(n for n, line in enumerate(lines) if "7EC#23" in line)
    recording = read(tmp_path, "\n".join(lines[:third] + lines[third + 1 :]))
    assert recording.table.height == 2
    assert [n.params["count"] for n in recording.notes if n.code == "readers.uds_broken"] == [1]


def test_answers_without_a_current_are_refused(tmp_path: Path):
    with pytest.raises(MissingColumn) as refused:
        read(tmp_path, frames_of(answers=[answer_cells(2, [3.7] * 32)]))
    assert refused.value.code == "readers.uds_without_current"


@pytest.mark.parametrize("size", [1, 7, 8, 20, 62, 200])
def test_a_message_of_any_length_is_put_together_again(size: int):
    contents = [bytes((k + n) % 256 for n in range(size)) for k in range(5)]
    frames = np.array([list(frame) for content in contents for frame in segmented(content)], np.uint8)
    found, broken = reassembled(frames)
    assert broken == 0
    (whole,) = found
    assert [bytes(row) for row in whole.content] == contents
