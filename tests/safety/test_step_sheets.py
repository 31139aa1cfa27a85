"""The gates on real step sheets of retired cells; expected values are the sheets' printed ones."""

from pathlib import Path

import cellwright as cw
from cellwright.core import resources
from cellwright.core.assessment import Finding, Verdict
from cellwright.core.tester import parse_tester
from tests.safety.batteries import RULES, check_of

SHEETS = Path("soh") / "nebula_step_sheets"
LMO_10 = SHEETS / "LMO_C_10_B_2_SOC_5-55_Part_1-1_ID_PIP15827A00221240.xlsx"
LMO = cw.Battery(
    "PIP15827A00221240",
    rated_capacity_ah=10.0,
    rated_capacity_c_rate=1.0,
    rated_temperature_celsius=26.0,
    minimum_voltage_volt=2.0,
    maximum_voltage_volt=4.2,
)


def screened(path: Path) -> tuple[dict[str, tuple[cw.Quantity, ...]], tuple[Finding, ...], Verdict]:
    tester = parse_tester(resources.text("testers", "default.toml"), "default.toml")
    quantities = dict(cw.measure.everything(cw.read(path), LMO, tester))
    return quantities, *cw.safety.screen(LMO, quantities, cw.safety.Siblings(), RULES)


def test_a_sheet_that_ends_at_1_9997_volt_has_not_violated_2_volt(data: Path):
    quantities, findings, verdict = screened(data / LMO_10)
    assert quantities["minimum_voltage"][0].value == 1.9997
    assert check_of(verdict, "minimum_voltage").status == "clear"
    assert "safety.finding.minimum_voltage" not in [f.code for f in findings]


def test_its_charge_pulses_at_4_3341_volt_have_violated_4_2_volt(data: Path):
    _, (finding,), verdict = screened(data / LMO_10)
    assert (finding.code, finding.effect, finding.params["value"]) == ("safety.finding.maximum_voltage", "hold", 4.3341)
    assert finding.evidence[0].rows
    assert verdict.outcome == "hold"


def test_two_ends_of_a_rest_are_no_evidence_of_sag(data: Path):
    _, _, verdict = screened(data / LMO_10)
    assert check_of(verdict, "rest_sag").status == "not_performed"


def test_its_state_of_health_is_the_printed_capacity_over_the_rated(data: Path):
    """The sheet prints 6.0513 Ah for the 1C discharge from 24.9 to 29.7 °C; 10 Ah are rated."""
    quantities, _, _ = screened(data / LMO_10)
    (soh,) = cw.health.state_of_health(LMO, quantities)["capacity_soh"]
    assert soh.value == 6.0513 / 10.0
    assert soh.conditions["unconditioned"] is True
