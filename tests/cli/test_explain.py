"""The budget of a value, printed: every input with its share, and what was asked for wrongly."""

import datetime as dt
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import pytest

from cellwright.cli import main
from cellwright.core.assessment import SCHEMA_VERSION, Assessment, Assessments, Decision, Verdict
from cellwright.core.battery import Battery
from cellwright.core.boundary import to_json
from cellwright.core.messages import Message
from cellwright.core.quantity import Evidence, Method, Quantity, absent, from_components
from cellwright.core.recording import Source
from tests.cli.running import run
from tests.measure.recordings import TESTER

SHA = "ab" * 32
GAIN, OFFSET, SCATTER = "t/m:current:gain", "t/m:current:offset", "abababababab:7:voltage:scatter"
# u² = 0.03² + 0.04² = 0.05²; the scatter alone has degrees of freedom
CAPACITY = from_components(
    "capacity",
    5.0,
    "Ah",
    {GAIN: 0.03, OFFSET: -0.04},
    method=Method("full-discharge/trapezoid", "1", "a source"),
    conditions={"c_rate": 1.0, "temperature_celsius": 25.0},
    evidence=(Evidence(SHA, ((10, 20),)),),
)
SAG = from_components("rest_sag", 2e-3, "V/h", {SCATTER: 1e-4}, {SCATTER: 8.0})
PULSES = tuple(Quantity("dc_resistance", r, "ohm", conditions={"time_s": 10.0}) for r in (2e-3, 3e-3))

STEPS: tuple[dict[str, float], ...] = ({"step_count": 7}, {"soc": 0.6, "step_count": 9}, {"step_count": 12})
APART = tuple(Quantity("ohmic_resistance", 1e-3, "ohm", conditions={"time_s": 10.0, "duration_s": 30.0, **step}) for step in STEPS)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed; a space that does not break is a space here."""

    code: object
    out: str
    err: str


Explain = Callable[..., Ended]


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Run the verb in this process: one of its own takes a second to start, and one test does that."""
    monkeypatch.setenv("CELLWRIGHT_LANG", "en")

    def ran(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["cellwright", "explain", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = (text.replace("\u00a0", " ") for text in capsys.readouterr())
        return Ended(ended.value.code, out, err)

    return ran


@pytest.fixture
def file(tmp_path: Path) -> Path:
    quantities = {
        "capacity": (CAPACITY,),
        "rest_sag": (SAG,),
        "dc_resistance": PULSES,
        "ohmic_resistance": APART,
        "energy_efficiency": (Quantity("energy_efficiency", 0.95, "1", conditions={"charge_mode": "CV"}),),
        "energy": (absent("energy", "Wh", Message("measure.no_pulse")),),
    }
    source = Source("cell.csv", SHA, "made-up", "csv", "tests", "1")
    said = Assessment(Battery("cell-1"), (source,), quantities, (), Verdict("insufficient"), Decision("undecided"), tester=TESTER)
    whole = Assessments(SCHEMA_VERSION, "0", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), (), [said])
    path = tmp_path / "assessment.json"
    path.write_bytes(to_json(whole))
    return path


def test_the_budget_is_one_document(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "capacity", "--json")
    assert not done.code
    document = json.loads(done.out)
    assert (document["battery"], document["quantity"], document["tester"]) == ("cell-1", "capacity", {"id": "t/m", "default": False})
    (value,) = document["values"]
    assert value["standard_uncertainty"] == pytest.approx(0.05)
    assert value["expanded_uncertainty"] == pytest.approx(0.10)
    assert [c["input"] for c in value["contributions"]] == [OFFSET, GAIN]
    assert [c["share"] for c in value["contributions"]] == pytest.approx([0.64, 0.36])
    assert [c["contribution"] for c in value["contributions"]] == pytest.approx([-0.04, 0.03])
    assert {c["distribution"] for c in value["contributions"]} == {"rectangular"}
    assert value["method"]["source"] == "a source"
    assert value["evidence"] == [{"sha256": SHA, "rows": [[10, 20]]}]


def test_the_interval_is_that_of_its_rectangles(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "capacity", "--json")
    interval = json.loads(done.out)["values"][0]["interval"]
    # half-widths a > b: beyond h >= a - b lies the corner (a + b - h)²/4ab of the square
    a, b = 0.04 * sqrt(3), 0.03 * sqrt(3)
    half = a + b - sqrt(0.05 * 4 * a * b)
    assert (interval["low"], interval["high"]) == pytest.approx((5 - half, 5 + half), rel=1e-6)
    assert (interval["level"], interval["method"]) == (0.95, "convolution")


def test_the_budget_for_eyes_names_every_input(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "capacity")
    assert not done.code
    assert "5.00 ± 0.10 Ah" in done.out
    assert "u = 0.050 Ah" in done.out
    assert "cell.csv: rows 10–20" in done.out
    table = [line for line in done.out.splitlines() if "t/m:current" in line]
    assert [word for line in table for word in (line[1:17].strip(), share_of(line))] == ["Current offset", "64", "Current gain", "36"]


def share_of(line: str) -> str:
    return line.split("%", maxsplit=1)[0].rsplit(maxsplit=1)[-1]


def test_finite_degrees_of_freedom_are_told(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "rest_sag")
    line = next(line for line in done.out.splitlines() if SCATTER in line)
    assert line.split()[-1] == "8"
    # t for 8 degrees of freedom is 2.306: 2 ± 0.23 mV/h
    assert "1.77 … 2.23 mV/h (Student's t)" in done.out


def test_without_a_quantity_all_are_listed(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1")
    listed = [line.split()[0] for line in done.out.splitlines()[2:] if line.strip()]
    assert listed == ["capacity", "rest_sag", "dc_resistance", "ohmic_resistance", "energy_efficiency", "energy"]
    document = json.loads(explain(file, "--battery", "cell-1", "--json").out)
    assert [(entry["quantity"], entry["count"], entry["value"]) for entry in document] == [
        ("capacity", 1, 5.0),
        ("rest_sag", 1, 2e-3),
        ("dc_resistance", 2, 2e-3),
        ("ohmic_resistance", 3, 1e-3),
        ("energy_efficiency", 1, 0.95),
        ("energy", 1, None),
    ]


def test_a_value_without_uncertainty_says_so_and_the_others_follow(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "dc_resistance")
    assert "U not known" in done.out
    assert "3 mΩ" in done.out


def test_further_values_are_told_apart_by_all_in_which_they_differ(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "ohmic_resistance")
    further = [line.split("(", 1)[1] for line in done.out.splitlines() if line.startswith("  ") and "(" in line and "mΩ" in line]
    assert further == ["SOC 60 %, 10 s after the edge, step 9)", "10 s after the edge, step 12)"]


def test_a_charge_in_two_steps_is_said_to_have_ended_at_constant_voltage(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "energy_efficiency")
    assert "charge ended at constant voltage (CV)" in done.out
    assert "charged by" not in done.out


def test_an_absent_value_has_its_reason(explain: Explain, file: Path):
    done = explain(file, "--battery", "cell-1", "--quantity", "energy")
    assert not done.code
    assert Message("measure.no_pulse").text() in done.out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--battery", "cell-2"), "no battery cell-2 in it; did you mean cell-1?"),
        (("--battery", "xyz"), "no battery xyz in it; there are: cell-1"),
        (("--battery", "cell-1", "--quantity", "capcity"), "no quantity capcity of battery cell-1; did you mean capacity?"),
        (
            ("--battery", "cell-1", "--quantity", "zz"),
            "there are: capacity, rest_sag, dc_resistance, ohmic_resistance, energy_efficiency, energy",
        ),
        ((), "Missing option '--battery'"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(explain: Explain, file: Path, asked: tuple[str, ...], said: str):
    done = explain(file, *asked)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert said in line


@pytest.mark.parametrize(("content", "said"), [("test_time_second,voltage_volt\n", "Invalid JSON"), ('{"a": 1}', "schema_version")])
def test_another_file_is_refused(explain: Explain, tmp_path: Path, content: str, said: str):
    (tmp_path / "other.json").write_text(content)
    done = explain(tmp_path / "other.json", "--battery", "x")
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert "other.json is not an assessment.json that this program wrote" in line
    assert said in line


def test_a_file_that_is_not_there_is_named(explain: Explain, tmp_path: Path):
    done = explain(tmp_path / "gone.json", "--battery", "x")
    assert done.code == 2
    assert "gone.json" in done.err


def test_the_verb_is_one_of_the_programs(file: Path):
    done = run("explain", file.name, "--battery", "cell-1", "--quantity", "capacity", cwd=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Capacity of battery cell-1")
