"""The equivalent circuit of one pulse, against the circuit that answered."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cellwright.core.errors import UsageError
from cellwright.core.quantity import Quantity, correlation
from cellwright.measure import pulse_fit
from tests.measure.made_hppc import USUAL, Cell, Instrument, Part, hppc, made
from tests.measure.recordings import TESTER, constant, rest, sheet

CELL = Cell()
TRUE = [1.0e-3, 0.5e-3, 1.5, 0.8e-3, 25.0]


def flat(fit: dict[str, tuple[Quantity, ...]]) -> list[Quantity]:
    branches = zip(fit["branch_resistance"], fit["time_constant"], strict=True)
    return [*fit["ohmic_resistance"], *(q for pair in branches for q in pair)]


def test_without_noise_the_circuit_is_the_cells_own():
    cell = Cell(ocv=(3.3, 0.7, 0.0))  # its open-circuit voltage is a straight line over charge, as the fit takes it
    assert [q.value for q in flat(pulse_fit(made(hppc(2), cell), 0))] == pytest.approx(TRUE, rel=1e-4)


def test_with_noise_and_digits_the_ohmic_part_is_within_one_per_cent():
    for seed in range(5):
        fit = flat(pulse_fit(made(hppc(2), CELL, instrument=USUAL, seed=seed), 0))
        assert fit[0].value == pytest.approx(1.0e-3, rel=0.01)
        assert [q.value for q in fit] == pytest.approx(TRUE, rel=0.1)


def test_its_deviations_are_as_large_as_it_says():
    """95 % intervals hold the truth in 19 of 20 noisy pulses; in 15 or fewer, by chance, once in 400 times."""
    cell, noisy = Cell(ocv=(3.3, 0.7, 0.0)), Instrument(volt_noise=2e-4)
    fits = [flat(pulse_fit(made(hppc(2), cell, instrument=noisy, seed=seed), 0, tester=TESTER)) for seed in range(20)]
    for place, true in ((0, 1.0e-3), (1, 0.5e-3), (2, 1.5)):
        own = [sum(c**2 for k, c in fit[place].components.items() if "fit#" in k) ** 0.5 for fit in fits]
        inside = [abs((fit[place].value or 0) - true) <= 1.96 * u for fit, u in zip(fits, own, strict=True)]
        assert sum(inside) > 15


def test_what_an_earlier_pulse_left_is_not_taken_for_this_one():
    fit = flat(pulse_fit(made(hppc(2), Cell(ocv=(3.3, 0.7, 0.0)), instrument=USUAL), 1))  # 40 s after the end of the first
    assert fit[0].conditions["direction"] == "charge"
    assert fit[0].value == pytest.approx(1.0e-3, rel=0.01)


def test_one_branch_is_enough_where_there_is_one():
    cell = Cell(pairs=((0.6e-3, 4.0),), ocv=(3.3, 0.7, 0.0))
    fit = pulse_fit(made(hppc(2), cell, instrument=USUAL), 0)
    assert [len(each) for each in fit.values()] == [1, 1, 1]
    assert [q.value for q in flat(fit)] == pytest.approx([1.0e-3, 0.6e-3, 4.0], rel=0.02)


def test_a_pulse_that_was_sampled_too_slowly_has_no_ohmic_part():
    fit = pulse_fit(made(hppc(2, interval=0.5), CELL), 0)
    for (each,) in fit.values():
        assert each.reason is not None
        assert each.reason.code == "measure.pulse_too_coarse"
        assert (each.reason.params["samples"], each.reason.params["first_s"]) == (60, 0.5)


def test_a_step_sheet_has_none():
    parts = [rest(600, 3.9532), constant(5, -10.0, 3.93, 3.9047), rest(600, 3.94, 3.95)]
    (found,) = pulse_fit(sheet(parts), 0)["ohmic_resistance"]
    assert found.reason is not None
    assert found.reason.code == "measure.only_ends_recorded"


def test_a_voltage_that_does_not_answer_fits_no_circuit():
    whole = made(hppc(2), CELL)
    still = whole.table.with_columns(pl.Series("voltage_volt", 3.7 + np.random.default_rng(1).normal(0, 1e-4, whole.table.height)))
    (found,) = pulse_fit(replace(whole, table=still.with_columns(pl.col("voltage_volt") - 1e-4 * pl.col("current_ampere"))), 0)[
        "ohmic_resistance"
    ]
    assert found.reason is not None
    assert found.reason.code == "measure.pulse_not_fitted"


def test_a_pulse_that_is_not_there_is_wrong_use():
    with pytest.raises(UsageError) as error:
        pulse_fit(made(hppc(2), CELL), 4)
    assert (error.value.code, error.value.params) == ("measure.no_such_pulse", {"pulse": 4, "count": 4})


def test_gains_are_of_the_resistances_and_not_of_the_time_constants():
    ohmic, first, tau, *_ = flat(pulse_fit(made(hppc(2), CELL, instrument=USUAL), 0, tester=TESTER))
    gains = {q.name: {k.rsplit(":", 2)[1] for k in q.components if k.endswith(":gain")} for q in (ohmic, first, tau)}
    assert gains == {"ohmic_resistance": {"voltage", "current"}, "branch_resistance": {"voltage", "current"}, "time_constant": set()}
    assert correlation(ohmic, first) != 0.0


def test_an_unsure_edge_is_in_the_ohmic_part():
    parts = [Part(3600, 0.0, 10.0), Part(30, -50.0, 0.05), Part(40, 0.0, 0.05)]
    whole = made(parts, CELL, counted=False)
    told = made(parts, CELL)
    unsure, sure = (flat(pulse_fit(r, 0, tester=TESTER))[0] for r in (whole, told))
    edge = [k for k in unsure.components if k.endswith(":beginning")]
    assert len(edge) == 1
    assert not [k for k in sure.components if k.endswith(":beginning")]
