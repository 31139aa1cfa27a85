"""A spectrum has no steps; everything that needs them says that it is one, and what it has is still measured."""

import polars as pl
import pytest

from cellwright import measure
from cellwright.assess import load_procedure
from cellwright.core.errors import UsageError
from cellwright.core.recording import Recording
from tests.measure.recordings import SOURCE, constant, rest, series
from tests.readers.spectra import POINTS

UNDER_CURRENT = ("capacity", "energy", "coulombic_efficiency", "energy_efficiency", "dc_resistance", "rest_voltage", "rest_sag")


def spectrum(**columns: float) -> Recording:
    table = pl.DataFrame(
        {
            "frequency_hertz": [f for f, _ in POINTS],
            "real_impedance_ohm": [z.real for _, z in POINTS],
            "imaginary_impedance_ohm": [z.imag for _, z in POINTS],
            "record_index": list(range(1, len(POINTS) + 1)),
        }
    )
    return Recording(table.with_columns(pl.lit(value).alias(name) for name, value in columns.items()), SOURCE)


TIMED = {"test_time_second": 1.0, "voltage_volt": 3.7, "current_ampere": -0.002}


@pytest.mark.parametrize("columns", [{}, {"test_time_second": 1.0}, TIMED], ids=["alone", "with time", "with time, voltage and current"])
def test_what_needs_steps_says_that_it_is_a_spectrum(columns: dict[str, float]):
    found = measure.everything(spectrum(**columns))
    assert {found[name][0].reason.code for name in UNDER_CURRENT} == {"measure.spectrum"}
    assert all(q.value is not None or q.reason is not None for quantities in found.values() for q in quantities)


def test_the_voltage_beside_a_spectrum_is_still_seen():
    found = measure.everything(spectrum(**{**TIMED, "voltage_volt": 4.6}))
    assert (found["maximum_voltage"][0].value, found["maximum_current"][0].value) == (4.6, 0.002)


def test_a_spectrum_is_held_against_no_procedure():
    procedure, _ = load_procedure("capacity-reference")
    assert [d.code for d in measure.check(spectrum(**TIMED), procedure)] == ["measure.spectrum"]


@pytest.mark.parametrize("ask", [measure.steps, measure.capacity, measure.energy, measure.resistances, measure.rest_voltages])
def test_asked_for_steps_a_spectrum_refuses_for_what_it_is(ask: object):
    with pytest.raises(UsageError) as error:
        ask(spectrum(**TIMED))
    assert error.value.code == "measure.spectrum"


def test_a_test_with_a_few_spectra_in_it_has_its_steps():
    test = series([rest(600, 3.7), constant(3600, -1.0, 3.7, 3.0), rest(600, 3.1)])
    frequency = pl.Series("frequency_hertz", [*(f for f, _ in POINTS), *[None] * (test.table.height - len(POINTS))])
    both = Recording(test.table.with_columns(frequency), test.source, test.sampling)
    assert measure.steps(both).height == 3


def test_rows_that_never_have_time_voltage_and_current_together_are_no_steps():
    table = pl.DataFrame({"test_time_second": [0.0, 1.0], "voltage_volt": [3.7, None], "current_ampere": [None, 1.0]})
    found = measure.everything(Recording(table, SOURCE))
    assert found["capacity"][0].reason.code == "measure.no_samples"
    assert found["maximum_voltage"][0].value == 3.7
