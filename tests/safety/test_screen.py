"""The safety gates: what is a finding, what is not, and that missing evidence never passes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.core.assessment import Finding, Verdict
from cellwright.core.battery import Battery
from cellwright.core.messages import message
from cellwright.core.quantity import Quantity, absent
from cellwright.safety import Siblings, essential, screen
from tests.safety.batteries import BESIDE, CELL, MODULE, ROWS, RULES, SOUND, SOUND_MODULE, check_of, evidence, reading, resistance


def screened(**changed: float) -> tuple[tuple[Finding, ...], Verdict]:
    return screen(CELL, evidence(SOUND, **changed), BESIDE, RULES)


def test_a_sound_cell_passes_with_no_finding_in_the_checks_performed():
    findings, verdict = screened()
    assert findings == ()
    assert verdict.outcome == "pass"
    assert verdict.not_performed == ()
    assert "checks performed" in message("safety.verdict.pass").text()


def test_a_voltage_within_its_uncertainty_of_the_limit_has_not_passed_it():
    """1.9997 V with U = 2 · 0.5 mV = 1 mV reaches up to 2.0007 V."""
    quantities = evidence(SOUND) | {"minimum_voltage": (reading("minimum_voltage", 1.9997, 0.0005),)}
    findings, verdict = screen(CELL, quantities, BESIDE, RULES)
    assert findings == ()
    assert check_of(verdict, "minimum_voltage").status == "clear"


def test_the_same_voltage_read_ten_times_better_has_passed_it():
    """1.9997 V with u = 0.05 mV is 6 u below 2.0 V: Φ(6) = 1 - 9.9e-10."""
    quantities = evidence(SOUND) | {"minimum_voltage": (reading("minimum_voltage", 1.9997, 0.00005),)}
    (finding,), verdict = screen(CELL, quantities, BESIDE, RULES)
    assert verdict.outcome == "hold"
    assert finding.confidence == pytest.approx(1 - 9.9e-10, abs=1e-10)
    assert finding.code == "safety.finding.minimum_voltage"


def test_a_finding_says_what_where_how_sure_on_what_and_by_which_rule():
    """4.206 V, u = 2 mV, limit 4.2 V: 3 u beyond, Φ(3) = 0.99865."""
    quantities = evidence(SOUND) | {"maximum_voltage": (reading("maximum_voltage", 4.206, 0.002),)}
    (finding,), verdict = screen(CELL, quantities, BESIDE, RULES)
    assert (finding.where, finding.effect, finding.evidence) == ("cell-1", "hold", (ROWS,))
    assert finding.confidence == pytest.approx(0.99865, abs=1e-5)
    assert finding.params == {"value": 4.206, "uncertainty": 0.004, "limit": 4.2, "unit": "V", "check": "safety.check.maximum_voltage"}
    assert finding.rule is not None
    assert (finding.rule.rule, finding.rule.limit, finding.rule.status) == ("safety-used-battery", "maximum_voltage_ratio_hold", "assumed")
    assert check_of(verdict, "maximum_voltage").rule == finding.rule


def test_with_few_degrees_of_freedom_one_is_less_sure():
    """t = 3 with 4 degrees of freedom: one-sided p = 0.01997 (Student's table)."""
    few = Quantity("maximum_voltage", 4.206, "V", standard_uncertainty=0.002, degrees_of_freedom=4.0)
    (finding,), _ = screen(CELL, evidence(SOUND) | {"maximum_voltage": (few,)}, BESIDE, RULES)
    assert finding.confidence == pytest.approx(1 - 0.01997, abs=1e-5)


def test_a_reading_of_unknown_uncertainty_counts_on_the_safe_side():
    quantities = evidence(SOUND) | {"maximum_voltage": (reading("maximum_voltage", 4.201, None),)}
    (finding,), verdict = screen(CELL, quantities, BESIDE, RULES)
    assert (verdict.outcome, finding.confidence) == ("hold", 0.5)


@pytest.mark.parametrize(
    ("name", "sound", "hold", "reject"),
    [
        ("maximum_voltage", 4.2, 4.3341, 4.42),  # 1.05 · 4.2 = 4.41
        ("minimum_voltage", 2.0, 1.8, 0.99),  # 0.5 · 2.0 = 1.0
        ("temperature_rise", 20.0, 20.01, 40.01),
        ("maximum_temperature", 50.0, 50.01, 60.01),
        ("rest_sag", 0.005, 0.0071, 0.0521),  # beyond by more than U = 2 mV/h
    ],
)
def test_each_limit_holds_and_rejects_where_it_is_passed(name: str, sound: float, hold: float, reject: float):
    assert screened(**{name: sound})[1].outcome == "pass"
    (finding,), verdict = screened(**{name: hold})
    assert (finding.effect, verdict.outcome) == ("hold", "hold")
    (finding,), verdict = screened(**{name: reject})
    assert (finding.effect, verdict.outcome) == ("reject", "reject")
    assert finding.code == f"safety.finding.{name}"


def test_a_reject_outweighs_a_hold_and_a_hold_outweighs_missing_evidence():
    quantities = evidence(SOUND, temperature_rise=50.0, rest_sag=0.01)
    findings, verdict = screen(CELL, quantities, BESIDE, RULES)
    assert ({f.effect for f in findings}, verdict.outcome) == ({"hold", "reject"}, "reject")
    del quantities["temperature_rise"]
    assert screen(CELL, quantities, BESIDE, RULES)[1].outcome == "hold"


def test_every_recording_of_a_battery_counts_and_the_worst_stands_first():
    readings = tuple(reading("temperature_rise", value) for value in (5.0, 25.0, 45.0))
    findings, verdict = screen(CELL, evidence(SOUND) | {"temperature_rise": readings}, BESIDE, RULES)
    assert [f.effect for f in findings] == ["reject", "hold"]
    assert check_of(verdict, "temperature_rise").rule == findings[0].rule


@pytest.mark.parametrize("name", [name for name in SOUND if name != "maximum_current"])
def test_without_its_evidence_a_check_is_not_performed_and_nothing_passes(name: str):
    quantities = evidence(SOUND)
    del quantities[name]
    findings, verdict = screen(CELL, quantities, BESIDE, RULES)
    check = check_of(verdict, name)
    assert (findings, verdict.outcome, check.status) == ((), "insufficient", "not_performed")
    assert check.reason == message(f"safety.missing.{name}")
    assert essential(check)


def test_a_quantity_that_could_not_be_had_hands_on_its_own_reason():
    reason = message("measure.no_rest", shortest_s=3600.0)
    quantities = evidence(SOUND) | {"rest_sag": (absent("rest_sag", "V/h", reason),)}
    _, verdict = screen(CELL, quantities, BESIDE, RULES)
    assert (check_of(verdict, "rest_sag").reason, verdict.outcome) == (reason, "insufficient")


def test_without_rated_limits_voltage_is_not_checked_and_the_list_is_asked_for():
    _, verdict = screen(Battery("cell-1"), evidence(SOUND), BESIDE, RULES)
    assert verdict.outcome == "insufficient"
    assert check_of(verdict, "maximum_voltage").reason == message("safety.not_stated", columns=["maximum_voltage_volt"])


def test_a_cell_needs_no_isolation_reading_and_a_module_does():
    _, verdict = screen(CELL, evidence(SOUND), BESIDE, RULES)
    assert "safety.check.isolation_resistance" not in [c.code for c in verdict.checks]
    assert screen(MODULE, evidence(SOUND_MODULE), BESIDE, RULES)[1].outcome == "pass"
    quantities = evidence(SOUND_MODULE)
    del quantities["isolation_resistance"]
    _, verdict = screen(MODULE, quantities, BESIDE, RULES)
    assert (verdict.outcome, [c.code for c in verdict.not_performed]) == ("insufficient", ["safety.check.isolation_resistance"])


def test_isolation_is_held_against_100_ohm_a_volt_of_the_nominal_voltage():
    """880 Wh / 20 Ah = 44 V, 100 ohm/V · 44 V = 4400 ohm."""
    good = screen(MODULE, evidence(SOUND_MODULE, isolation_resistance=4400.1), BESIDE, RULES)
    (finding,), verdict = screen(MODULE, evidence(SOUND_MODULE, isolation_resistance=4399.9), BESIDE, RULES)
    assert (good[1].outcome, verdict.outcome) == ("pass", "reject")
    assert finding.params["limit"] == 4400.0
    assert finding.rule is not None
    assert finding.rule.status == "reported"


def test_sag_is_allowed_for_each_cell_in_series():
    """12 cells · 5 mV/h = 60 mV/h."""
    assert screen(MODULE, evidence(SOUND_MODULE, rest_sag=0.06), BESIDE, RULES)[1].outcome == "pass"
    assert screen(MODULE, evidence(SOUND_MODULE, rest_sag=0.07), BESIDE, RULES)[1].outcome == "hold"


def test_spread_of_a_modules_cells_is_checked():
    assert screen(MODULE, evidence(SOUND_MODULE, cell_voltage_spread=0.15), BESIDE, RULES)[1].outcome == "hold"
    assert screen(MODULE, evidence(SOUND_MODULE, cell_voltage_spread=0.51), BESIDE, RULES)[1].outcome == "reject"


NAMES = [*SOUND_MODULE, "dc_resistance"]
SPAN = {
    "maximum_current": (0.0, 40.0),
    "maximum_voltage": (49.0, 54.0),
    "minimum_voltage": (15.0, 35.0),
    "temperature_rise": (0.0, 45.0),
    "isolation_resistance": (1e3, 1e4),
}
SPAN |= {
    "maximum_temperature": (20.0, 65.0),
    "rest_sag": (-0.1, 0.7),
    "cell_maximum_voltage": (4.0, 4.6),
    "cell_minimum_voltage": (1.0, 3.0),
    "cell_voltage_spread": (0.0, 0.6),
    "dc_resistance": (0.001, 0.004),
}


@settings(max_examples=300, deadline=None)
@given(values=st.fixed_dictionaries({n: st.floats(*SPAN[n]) for n in NAMES}), removed=st.sets(st.sampled_from(NAMES), min_size=1))
def test_taking_evidence_away_never_turns_another_verdict_into_a_pass(values: dict[str, float], removed: set[str]):
    pulse = values.pop("dc_resistance")
    everything = {**evidence(values), "dc_resistance": (resistance(pulse),)}
    before = screen(MODULE, everything, BESIDE, RULES)[1].outcome
    after = screen(MODULE, {n: q for n, q in everything.items() if n not in removed}, BESIDE, RULES)[1].outcome
    assert after != "pass"
    hidden = {n: (absent(n, q[0].unit, message("measure.no_rest", shortest_s=1.0)),) if n in removed else q for n, q in everything.items()}
    assert screen(MODULE, hidden, BESIDE, RULES)[1].outcome == after
    assert before in ("pass", "hold", "reject")


@pytest.mark.parametrize(("name", "value"), [("cell_maximum_voltage", 4.35), ("cell_minimum_voltage", 2.5)])
def test_a_cell_beyond_its_share_of_the_limit_is_found_though_the_module_is_within(name: str, value: float):
    """50.4 V / 12 = 4.2 V, 1.03 times that 4.326 V; 33.6 V / 12 = 2.8 V, 0.9 times that 2.52 V."""
    (finding,), verdict = screen(MODULE, evidence(SOUND_MODULE, **{name: value}), BESIDE, RULES)
    assert (finding.code, verdict.outcome) == (f"safety.finding.{name}", "hold")


def test_a_lone_reading_is_held_for_the_probes_sake_and_rejects_nothing():
    alone = replace(reading("maximum_temperature", 217.0), conditions={"isolated": True})
    quantities = evidence(SOUND) | {"maximum_temperature": (reading("maximum_temperature", 31.0), alone)}
    (finding,), verdict = screen(CELL, quantities, BESIDE, RULES)
    assert (finding.code, finding.effect, verdict.outcome) == ("safety.finding.implausible_reading", "hold", "hold")


def test_a_poor_probe_buys_heat_nothing():
    """70 °C with U = 20.2 K is within U of the 50 and 60 °C limits: held, and not surely a reject."""
    (finding,), _ = screen(CELL, evidence(SOUND) | {"maximum_temperature": (reading("maximum_temperature", 70.0, 10.1),)}, BESIDE, RULES)
    assert finding.effect == "hold"


def test_a_rise_beside_a_room_that_warmed_does_not_reject():
    rise = replace(reading("temperature_rise", 55.8), conditions={"ambient_moved_kelvin": 55.0})
    assert screen(CELL, evidence(SOUND) | {"temperature_rise": (rise,)}, BESIDE, RULES)[1].outcome == "hold"


def test_a_battery_that_was_never_under_a_load_that_heats_does_not_pass():
    _, verdict = screen(replace(CELL, rated_capacity_ah=20.0), evidence(SOUND, maximum_current=3.9), Siblings(), RULES)  # C/5 is 4 A
    assert check_of(verdict, "temperature_rise").reason == message("safety.never_loaded")
    assert verdict.outcome == "insufficient"


def test_sag_that_is_still_relaxation_is_no_finding_and_no_clearance():
    sag = replace(reading("rest_sag", 0.018), conditions={"relaxing": True})
    findings, verdict = screen(CELL, evidence(SOUND) | {"rest_sag": (sag,)}, BESIDE, RULES)
    assert (findings, verdict.outcome) == ((), "insufficient")
    assert check_of(verdict, "rest_sag").reason == message("safety.still_relaxing")
