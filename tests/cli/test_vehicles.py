"""What the user tells of vehicles' logs reaches the readers, in every verb that reads."""

import json
from pathlib import Path

import pytest

from tests.cli.running import run

LOG = "t,u,i\n" + "".join(f"{n},{3700 - 100 * (n % 2)},{n % 2}\n" for n in range(20))
MAP = "name: made up\ntime: {column: t}\ncolumns:\n  u: {to: voltage_volt, unit: mV}\n  i: {to: current_ampere, positive: POSITIVE}\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    for positive in ("charge", "discharge"):
        (tmp_path / f"{positive}.yaml").write_text(MAP.replace("POSITIVE", positive))
    return tmp_path / "log.csv"


@pytest.mark.parametrize("verb", ["info", "check"])
def test_a_log_reads_by_the_column_map_that_is_named(log: Path, verb: str):
    assert run(verb, log, "--json", cwd=log.parent).returncode == 1
    done = run(verb, log, "--json", "--column-map", "discharge.yaml", cwd=log.parent)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 1


def test_a_wrong_map_is_a_wrong_use_that_names_what_is_meant(log: Path):
    (log.parent / "wrong.yaml").write_text(MAP.replace("POSITIVE", "charge").replace("voltage_volt", "voltage_vol"))
    done = run("info", log, "--column-map", "wrong.yaml", cwd=log.parent)
    assert done.returncode == 2
    assert "voltage_volt" in done.stderr


def test_a_bus_is_refused_without_its_dictionary_and_asks_for_it(log: Path):
    (log.parent / "bus.log").write_text("(1700000000.000000) can0 123#0011\n(1700000000.100000) can0 123#0012\n")
    done = run("info", "bus.log", cwd=log.parent)
    assert done.returncode == 1
    assert "--dbc" in done.stderr
    assert run("info", "bus.log", "--dbc", "none.dbc", cwd=log.parent).returncode == 2


def test_an_assessment_is_done_anew_when_the_map_says_otherwise(log: Path):
    sources: list[object] = []
    for positive in ("charge", "discharge"):
        done = run("assess", log, "--out", "out", "--jobs", "1", "--column-map", f"{positive}.yaml", cwd=log.parent)
        assert done.returncode == 0
        (assessment,) = json.loads((log.parent / "out" / "assessment.json").read_text())["assessments"]
        sources.append(assessment["quantities"]["maximum_current"][0]["conditions"]["direction"])
    assert sources == ["charge", "discharge"]
