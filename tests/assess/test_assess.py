"""The main job on real sheets of retired cells and on the demo's truckload."""

import json
from pathlib import Path

import pytest

import cellwright as cw
from cellwright.core.assessment import Assessment, Assessments
from cellwright.core.boundary import from_json
from cellwright.demo import write_truckload

SHEETS = {  # id: rated Ah, lower limit V, the sheet's printed discharge capacity Ah, states of charge that were pulsed
    "LMO_C_10_B_2_SOC_5-55_Part_1-1_ID_PIP15827A00221240": (10, 2.0, 6.0513, 11),
    "LMO_C_25_B_101_SOC_5-50_Part_1-1_ID_515092901207": (25, 2.7, 14.0409, 10),
    "LMO_C_25_B_17_SOC_5-55_Part_1-1_ID_515091902419": (25, 2.7, 15.8083, 11),
    "LMO_C_25_B_28_SOC_5-50_Part_1-1_ID_515092501338": (25, 2.7, 14.9173, 10),
    "NMC_C_21_B_6_SOC_5-90_Part_1-2_ID_02LCC02100101A87Y0052124": (21, 2.7, 21.0443, 18),
}


@pytest.fixture(scope="module")
def sheets(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assessment]:
    folder = tmp_path_factory.mktemp("sheets")
    header = "id,rated_capacity_ah,rated_capacity_c_rate,rated_temperature_celsius,minimum_voltage_volt,maximum_voltage_volt"
    rows = [f"{name},{rated},1,25,{low},4.2" for name, (rated, low, *_) in SHEETS.items()]
    (folder / "batteries.csv").write_text("\n".join([header, *rows]) + "\n")
    files = sorted((data / "soh" / "nebula_step_sheets").glob("*.xlsx"))
    result = cw.assess(files, batteries=folder / "batteries.csv", out=folder / "out")
    assert result.failed == ()
    return {a.battery.id: a for a in result.assessments}


@pytest.mark.parametrize("name", SHEETS)
def test_each_sheets_reference_discharge_and_state_of_health_are_the_printed_ones(sheets: dict[str, Assessment], name: str):
    rated, low, printed, _ = SHEETS[name]
    capacity, soh = sheets[name].first("capacity"), sheets[name].first("capacity_soh")
    assert capacity is not None
    assert soh is not None
    assert capacity.value == printed
    assert capacity.conditions["unconditioned"] is True
    assert capacity.conditions["voltage_window_volt"] == (low, 4.2)
    assert soh.value == pytest.approx(printed / rated, rel=1e-12)


@pytest.mark.parametrize("name", SHEETS)
def test_every_state_of_charge_that_was_pulsed_has_its_resistances(sheets: dict[str, Assessment], name: str):
    resistances = sheets[name].quantities["dc_resistance"]
    five_seconds = [r for r in resistances if r.conditions["nominal_time_s"] == 5.0 and abs(r.conditions["c_rate"]) < 0.6]
    assert len({round(r.conditions["soc"], 2) for r in five_seconds if r.conditions["direction"] == "charge"}) >= SHEETS[name][3] - 1
    assert all(r.value is not None and r.value > 0 and r.standard_uncertainty for r in resistances)


def test_nothing_passes_without_a_rest_that_was_sampled(sheets: dict[str, Assessment]):
    assert {a.verdict.outcome for a in sheets.values()} <= {"hold", "insufficient"}
    assert {a.decision.outcome for a in sheets.values()} == {"undecided"}
    assert all(a.decision.needs for a in sheets.values())


@pytest.fixture(scope="module")
def truckload(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Assessments]:
    folder = tmp_path_factory.mktemp("demo")
    loaded = write_truckload(folder / "truckload")
    said = {"tester": loaded / "tester.toml", "procedure": str(loaded / "procedure.yaml"), "lang": "ko"}
    return folder, cw.assess([loaded], out=folder / "out", **said)


def test_what_is_written_is_what_is_returned(truckload: tuple[Path, Assessments]):
    folder, result = truckload
    written = from_json(Assessments, (folder / "out" / "assessment.json").read_bytes(), "assessment.json")
    assert written.assessments == tuple(result.assessments)
    assert (written.rules, written.failed) == (result.rules, result.failed)
    assert [f.file for f in written.failed] == ["M1-C11.011.gz"]


def test_capacities_agree_with_the_truth_within_their_uncertainty(truckload: tuple[Path, Assessments]):
    """k = 3: of 24 cells none should lie outside, with one instrument's common gain not even drawn against us."""
    import polars as pl

    folder, result = truckload
    truth = dict(pl.read_csv(folder / "truckload" / "truth.csv").select("id", "capacity_ah").iter_rows())
    found = {a.battery.id: a.first("capacity") for a in result.assessments if a.battery.level == "cell"}
    measured = {name: q for name, q in found.items() if q is not None and q.value is not None}
    assert len(measured) == 22
    for name, q in measured.items():
        assert abs((q.value or 0) - truth[name]) < 3 * (q.standard_uncertainty or 0), name


def test_the_bad_cell_never_goes_to_a_second_use(truckload: tuple[Path, Assessments]):
    bad = next(a for a in truckload[1].assessments if a.battery.id == "M1-C05")
    assert (bad.verdict.outcome, bad.decision.outcome) == ("reject", "recycle")


def test_a_finished_module_whose_cells_are_all_here_is_asked_whether_it_is_remanufactured(truckload: tuple[Path, Assessments]):
    module = next(a for a in truckload[1].assessments if a.battery.id == "M2")
    assert [(c.name, c.granted) for c in module.decision.claims] == [("remanufactured", True)]
    assert module.verdict.outcome == "insufficient"


def test_a_second_run_takes_over_what_the_first_has_done(truckload: tuple[Path, Assessments]):
    folder, first = truckload
    resumed: list[bool] = []
    loaded = folder / "truckload"
    again = cw.assess(
        [loaded],
        out=folder / "out",
        tester=loaded / "tester.toml",
        procedure=str(loaded / "procedure.yaml"),
        progress=lambda done, total, outcome: resumed.append(outcome.resumed),
    )
    assert all(resumed)
    assert list(again.assessments) == list(first.assessments)


def test_json_for_programs_is_one_document(truckload: tuple[Path, Assessments]):
    whole = json.loads((truckload[0] / "out" / "assessment.json").read_text("utf-8"))
    assert set(whole) == {"schema_version", "program_version", "created", "rules", "assessments", "failed"}
    assert {r["name"] for r in whole["rules"]} == {"safety-used-battery", "routing-default", "eu-2023-1542", "kr-2026"}


def test_a_test_and_the_temperature_log_beside_it_are_one_battery(data: Path, tmp_path: Path):
    leaf = data / "safety" / "nissan_leaf_cell"
    for name in ("1C-Discharge-Bitrode-data.csv", "Temperature-1C-discharge.lvm"):
        (tmp_path / name).symlink_to(leaf / name)
    files = "1C-Discharge-Bitrode-data.csv;Temperature-1C-discharge.lvm"
    (tmp_path / "batteries.csv").write_text(
        f"id,rated_capacity_ah,minimum_voltage_volt,maximum_voltage_volt,files\nleaf,33,3.0,4.2,{files}\n"
    )
    result = cw.assess([tmp_path], out=tmp_path / "out", rate_hz=1 / 3)
    assert result.failed == ()
    (battery,) = result.assessments
    capacity, rise = battery.first("capacity"), battery.first("temperature_rise")
    assert capacity is not None
    assert capacity.value == pytest.approx(30.3, abs=0.02)
    assert rise is not None
    assert rise.value is not None
    assert {s.make for s in battery.sources} == {"bitrode", "labview"}


def test_readings_beyond_the_testers_largest_range_are_a_deviation(truckload: tuple[Path, Assessments], tmp_path: Path):
    (recording,) = (truckload[0] / "truckload").rglob("*M2-C01*")
    small = (truckload[0] / "truckload" / "tester.toml").read_text("utf-8").replace("maximum = 100", "maximum = 50")
    assert "maximum = 50" in small
    (tmp_path / "tester.toml").write_text(small)
    (battery,) = cw.assess([recording], out=tmp_path / "out", tester=tmp_path / "tester.toml").assessments
    assert "assess.beyond_tester_range" in {d.code for d in battery.deviations}


def test_a_test_that_seems_to_last_decades_is_noted(data: Path):
    recording = cw.read(data / "testers" / "bdf" / "DLR__LiGrHydra0b__20230131__POCV__25degC__Basytec.bdf.csv")
    (note,) = (n for n in recording.notes if n.code == "readers.lasts_too_long")
    assert note.params["years"] == round(1334177673.9 / 31557600, 1)
