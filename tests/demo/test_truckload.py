"""The truckload as its user meets it: files that read, and a truth to hold them against."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cellwright import measure, readers
from cellwright.core.battery import Battery, parse_battery_list
from cellwright.core.errors import DamagedFile, UsageError
from cellwright.core.recording import Recording
from cellwright.core.tester import parse_tester
from cellwright.demo import write_truckload
from cellwright.demo.exports import ABORTED, CUT_OFF
from cellwright.demo.population import AT_A_LIMIT, FAULTY, LIMIT_SOH, draw
from cellwright.demo.program import LOWER_VOLT

LARGEST = 25e6
PULSE_STEP = 10


@pytest.fixture(scope="module")
def truckload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_truckload(tmp_path_factory.mktemp("demo") / "truckload")


@pytest.fixture(scope="module")
def batteries(truckload: Path) -> dict[str, Battery]:
    return {b.id: b for b in parse_battery_list((truckload / "batteries.csv").read_text(), "batteries.csv")}


@pytest.fixture(scope="module")
def recordings(truckload: Path, batteries: dict[str, Battery]) -> dict[str, Recording]:
    return {b.id: readers.read(truckload / b.files[0]) for b in batteries.values() if b.id != CUT_OFF}


@pytest.fixture(scope="module")
def truth(truckload: Path) -> dict[str, dict[str, float]]:
    return {row["id"]: row for row in pl.read_csv(truckload / "truth.csv").iter_rows(named=True)}


def steps(recording: Recording) -> list[pl.DataFrame]:
    return recording.table.partition_by("step_count", maintain_order=True)


def ampere_hours(step: pl.DataFrame) -> float:
    return float(np.trapezoid(step["current_ampere"], step["test_time_second"])) / 3600


def full_discharges(recording: Recording) -> list[pl.DataFrame]:
    return [s for s in steps(recording) if s["current_ampere"].mean() < -1 and s["test_time_second"][-1] - s["test_time_second"][0] > 4000]


def test_the_same_seed_gives_the_same_bytes(truckload: Path, tmp_path: Path):
    again = write_truckload(tmp_path / "again")
    files = sorted(p.relative_to(truckload) for p in truckload.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert all((truckload / f).read_bytes() == (again / f).read_bytes() for f in files)


def test_another_seed_gives_other_cells():
    assert not np.allclose(draw(np.random.default_rng(7)).capacity_ah, draw(np.random.default_rng(8)).capacity_ah)


def test_it_is_small(truckload: Path):
    assert sum(p.stat().st_size for p in truckload.rglob("*") if p.is_file()) < LARGEST


def test_every_battery_has_one_file_and_every_tester_file_a_battery(truckload: Path, batteries: dict[str, Battery]):
    listed = sorted(name for b in batteries.values() for name in b.files)
    there = sorted(p.relative_to(truckload).as_posix() for p in truckload.glob("*/*"))
    assert listed == there
    assert len(listed) == 26


def test_the_testers_description_is_calibrated_in_every_range(truckload: Path):
    tester = parse_tester((truckload / "tester.toml").read_text(), "tester.toml")
    assert all(r.calibration for ranges in (tester.voltage, tester.current, tester.temperature) for r in ranges)


def test_the_cells_were_tested_as_the_procedure_asks(truckload: Path, recordings: dict[str, Recording], batteries: dict[str, Battery]):
    procedure = measure.parse_procedure((truckload / "procedure.yaml").read_text(), "procedure.yaml")
    for name in recordings.keys() - {ABORTED, "M1", "M2"}:
        assert measure.check(recordings[name], procedure, batteries[name]) == ()


def test_three_makes_and_bdf_are_read_as_such(recordings: dict[str, Recording]):
    makes = {r.source.make for r in recordings.values()}
    assert makes == {"maccor", "neware", "arbin", "bdf"}


def test_readers_find_nothing_to_repair(recordings: dict[str, Recording]):
    harmless = {"readers.unknown_columns", "readers.empty_columns", "readers.zeros_not_measured"}
    said = {(name, note.code) for name, r in recordings.items() for note in r.notes if note.code not in harmless}
    assert said == set()


def test_the_file_that_was_cut_off_fails_as_damaged(truckload: Path, batteries: dict[str, Battery]):
    with pytest.raises(DamagedFile):
        readers.read(truckload / batteries[CUT_OFF].files[0])


def test_the_aborted_test_reached_no_lower_limit(recordings: dict[str, Recording]):
    last = steps(recordings[ABORTED])[-1]
    assert last["current_ampere"].mean() == pytest.approx(-20, rel=1e-3)
    assert last["voltage_volt"].min() > LOWER_VOLT + 0.5


def test_capacity_by_integration_is_within_a_tenth_of_a_percent_of_the_truth(
    recordings: dict[str, Recording], truth: dict[str, dict[str, float]]
):
    for name in recordings.keys() - {ABORTED}:
        found = -ampere_hours(full_discharges(recordings[name])[-1])
        assert found == pytest.approx(truth[name]["capacity_ah"], rel=1e-3), name


def test_cells_have_two_full_discharges_and_modules_one(recordings: dict[str, Recording], batteries: dict[str, Battery]):
    for name in recordings.keys() - {ABORTED}:
        assert len(full_discharges(recordings[name])) == (2 if batteries[name].level == "cell" else 1)


@pytest.mark.parametrize("counter", ["step_discharging_capacity_ah", "schedule_discharging_capacity_ah"])
def test_counters_agree_with_the_integral_of_the_current(counter: str, recordings: dict[str, Recording]):
    having = [r for r in recordings.values() if counter in r.table.columns]
    assert having
    for recording in having:
        for step in full_discharges(recording):
            counted = step[counter][-1] - step[counter][0] * (counter != "step_discharging_capacity_ah")
            assert counted == pytest.approx(-ampere_hours(step), rel=1e-3), recording.source.file


def test_ten_second_resistance_at_half_charge_is_the_truths(recordings: dict[str, Recording], truth: dict[str, dict[str, float]]):
    # The truth's is at 25 °C; a warmer cell has less by exp[3500 K (1/T − 1/298.15 K)]. Noise is 0.1 mV in some 80 mV.
    for name, recording in recordings.items():
        if name in (ABORTED, "M1", "M2"):
            continue
        parts = steps(recording)
        third = [i for i, s in enumerate(parts) if s["step_id"][0] == PULSE_STEP][2]
        before, pulse = parts[third - 1], parts[third]
        after = pulse.filter(pl.col("step_time_second") >= 9.99)
        ohms = (after["voltage_volt"][0] - before["voltage_volt"][-1]) / after["current_ampere"][0]
        warm = np.exp(3500 * (1 / (before["temperature_t1_celsius"][-1] + 273.15) - 1 / 298.15))
        assert ohms == pytest.approx(warm * truth[name]["resistance_10s_half_charged_ohm"], rel=0.02), name


def test_the_cell_at_the_limit_straddles_it(recordings: dict[str, Recording], truckload: Path):
    # u² = (I·gain)² + offset², each rectangular: 20 A·0.02 % and 20 mA give U = 2·√((4 mA)² + (20 mA)²)/√3 = 24 mA of 20 A, 0.12 %.
    soh = -ampere_hours(full_discharges(recordings[AT_A_LIMIT])[-1]) / 60.0
    assert abs(soh - LIMIT_SOH) < 0.0012 * LIMIT_SOH


def test_the_faulty_cell_alone_is_weak_resistive_warm_and_sags(recordings: dict[str, Recording], truth: dict[str, dict[str, float]]):
    def sag(recording: Recording) -> float:
        rest = steps(recording)[6]
        return rest["voltage_volt"][30] - rest["voltage_volt"][-1]

    def rise(recording: Recording) -> float:
        celsius = full_discharges(recording)[-1]["temperature_t1_celsius"]
        return celsius.max() - celsius[0]

    siblings = [n for n in recordings if n not in (FAULTY, ABORTED, "M1", "M2")]
    assert truth[FAULTY]["capacity_soh"] < 0.6 < min(truth[n]["capacity_soh"] for n in siblings)
    resistance = "resistance_10s_half_charged_ohm"
    assert truth[FAULTY][resistance] > 2.5 * max(truth[n][resistance] for n in siblings)
    assert sag(recordings[FAULTY]) > 0.003 > 5 * max(abs(sag(recordings[n])) for n in siblings)
    assert rise(recordings[FAULTY]) > 1.5 * max(rise(recordings[n]) for n in siblings)


def test_capacity_and_resistance_are_anticorrelated_within_a_module(truth: dict[str, dict[str, float]]):
    for module in ("M1-", "M2-"):
        cells = [row for name, row in truth.items() if name.startswith(module) and name not in (FAULTY, AT_A_LIMIT)]
        r = np.corrcoef([c["capacity_ah"] for c in cells], [c["resistance_10s_half_charged_ohm"] for c in cells])[0, 1]
        assert -0.95 < r < -0.3


def test_module_recordings_carry_every_cell_voltage(recordings: dict[str, Recording]):
    for name in ("M1", "M2"):
        table = recordings[name].table
        cells = table["cell_voltages_volt"].to_numpy()
        assert cells.shape[1] == 12
        # Twelve readings rounded to 1 mV and the terminals' own: a few millivolts.
        assert cells.sum(axis=1) == pytest.approx(table["voltage_volt"].to_numpy(), abs=0.02)
        assert table["cell_temperatures_celsius"].to_numpy().shape[1] == 4


def test_the_faulty_cell_stops_its_module_early(recordings: dict[str, Recording]):
    lowest = full_discharges(recordings["M1"])[-1]["cell_voltages_volt"].to_numpy()[-1]
    assert int(lowest.argmin()) + 1 == int(FAULTY[-2:])
    assert lowest.min() == pytest.approx(LOWER_VOLT, abs=0.003)
    assert np.sort(lowest)[1] > 3.2


def test_readme_says_that_nothing_was_measured_in_both_languages(truckload: Path):
    text = (truckload / "README.txt").read_text()
    assert "made-up" in text
    assert "가상" in text
    assert FAULTY in text


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path):
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(UsageError):
        write_truckload(tmp_path / "occupied")


def test_the_dialects_have_the_columns_of_real_exports(truckload: Path, batteries: dict[str, Battery], data: Path):
    def line(path: Path, number: int) -> str:
        return path.read_text("utf-8-sig").splitlines()[number]

    real_neware = line(data / "testers" / "neware" / "neware_uio.csv", 0)
    assert line(truckload / batteries["M2-C01"].files[0], 0) == f"{real_neware},T1(℃)"
    real_arbin = line(data / "testers" / "arbin" / "sample_data_arbin.csv", 0)
    assert line(truckload / batteries["M2-C12"].files[0], 0) == real_arbin
    real_maccor = line(next((data / "testers" / "maccor").glob("*.034")), 1).split("\t")
    ours = line(truckload / batteries["M1-C01"].files[0], 1).split("\t")
    assert ours[:12] == real_maccor[:12]
