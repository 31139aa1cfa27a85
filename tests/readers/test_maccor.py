"""Maccor text: signs from states, units from headers or clocks, sensors that are not there."""

from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import MissingColumn
from cellwright.core.recording import Recording

HEAD = "Today's Date 09/01/2020  Date of Test:\t12/16/2019\t Filename:\tE:\\a b.034 Procedure: P.000\tComment/Barcode: 000229\n"
COLUMNS = ("Rec#", "Cyc#", "Step", "Test (Sec)", "Step (Sec)", "Amp-hr", "Watt-hr", "Amps", "Volts", "State", "ES", "DPt Time")


def read(tmp_path: Path, rows: list[tuple[object, ...]], columns: tuple[str, ...] = COLUMNS, head: str = HEAD) -> Recording:
    path = tmp_path / "cell.034"
    path.write_text(head + "\t".join(columns) + "\n" + "".join("\t".join(map(str, r)) + "\n" for r in rows), "utf-8")
    return readers.read(path)


def codes(recording: Recording) -> list[str]:
    return [note.code for note in recording.notes]


def cycle(*currents: tuple[str, float]) -> list[tuple[object, ...]]:
    """One step of two rows for each state and current, an hour a step."""
    rows: list[tuple[object, ...]] = []
    for n, (state, ampere) in enumerate(currents, start=1):
        for half in (0, 1):
            seconds = 3600 * (n - 1 + half) + (0.0 if half else 0.01)
            moment = f"12/16/2019 {9 + n + half:02d}:00:00"
            rows.append((len(rows) + 1, 0, n, seconds, 3600 * half, abs(ampere) * half, 0, ampere, 3.7, state, 1, moment))
    return rows


def test_unsigned_currents_get_their_sign_from_the_state(tmp_path: Path):
    recording = read(tmp_path, cycle(("R", 0.0), ("C", 2.0), ("D", 1.5)))
    assert recording.table["current_ampere"].to_list() == [0, 0, 2.0, 2.0, -1.5, -1.5]
    note = next(n for n in recording.notes if n.code == "readers.sign_from_state")
    assert note.params == {"count": 2}


def test_signed_currents_stay_as_they_are_and_need_no_note(tmp_path: Path):
    recording = read(tmp_path, cycle(("C", 2.0), ("D", -1.5)))
    assert recording.table["current_ampere"].to_list() == [2.0, 2.0, -1.5, -1.5]
    assert "readers.sign_from_state" not in codes(recording)


def test_the_counter_of_a_step_goes_to_its_own_direction(tmp_path: Path):
    table = read(tmp_path, cycle(("C", 2.0), ("D", 1.5), ("R", 0.0))).table
    assert table["step_charging_capacity_ah"].to_list() == [0, 2.0, 0, 0, 0, 0]
    assert table["step_discharging_capacity_ah"].to_list() == [0, 0, 0, 1.5, 0, 0]
    assert table["step_count"].to_list() == [1, 1, 2, 2, 3, 3]


def test_the_head_and_the_start_are_kept(tmp_path: Path):
    recording = read(tmp_path, cycle(("R", 0.0)))
    assert recording.metadata == {
        "Today's Date": "09/01/2020",
        "Date of Test": "12/16/2019",
        "Filename": "E:\\a b.034",
        "Procedure": "P.000",
        "Comment/Barcode": "000229",
    }
    assert recording.source.start == "2019-12-16T10:00:00"


def test_minutes_in_the_header_become_seconds(data: Path):
    table = readers.read(data / "testers" / "maccor" / "maccor_example.001").table
    # The second row prints 0.1667 min.
    assert table["test_time_second"][1] == pytest.approx(0.1667 * 60)
    assert table["step_time_second"][1] == pytest.approx(0.1667 * 60)


def test_a_unit_that_the_header_keeps_to_itself_is_told_by_the_clock(data: Path):
    recording = readers.read(data / "testers" / "maccor" / "maccor_two.txt")
    # TestTime counts 0, 1, 2, … while the clock moves on by a minute.
    assert recording.table["test_time_second"].head(3).to_list() == [0.0, 60.0, 120.0]
    assert recording.table["voltage_volt"][0] == 0.1377  # printed 0,1377
    assert (recording.source.channel, recording.source.start) == ("81", "2021-05-06T11:23:46")
    assert {"readers.time_unit_from_clock", "readers.ambiguous_date", "readers.cut_last_row"} <= set(codes(recording))


def test_durations_with_days_are_seconds_and_silent_probes_are_left_out(data: Path):
    recording = readers.read(data / "testers" / "maccor" / "maccor_001.txt")
    # The last row prints 2d 02:52:51.5699996948242.
    assert recording.table["test_time_second"][-1] == pytest.approx(2 * 86400 + 2 * 3600 + 52 * 60 + 51.57, abs=1e-6)
    assert not [c for c in recording.table.columns if c.startswith(("temperature", "Aux", "Units"))]
    assert "readers.sensors_not_connected" in codes(recording)
    assert recording.source.channel == "1"


def test_a_probe_that_falls_out_for_a_while_is_masked_and_counted(tmp_path: Path):
    columns = (*COLUMNS, "Aux #1", " Units")
    rows = [(*row, value, " C  ") for row, value in zip(cycle(("R", 0.0), ("R", 0.0)), (24.5, -2501.7, 24.75, 25), strict=True)]
    recording = read(tmp_path, rows, columns)
    assert recording.table["temperature_t1_celsius"].to_list() == [24.5, None, 24.75, 25.0]
    assert next(n for n in recording.notes if n.code == "readers.sentinels_masked").params == {"column": "Aux #1", "count": 1}


def test_an_auxiliary_input_of_another_unit_stays_with_its_unit_as_text(tmp_path: Path):
    rows = [(*row, 1.5, " psi ") for row in cycle(("R", 0.0), ("R", 0.0))]
    table = read(tmp_path, rows, (*COLUMNS, "Aux #1", " Units")).table
    assert table["Aux #1"].to_list() == [1.5] * 4
    assert {text.strip() for text in table["Units"].to_list()} == {"psi"}
    assert table["Units"].dtype == pl.String


BARE = ("Rec", "Cycle C", "Step", "Test Time (sec)", "Step Time (sec)", "Capacity", "Energy", "Current", "Voltage", "DPT Time")


def bare(*steps: list[tuple[float, float]]) -> list[tuple[object, ...]]:
    """Rows of current and voltage, step after step, without a state."""
    rows: list[tuple[object, ...]] = []
    for n, step in enumerate(steps, start=1):
        for second, (ampere, volt) in enumerate(step):
            rows.append((len(rows) + 1, 1, n, len(rows), second, 0, 0, ampere, volt, f"12/16/2019 14:00:{len(rows):02d}"))
    return rows


REST = [(0.0, 3.700), (0.0, 3.700)]


def test_without_a_state_a_clear_answer_of_the_voltage_gives_the_sign_and_a_note(tmp_path: Path):
    recording = read(tmp_path, bare(REST, [(5.0, 3.74), (5.0, 3.75)], REST, [(4.0, 3.66), (4.0, 3.65)]), BARE)
    assert recording.table["current_ampere"].to_list() == [0, 0, 5.0, 5.0, 0, 0, -4.0, -4.0]
    note = next(n for n in recording.notes if n.code == "readers.sign_from_voltage")
    assert note.params == {"charges": 1, "discharges": 1}
    assert "step_type" not in recording.table.columns


@pytest.mark.parametrize(
    "steps",
    [
        [[(5.0, 3.74), (5.0, 3.75)]],  # no rest before
        [REST, [(5.0, 3.70), (5.0, 3.70)]],  # no answer
        [REST, [(5.0, 3.74), (5.0, 3.60)]],  # an answer that turns
        [REST, [(5.0, 3.74), (5.0, 3.75)], [(2.0, 3.70), (2.0, 3.71)]],  # a step straight after a step
    ],
)
def test_without_a_state_an_unclear_sign_is_refused_not_guessed(tmp_path: Path, steps: list[list[tuple[float, float]]]):
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, bare(*steps), BARE)
    assert error.value.code == "readers.missing_state"


def test_columns_missing_from_the_export_are_named(tmp_path: Path):
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, [(1, 0, 1, 0, 0, "12/16/2019 14:00:00")], ("Rec#", "Cyc#", "Step", "Test (Sec)", "Step (Sec)", "DPt Time"))
    assert error.value.params["column"] in {"voltage_volt", "current_ampere"}


def test_an_impedance_test_is_a_spectrum(data: Path):
    path = data / "testers" / "maccor" / "maccor_test_file_4267-66-6519.EDA0001.041"
    if not path.exists():
        pytest.skip("not in the data folder")
    recording = readers.read(path)
    first = recording.table.row(0, named=True)
    # Printed: 999999.00000, 38.200000 s, 0.773446, -0.849201, -47.672950, 1.148635, 3.909893 V; 60 rows.
    assert recording.table.height == 60
    assert (first["frequency_hertz"], first["test_time_second"], first["voltage_volt"]) == (999999.0, 38.2, 3.909893)
    assert (first["real_impedance_ohm"], first["imaginary_impedance_ohm"]) == (0.773446, -0.849201)
    assert (first["phase_degree"], first["absolute_impedance_ohm"]) == (-47.67295, 1.148635)
    assert (recording.source.start, recording.source.format) == ("2016-11-02T15:58:00", "impedance text")


SWEEP = """MACCOR, INC.    AC Impedance Test
Frequency Sweep:   Open Circut Voltage
Start Date:  Friday, March 1, 2024 Start Time:   9:05

Freq(Hz)\tPolar(V)\ttime(sec)\tZ'(a)\tZ''(b)\tPhase_Angle\tZ-Mag\tC(F)\tStatus\tirg\tVMag\tIMag\tV-DC

1000.00000\t6283.185307\t1.000000\t0.030000\t-0.040000\t-53.130102\t0.050000\t-0.003979\t10.0\t\t\t\t3.7
100.00000\t628.318531\t2.000000\t0.040000\t-0.030000\t-36.869898\t0.050000\t-0.053052\t10.0\t\t\t\t3.7
"""


def test_a_sweep_has_its_spectrum_in_ohms(tmp_path: Path):
    (tmp_path / "a.041").write_text(SWEEP)
    recording = readers.read(tmp_path / "a.041")
    assert recording.table["frequency_hertz"].to_list() == [1000.0, 100.0]
    assert recording.table["real_impedance_ohm"].to_list() == [0.03, 0.04]
    assert recording.table["imaginary_impedance_ohm"].to_list() == [-0.04, -0.03]
    # C(F) is 1 / (2 π f Z''): 1 / (2 π 1000 Hz 0.04 Ω) is 0.003979 F, so the column is in ohms.
    assert recording.table["C(F)"][0] == -0.003979
    assert (recording.source.start, recording.metadata["Frequency Sweep"]) == ("2024-03-01T09:05:00", "Open Circut Voltage")


def test_resistances_of_zero_were_not_measured(tmp_path: Path):
    columns = (*COLUMNS, "ACImp/Ohms", "DCIR/Ohms")
    rows = [(*row, ac, 0) for row, ac in zip(cycle(("R", 0.0), ("R", 0.0)), (0, 0.0125, 0, 0), strict=True)]
    recording = read(tmp_path, rows, columns)
    assert recording.table["ac_internal_resistance_ohm"].to_list() == [None, 0.0125, None, None]
    assert "dc_internal_resistance_ohm" not in recording.table.columns
    counts = {n.params["column"]: n.params["count"] for n in recording.notes if n.code == "readers.zeros_not_measured"}
    assert counts == {"ac_internal_resistance_ohm": 3, "dc_internal_resistance_ohm": 4}


def test_six_probes_stand_in_one_array(tmp_path: Path):
    columns = (*COLUMNS, *(name for n in range(1, 7) for name in (f"Aux #{n}", " Units")))
    rows = [(*row, *(cell for n in range(6) for cell in (20 + n, " C  "))) for row in cycle(("R", 0.0))]
    assert read(tmp_path, rows, columns).table["cell_temperatures_celsius"][0].to_list() == [20, 21, 22, 23, 24, 25]
