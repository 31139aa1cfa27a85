"""Procedures, and how recordings depart from them."""

from dataclasses import replace

import polars as pl
import pytest

from cellwright.core import resources
from cellwright.core.battery import Battery
from cellwright.core.errors import ListError
from cellwright.core.recording import Recording
from cellwright.measure import Procedure, check, parse_procedure
from tests.measure.recordings import Part, constant, held, rest, series, sheet

CELL = Battery("c", rated_capacity_ah=10.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
NAMES = resources.names("procedures", ".yaml")


def shipped(name: str) -> Procedure:
    return parse_procedure(resources.text("procedures", f"{name}.yaml"), f"{name}.yaml")


REFERENCE, PULSE, HPPC = shipped("capacity-reference"), shipped("pulse"), shipped("hppc")


def cycle(ampere: float = 10.0, *, pause: float = 1800, taper: float = 0.5, hours: float = 0.9) -> list[Part]:
    """Charge a 10 Ah cell, hold it down to a taper, rest, discharge it and rest."""
    taken = constant(3600 * hours * 10 / ampere, -ampere, 4.1, 3.0)
    filled = 3600 * (hours - 0.525) * 10 / ampere
    return [constant(filled, 10.0, 3.2, 4.2), held(3600, 4.2, 10.0, taper), rest(pause, 4.18), taken, rest(pause, 3.2)]


def run(*cycles: list[Part], soak: float = 3600, interval: float = 10.0, celsius: float | None = 25.0) -> Recording:
    warm = {} if celsius is None else {"temperature_t1_celsius": celsius}
    return series([rest(soak, 3.2), *(part for c in cycles for part in c)], interval=interval, **warm)


def codes(recording: Recording, procedure: Procedure = REFERENCE, battery: Battery | None = CELL) -> list[str]:
    return [m.code.removeprefix("measure.") for m in check(recording, procedure, battery)]


GOOD = (cycle(), cycle(), cycle())


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_procedure_parses_and_is_dated(name: str):
    procedure = shipped(name)
    assert procedure.name == name
    assert procedure.date.year >= 2026
    assert set(procedure.title) == {"en", "ko"}
    assert (procedure.temperature_celsius, procedure.temperature_tolerance_kelvin) == (25, 2)


def test_the_reported_preconditioning_keeps_its_source_and_status():
    asked = REFERENCE.preconditioning
    assert asked is not None
    assert (asked.maximum_cycles, asked.agreeing_cells, asked.agreeing_packs, asked.within) == (5, 3, 2, 0.03)
    assert (asked.source, asked.clause, asked.status) == ("GB 38031-2025", "7.1.2, 7.2.2", "reported")


def test_a_misspelt_key_is_named_with_the_right_one():
    text = resources.text("procedures", "capacity-reference.yaml").replace("soak_s:", "soack_s:")
    with pytest.raises(ListError, match="soak_s"):
        parse_procedure(text, "mine.yaml")


def test_a_recording_as_asked_has_no_deviation():
    assert codes(run(*GOOD)) == []


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        (run(*GOOD, soak=600), ["soak_not_shown"]),
        (run(*GOOD[:2], cycle(5.0)), ["wrong_rate"]),
        (run(*GOOD[:2], cycle(taper=1.0)), ["taper_not_reached"]),
        (run(*GOOD[:2], cycle(pause=900)), ["rest_too_short", "rest_too_short"]),
        (run(*GOOD, celsius=28.0), ["temperature_off"]),
        (run(*GOOD, celsius=None), ["temperature_not_recorded"]),
        (run(*GOOD, interval=90.0), ["sampling_too_coarse"]),
        (run(*GOOD[:2]), ["too_few_cycles"]),
        (run(GOOD[0]), ["unconditioned", "too_few_cycles"]),
        (run(cycle(hours=0.95), *GOOD[:2]), ["cycles_disagree"]),
        (run(GOOD[0][:3]), ["no_discharge"]),
        (run([*GOOD[0][:3], constant(600, -10.0, 4.1, 3.6)]), ["discharge_stopped"]),
    ],
)
def test_each_departure_is_named(recording: Recording, expected: list[str]):
    assert codes(recording) == expected


def test_a_pack_needs_two_cycles_that_agree_and_a_cell_three():
    assert codes(run(*GOOD[:2]), battery=replace(CELL, level="pack")) == []


def test_a_deviation_says_what_was_found_and_what_was_asked():
    (found,) = check(run(*GOOD[:2], cycle(5.0)), REFERENCE, CELL)
    assert found.text("en") == "step 15, discharge: 0.5C (of the rated capacity) instead of 1C"
    assert found.text("ko") == "단계 15 방전: 1C가 아니라 0.5C입니다(정격 용량 기준)"


def test_a_step_sheet_shows_only_the_ends_of_its_steps():
    parts = [rest(3600, 3.2), *(part for c in GOOD for part in c)]
    assert codes(sheet(parts)) == ["only_ends_recorded"]


def test_a_log_without_current_cannot_be_checked():
    made = run(*GOOD)
    assert codes(replace(made, table=made.table.drop("current_ampere"))) == ["not_recorded"]


PULSES = [
    part
    for number, rate in enumerate((0.5, -0.5, 1.0, -1.0, 1.5))
    for part in (rest(75 if number else 3600, 3.7), constant(5, 10 * rate, 3.7, 3.7))
]


def test_the_pulses_of_a_test_are_all_there():
    assert codes(series(PULSES, interval=0.1, temperature_t1_celsius=25.0), PULSE) == []


def test_a_pulse_that_is_missing_is_named():
    (found,) = check(series(PULSES[:-2], interval=0.1, temperature_t1_celsius=25.0), PULSE, CELL)
    assert found.text("en") == "no charge pulse of 1.5C for 5 s"


def test_a_rest_before_a_pulse_that_is_too_short_is_named():
    hasty = [rest(20, 3.7) if p.seconds == 75 and n == 2 else p for n, p in enumerate(PULSES)]
    assert codes(series(hasty, interval=0.1, temperature_t1_celsius=25.0), PULSE) == ["rest_before_pulse_too_short"]


def test_pulses_have_no_rate_without_any_capacity():
    made = series(PULSES, interval=0.1, temperature_t1_celsius=25.0)
    assert codes(made, PULSE, None) == ["no_rate_basis"]


def test_pulses_at_an_unknown_state_of_charge_are_not_those_of_an_hppc():
    assert "soc_unknown" in codes(series(PULSES, interval=0.1, temperature_t1_celsius=25.0), HPPC)


def test_an_hppc_is_held_against_every_state_of_charge():
    full = [rest(3600, 3.2), constant(3600, 10.0, 3.2, 4.2), held(720, 4.2, 10.0, 0.5)]
    parts = list(full)
    for _ in range(9):  # from 100 % to 20 %
        parts += [
            rest(3600, 3.8),
            constant(30, -10.0, 3.7, 3.7),
            rest(40, 3.8),
            constant(10, 7.5, 3.9, 3.9),
            constant(297.75, -10.0, 3.7, 3.6),
        ]
        parts[-1] = constant(360 - 30 + 7.5, -10.0, 3.7, 3.6)
    found = check(series(parts, interval=0.5, temperature_t1_celsius=25.0), HPPC, CELL)
    assert [(m.code.removeprefix("measure."), m.params.get("soc_percent")) for m in found] == [
        ("pulse_missing_at", 10.0),
        ("pulse_missing_at", 10.0),
    ]


def test_what_ran_after_the_reference_discharge_does_not_matter():
    assert codes(run(*GOOD, [constant(600, 10.0, 3.2, 3.6)])) == []


def changed(*last: Part) -> Recording:
    """Two cycles as asked and one whose parts are these."""
    return run(*GOOD[:2], list(last))


FULL, OUT = list(GOOD[2][:3]), GOOD[2][3]


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        (changed(constant(1350, 10.0, 3.2, 4.25), held(3600, 4.25, 10.0, 0.5), *FULL[2:], OUT, rest(1800, 3.2)), "limit_passed"),
        (changed(constant(1350, 10.0, 3.2, 4.15), held(3600, 4.15, 10.0, 0.5), *FULL[2:], OUT, rest(1800, 3.2)), "charge_stopped"),
        (changed(*FULL, constant(3240, -10.0, 4.1, 2.9), rest(1800, 3.2)), "limit_passed"),
        (changed(*FULL, Part(3240, (4.1, 3.0), (-8.6, -11.4)), rest(1800, 3.2)), "not_constant_current"),
        (run(*GOOD[:2], cycle(taper=0.1)), "taper_passed"),
        (run(cycle(5.0), *GOOD[:2]), "wrong_rate"),
        (run(GOOD[0], cycle(pause=900)[:3] + GOOD[0][3:], GOOD[0]), "rest_too_short"),
    ],
)
def test_a_departure_in_any_cycle_that_counts_is_the_one_that_is_named(recording: Recording, expected: str):
    assert codes(recording) == [expected]


def test_a_discharge_that_stopped_short_is_named_beside_the_cycle_that_is_missing():
    found = check(changed(*FULL, constant(3240, -10.0, 4.1, 3.1), rest(1800, 3.2)), REFERENCE, CELL)
    assert [m.code for m in found] == ["measure.too_few_cycles", "measure.discharge_short"]
    assert found[1].text("en") == "the discharge, step 15, stopped at 3.1 V, short of the limit of 3 V"


def test_a_soak_that_was_too_cold_when_the_first_current_came_is_named():
    made = run(*GOOD)
    cold = pl.when(pl.col("test_time_second") < 4000).then(20.0).otherwise(25.0).alias("temperature_t1_celsius")
    assert codes(replace(made, table=made.table.with_columns(cold))) == ["temperature_off"]


def test_a_rest_that_a_clock_shows_a_hundredth_short_is_long_enough():
    made = run(*GOOD)
    assert codes(replace(made, table=made.table.with_columns(pl.col("test_time_second", "step_time_second") * (1 - 1e-5)))) == []


def pulsed(place: int, *parts: Part) -> Recording:
    """Run the pulse test with some of it replaced."""
    return series([*PULSES[:place], *parts, *PULSES[place + len(parts) :]], interval=0.1, temperature_t1_celsius=25.0)


@pytest.mark.parametrize(
    ("recording", "said"),
    [
        (pulsed(3, constant(5, -4.0, 3.7, 3.7)), "step 4: a discharge pulse of 0.4C for 5 s instead of 0.5C for 5 s"),
        (pulsed(3, constant(3, -5.0, 3.7, 3.7)), "step 4: a discharge pulse of 0.5C for 3 s instead of 0.5C for 5 s"),
        (
            pulsed(5, PULSES[7], PULSES[6], PULSES[5]),
            "the discharge pulse, step 6, ran before that of step 8; the procedure has them the other way round",
        ),
    ],
)
def test_a_pulse_of_another_strength_or_length_or_place_is_named_with_what_was_found(recording: Recording, said: str):
    assert [m.text("en") for m in check(recording, PULSE, CELL)] == [said]


@pytest.mark.parametrize("name", ["pulse", "hppc", "gitt", "self-discharge", "short-charge"])
def test_a_procedure_that_a_recording_does_not_fit_at_all_says_so_and_no_more(name: str):
    assert codes(series([rest(7200, 3.7)], temperature_t1_celsius=25.0), shipped(name)) == ["does_not_fit"]
