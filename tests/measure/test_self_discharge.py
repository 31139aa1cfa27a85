"""A leak of known size, told from how the voltage of a rest falls."""

from math import exp, log, sqrt

import numpy as np
import polars as pl
import pytest

from cellwright.core.errors import UsageError
from cellwright.core.quantity import Quantity
from cellwright.core.recording import Recording
from cellwright.measure import Arrhenius, OpenCircuit, everything, open_circuit, self_discharge
from tests.measure.made_cell import Cell, battery, lfp, nmc, swept
from tests.measure.recordings import CYCLE, TESTER, series, sheet

DAY = 86400.0
LEAK = 5e-4  # A; of 5 Ah in a month of 720 h: 0.36 Ah, 7.2 %


@pytest.fixture(scope="module")
def curve() -> OpenCircuit:
    return open_circuit(swept(Cell()).recording(), tester=TESTER)


def rested(days: float = 2.0, soc: float = 0.4, **known: object) -> Cell:
    """Charge a tenth in an hour, then rest."""
    return Cell(soc=soc, **known).run(3600, 0.5).run(days * DAY, interval=60)  # type: ignore[arg-type]


def measured(cell: Cell, curve: OpenCircuit | None = None, **more: object) -> dict[str, Quantity]:
    found = self_discharge(cell.recording(), battery(cell), TESTER, curve=curve, **more)  # type: ignore[arg-type]
    return {name: q for name, (q,) in found.items()}


def test_a_leak_is_found_within_its_uncertainty(curve: OpenCircuit):
    cell = rested(leak_ampere=LEAK)
    found = measured(cell, curve)
    rate, current = found["self_discharge_rate"], found["self_discharge_current"]
    assert rate.value == pytest.approx(7.2, rel=0.03)
    assert current.value == pytest.approx(LEAK, rel=0.03)
    for q, truth in ((rate, 7.2), (current, LEAK)):
        assert q.value is not None
        assert q.standard_uncertainty is not None
        assert abs(q.value - truth) <= 2 * q.standard_uncertainty
    assert rate.conditions["excluded"] == ("balancing", "bms_draw")


def test_the_slope_is_the_leak_times_that_of_the_curve(curve: OpenCircuit):
    cell = rested(leak_ampere=LEAK)
    ends = cell.soc
    per_soc = float(nmc(ends + 1e-3) - nmc(ends - 1e-3)) / 2e-3
    slope = measured(cell, curve)["rest_voltage_slope"]
    assert slope.value == pytest.approx(-LEAK / 5 * per_soc, rel=0.02)
    assert not [k for k in slope.components if k.endswith(":offset")]


def test_the_line_is_trusted_once_the_relaxation_is_below_half_a_step_of_the_voltage(curve: OpenCircuit):
    found = measured(rested(leak_ampere=LEAK), curve)["rest_voltage_slope"].conditions
    # 0.5 A over 15 mohm: 7.5 mV with 600 s fall to 0.05 mV after 600 s · ln 150
    assert found["trusted_after_s"] == pytest.approx(600 * log(150), rel=0.1)
    assert found["window_s"] == pytest.approx(2 * DAY - found["trusted_after_s"], rel=0.01)


def test_a_cell_without_a_leak_loses_nothing_but_noise(curve: OpenCircuit):
    found = measured(rested(), curve)["self_discharge_rate"]
    assert found.value is not None
    assert found.standard_uncertainty is not None
    assert abs(found.value) <= 2 * found.standard_uncertainty
    assert found.standard_uncertainty < 1.0


def test_on_a_plateau_there_is_a_slope_but_no_rate():
    flat = open_circuit(swept(Cell(ocv=lfp)).recording(), tester=TESTER)
    found = measured(rested(leak_ampere=1e-4, ocv=lfp), flat)  # 1.4 % a month are 0.5 · 10⁻⁶ V/h there
    assert found["rest_voltage_slope"].value is not None
    for name in ("self_discharge_rate", "self_discharge_current"):
        reason = found[name].reason
        assert reason is not None
        assert reason.code == "measure.ocv_too_flat"
        assert reason.params["mv_per_percent"] == pytest.approx(0.25, abs=0.05)


def test_a_relaxation_that_goes_on_is_no_self_discharge(curve: OpenCircuit):
    found = measured(rested(days=1.0, rc=((0.05, 40000.0),)), curve)
    assert {q.reason and q.reason.code for q in found.values()} == {"measure.relaxation_goes_on"}


def test_without_a_curve_there_is_a_slope_and_no_rate():
    found = measured(rested(leak_ampere=LEAK))
    assert found["rest_voltage_slope"].value is not None
    assert found["self_discharge_rate"].reason is not None
    assert found["self_discharge_rate"].reason.code == "measure.no_ocv_slope"


def test_the_recording_s_own_sweep_is_the_curve_where_none_is_given():
    cell = swept(Cell(leak_ampere=0.0))
    cell.leak_ampere = LEAK
    cell.run(9000, 1.0).run(2 * DAY, interval=60)
    assert measured(cell)["self_discharge_rate"].value == pytest.approx(7.2, rel=0.05)


def test_a_drift_of_the_temperature_is_in_the_uncertainty(curve: OpenCircuit):
    made = rested(leak_ampere=LEAK).recording()
    time = pl.col("test_time_second")
    warmed = made.table.with_columns((25 + 2 * (time - 3600) / (2 * DAY)).alias("surface_temperature_celsius"))
    found = self_discharge(Recording(warmed, made.source), tester=TESTER, curve=curve)["rest_voltage_slope"][0]
    hours = found.conditions["window_s"] / 3600
    assert found.conditions["temperature_drift_kelvin"] == pytest.approx(2 * hours / 48, rel=0.01)
    (entropy,) = (v for k, v in found.components.items() if k.endswith(":entropy"))
    assert entropy == pytest.approx(5e-4 * 2 / 48 / sqrt(3), rel=0.01)


def test_where_no_temperature_was_recorded_a_kelvin_of_drift_is_assumed(curve: OpenCircuit):
    found = self_discharge(rested(leak_ampere=LEAK).recording(warm=False), tester=TESTER, curve=curve)
    assert found["rest_voltage_slope"][0].conditions["assumed_drift_kelvin"] == 1.0
    assert found["self_discharge_rate"][0].standard_uncertainty > 0.2  # type: ignore[operator]


def test_arrhenius_takes_a_rate_to_another_temperature(curve: OpenCircuit):
    cell = Cell(soc=0.4, leak_ampere=LEAK).run(3600, 0.5, celsius=45.0).run(2 * DAY, interval=60, celsius=45.0)
    as_measured = measured(cell, curve)["self_discharge_rate"].value
    taken = measured(cell, curve, arrhenius=Arrhenius(50e3, 25.0))["self_discharge_rate"]
    assert taken.value == pytest.approx(as_measured * exp(50e3 / 8.314462618 * (1 / 318.15 - 1 / 298.15)))  # type: ignore[operator]
    assert taken.conditions["activation_energy_joule_per_mole"] == 50e3


def test_arrhenius_needs_a_temperature_and_a_positive_energy(curve: OpenCircuit):
    made = rested(leak_ampere=LEAK).recording(warm=False)
    (found,) = self_discharge(made, tester=TESTER, curve=curve, arrhenius=Arrhenius(50e3))["self_discharge_rate"]
    assert found.reason is not None
    assert found.reason.code == "measure.temperature_not_recorded"
    with pytest.raises(UsageError, match="activation energy"):
        self_discharge(made, arrhenius=Arrhenius(0.0))


@pytest.mark.parametrize(("recording", "code"), [(sheet(CYCLE), "measure.rest_not_sampled"), (series(CYCLE), "measure.no_rest")])
def test_what_has_no_long_sampled_rest_has_no_rate(recording: Recording, code: str):
    for (found,) in self_discharge(recording).values():
        assert found.reason is not None
        assert found.reason.code == code


def test_the_uncertainty_holds_over_many_cells(curve: OpenCircuit):
    rng, inside = np.random.default_rng(11), 0
    for seed in range(20):
        leak = float(rng.uniform(0.0, 1e-3))
        cell = rested(days=1.5, soc=float(rng.uniform(0.25, 0.7)), leak_ampere=leak, seed=seed)
        found = measured(cell, curve)["self_discharge_current"]
        assert found.value is not None
        assert found.standard_uncertainty is not None
        inside += abs(found.value - leak) <= 2 * found.standard_uncertainty
    assert inside >= 18


def test_everything_gives_self_discharge_only_where_a_rest_is_long():
    assert "self_discharge_rate" in everything(rested(days=1.1).recording())
    assert "self_discharge_rate" not in everything(series(CYCLE))
