"""Procedures beyond the reference cycle: what they ask, what is told of a recording that departs, and the sheet to work by."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cellwright.core import resources
from cellwright.core.battery import Battery
from cellwright.core.procedure import Procedure
from cellwright.core.recording import Recording
from cellwright.measure import check, parse_procedure, sheet
from tests.measure.recordings import SOURCE, Part, constant, held, rest, series

CELL = Battery("c", rated_capacity_ah=10.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
MODULE = Battery("m", level="module", series=2, rated_capacity_ah=10.0, minimum_voltage_volt=6.0, maximum_voltage_volt=8.4)
NAMES = resources.names("procedures", ".yaml")
THIRD = 10 / 3


def shipped(name: str) -> Procedure:
    return parse_procedure(resources.text("procedures", f"{name}.yaml"), f"{name}.yaml")


def codes(recording: Recording, name: str, battery: Battery | None = CELL) -> list[str]:
    return [m.code.removeprefix("measure.") for m in check(recording, shipped(name), battery)]


def run(parts: list[Part], interval: float = 30.0) -> Recording:
    return series(parts, interval=interval, temperature_t1_celsius=25.0)


def filled(soak: float = 3600.0) -> list[Part]:
    """Charge 10 Ah at C/3 to 4.2 V and hold that down to C/20."""
    return [rest(soak, 3.2), constant(9000, THIRD, 3.2, 4.2), held(1800, 4.2, THIRD, 0.5)]


def test_every_kind_of_test_that_a_lab_runs_ships():
    assert {"capacity-reference", "hppc", "pulse", "self-discharge", "eis", "gitt", "short-charge"} <= set(NAMES)
    assert {f"{kind}-{level}" for kind in ("capacity-reference", "hppc", "pulse", "short-charge") for level in ("module", "pack")} <= set(
        NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_a_source_and_says_how_well_it_is_known(name: str):
    procedure = shipped(name)
    parts = [p for p in (procedure.preconditioning, procedure.pulses, procedure.cells, procedure.long_rest) if p]
    assert procedure.source
    assert procedure.status in ("verified", "reported", "assumed")
    assert all((part.source is None) == (part.status is None) for part in parts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("battery", [None, MODULE])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_procedure_prints_as_a_sheet_in_both_languages(name: str, battery: Battery | None, lang: str):
    steps = [step.text(lang) for step in sheet(shipped(name), battery)]
    assert len(steps) >= 4
    assert not any("{" in step or "measure." in step for step in steps)


def test_a_sheet_for_a_battery_gives_amperes_and_volts():
    steps = [step.text() for step in sheet(shipped("capacity-reference-module"), MODULE)]
    assert "Charge at 0.3333C (3.333 A) ± 2 % to 8.4 V, then hold that voltage until the current has fallen to 0.05C (0.5 A)." in steps
    assert any("2 capacities in a row agree within 3 % of the rated capacity, at most 5 cycles" in step for step in steps)
    assert "from GB 38031-2025, 7.1.2, 7.2.2 (reported by others)" in steps


WEEK = [*filled(), rest(604800, 4.18)]


def test_a_week_at_rest_after_a_charge_is_a_self_discharge_test():
    assert codes(run(WEEK, interval=300.0), "self-discharge") == []


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([*filled(), rest(86400, 4.18)], ["long_rest_too_short"]),
        ([*filled(), constant(3600, -THIRD, 4.1, 3.9), rest(604800, 3.9)], ["long_rest_after", "rest_soc_off"]),
        ([rest(3600, 3.9), constant(3600, THIRD, 3.7, 3.9), constant(300, -1.0, 3.8, 3.7), rest(604800, 3.8)], ["long_rest_after"]),
    ],
)
def test_a_departure_of_a_self_discharge_test_is_named(parts: list[Part], expected: list[str]):
    found = codes(run(parts, interval=300.0), "self-discharge")
    assert [code for code in expected if code not in found] == []


def titration(steps: int, pause: float = 7200.0, rate: float = 0.1) -> list[Part]:
    one = [constant(1800 * 0.1 / rate, -10 * rate, 3.9, 3.8), rest(pause, 3.85)]
    return [*filled(), rest(7200, 4.18), *(part for _ in range(steps) for part in one)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (titration(19), []),
        (titration(10), ["titration_steps_missing"]),
        (titration(19, pause=3600), ["titration_rests_too_short"]),
        (titration(19, rate=0.2), ["titration_steps_missing"]),
    ],
)
def test_a_titration_is_held_against_its_steps_and_rests(parts: list[Part], expected: list[str]):
    assert codes(run(parts), "gitt") == expected


def short_charge(seconds: float = 900, ampere: float = 5.0, before: float = 3600, after: float = 600) -> Recording:
    return run([rest(before, 3.6), constant(seconds, ampere, 3.65, 3.7), rest(after, 3.68)], interval=1.0)


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        (short_charge(), []),
        (short_charge(seconds=600), ["partial_missing"]),
        (short_charge(ampere=4.0), ["partial_missing"]),
        (short_charge(before=600), ["soak_not_shown", "rest_before_too_short"]),
        (short_charge(after=60), ["rest_too_short"]),
    ],
)
def test_a_short_charge_is_held_against_current_time_and_rests(recording: Recording, expected: list[str]):
    found = codes(recording, "short-charge")
    assert [code for code in found if code != "temperature_not_recorded"] == expected


def spectrum(low: float = 0.01, high: float = 1e4, points: int = 61, celsius: float | None = 25.0) -> Recording:
    frequency = np.logspace(np.log10(high), np.log10(low), points)
    table = pl.DataFrame({"frequency_hertz": frequency, "real_impedance_ohm": 0.01, "imaginary_impedance_ohm": -0.001})
    return Recording(table if celsius is None else table.with_columns(temperature_t1_celsius=pl.lit(celsius)), SOURCE)


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        (spectrum(), ["soak_not_shown"]),
        (spectrum(low=1.0), ["spectrum_too_narrow", "soak_not_shown"]),
        (spectrum(points=31), ["spectrum_too_sparse", "soak_not_shown"]),
        (spectrum(celsius=30.0), ["spectrum_temperature_off", "soak_not_shown"]),
        (spectrum(celsius=None), ["temperature_not_recorded", "soak_not_shown"]),
        (run([rest(7200, 3.6)]), ["no_spectrum"]),
    ],
)
def test_a_spectrum_is_held_against_range_density_and_temperature(recording: Recording, expected: list[str]):
    assert codes(recording, "eis") == expected


def test_an_hppc_goes_from_level_to_level_at_its_own_rate():
    full = [rest(3600, 3.2), constant(3600, 10.0, 3.2, 4.2), held(720, 4.2, 10.0, 0.5)]
    one = [rest(3600, 3.8), constant(30, -10.0, 3.7, 3.7), rest(40, 3.8), constant(10, 7.5, 3.9, 3.9), constant(675, -5.0, 3.7, 3.6)]
    found = codes(run([*full, *one, *one], interval=0.5), "hppc")
    assert found.count("wrong_rate") == 1  # only what lies between the pulses is a way from level to level


def test_more_cycles_than_are_allowed_are_named():
    parts = [rest(3600, 3.2)]
    for _ in range(6):
        parts += [
            constant(1350, 10.0, 3.2, 4.2),
            held(3600, 4.2, 10.0, 0.5),
            rest(1800, 4.18),
            constant(3240, -10.0, 4.1, 3.0),
            rest(1800, 3.2),
        ]
    assert codes(run(parts, interval=10.0), "capacity-reference") == ["too_many_cycles"]


def module_run(cells: tuple[float, float] = (0.0, 0.0), probes: tuple[float, ...] = (25.0, 25.5), *, named: bool = True) -> Recording:
    """Run a short charge of two cells in series that lie so many volts beside the half of the module's voltage."""
    parts = [rest(14400, 7.2), constant(900, THIRD, 7.25, 7.4), rest(600, 7.3)]
    made = series(parts, interval=1.0, temperature_t1_celsius=25.0)
    half = made.table["voltage_volt"].to_numpy()[:, None] / 2
    columns = [pl.Series("cell_temperatures_celsius", np.tile(probes, (len(half), 1)), dtype=pl.Array(pl.Float32, len(probes)))]
    if named:
        columns.append(pl.Series("cell_voltages_volt", half + np.array(cells), dtype=pl.Array(pl.Float32, 2)))
    return replace(made, table=made.table.with_columns(columns))


@pytest.mark.parametrize(
    ("recording", "battery", "expected"),
    [
        (module_run(), MODULE, []),
        (module_run(), replace(MODULE, level="pack"), ["wrong_level"]),
        (module_run(named=False), MODULE, ["no_cell_voltages"]),
        (module_run(), replace(MODULE, series=3, maximum_voltage_volt=12.6, minimum_voltage_volt=9.0), ["cells_not_all"]),
        (module_run((0.04, -0.04)), MODULE, ["cells_apart"]),
        (module_run((0.6, -0.55)), MODULE, ["cell_beyond_limit", "cells_apart"]),
        (module_run(probes=(25.0,)), MODULE, ["probes_missing"]),
        (module_run(probes=(22.0, 29.0)), MODULE, ["probes_apart"]),
    ],
)
def test_a_module_is_held_against_what_is_asked_of_its_cells(recording: Recording, battery: Battery, expected: list[str]):
    assert codes(recording, "short-charge-module", battery) == expected


@pytest.mark.parametrize("name", ["hppc", "gitt", "capacity-reference", "pulse", "short-charge", "self-discharge"])
def test_without_a_rating_and_a_full_discharge_it_says_once_that_rates_cannot_be_checked(name: str):
    made = series([rest(600, 3.2), constant(600, 10.0, 3.2, 3.6), rest(3600, 3.5), constant(30, -10.0, 3.4, 3.4), rest(600, 3.5)])
    said = [deviation.code for deviation in check(made, shipped(name))]
    assert said.count("measure.no_rate_basis") <= 1
    assert said
