"""The model against its own equations, solved by another hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from cellwright.demo import cell
from cellwright.demo.cell import Cells, State, advance, line_at_end, open_circuit_voltage, pulse_resistance, rested, voltage


def one(charge_ah: float = 50.0, leak_ampere: float = 0.0) -> Cells:
    return Cells(*(np.array([x]) for x in (charge_ah, 1.0e-3, 0.5e-3, 0.6e-3, leak_ampere)))


def at(*numbers: float) -> np.ndarray:
    return np.array(numbers)


def test_open_circuit_voltage_spans_the_window_of_the_cell_it_was_fitted_to():
    # Chen et al. (2020): LG M50, 2.5 V empty and 4.2 V full.
    assert open_circuit_voltage(at(0.0, 1.0)) == pytest.approx([2.5, 4.2], abs=0.02)


def test_open_circuit_voltage_rises_all_the_way():
    assert np.all(np.diff(open_circuit_voltage(np.linspace(0, 1, 500))) > 0)


def test_an_edge_of_current_shows_the_series_resistance_alone():
    # 25 °C, z = 0.9: the rise at low charge is 0.9·exp(−0.9/0.08) = 1.2e−5, so R₀ is 1 mΩ and 60 A give 60 mV.
    state = rested(at(0.9))
    assert voltage(one(), state, at(60.0)) - voltage(one(), state, at(0.0)) == pytest.approx(0.060, rel=2e-5)


def test_overvoltages_settle_at_current_times_resistance():
    # 40 time constants of the slow pair at 10 A, 25.0 °C and z near 0.9: v₁ = 10·0.5 mΩ, v₂ = 10·0.6 mΩ, less 1.3 % a kelvin.
    big = one(charge_ah=1e6)
    state = advance(big, rested(at(0.9)), at(10.0), at(16_000.0))
    warm = np.exp(cell.ACTIVATION_K * (1 / (state.celsius + 273.15) - 1 / 298.15))
    settled = advance(big, state, at(10.0), at(16_000.0))
    assert settled.fast_volt == pytest.approx(10 * 0.5e-3 * warm, rel=1e-4)
    assert settled.slow_volt == pytest.approx(10 * 0.6e-3 * warm, rel=1e-4)


def test_ten_second_strides_follow_the_differential_equations():
    # The docstring's equations by a Runge-Kutta method with tight tolerances: an hour of discharge at 20 A.
    cells, current = one(leak_ampere=0.1), -20.0

    def slope(_time: float, y: np.ndarray) -> list[float]:
        z, fast, slow, celsius = y
        factor = (1 + 0.9 * np.exp(-z / 0.08)) * np.exp(3500 * (1 / (celsius + 273.15) - 1 / 298.15))
        heat = current * (current * 1.0e-3 * factor + fast + slow) + 0.1 * float(open_circuit_voltage(np.array(z)))
        return [
            (current - 0.1) / (3600 * 50.0),
            (current * 0.5e-3 * factor - fast) / 5.0,
            (current * 0.6e-3 * factor - slow) / 400.0,
            (heat - 2.0 * (celsius - 25.0)) / 1100.0,
        ]

    truth = solve_ivp(slope, (0, 3600), [0.8, 0.0, 0.0, 25.0], rtol=1e-9, atol=1e-10, max_step=5).y[:, -1]
    state = rested(at(0.8))
    for _ in range(360):
        state = advance(cells, state, at(current), at(10.0))
    assert state.charged[0] == pytest.approx(truth[0], abs=1e-9)
    assert state.fast_volt[0] + state.slow_volt[0] == pytest.approx(truth[1] + truth[2], abs=2e-5)
    assert state.celsius[0] == pytest.approx(truth[3], abs=0.01)


@given(
    current=st.floats(-120, 120),
    seconds=st.floats(0, 600),
    leak=st.floats(0, 1),
)
def test_charge_is_conserved(current: float, seconds: float, leak: float):
    after = advance(one(leak_ampere=leak), rested(at(0.5)), at(current), at(seconds))
    assert (after.charged[0] - 0.5) * 50.0 * 3600 == pytest.approx((current - leak) * seconds, abs=1e-6)


def test_no_time_changes_nothing():
    state = State(at(0.4), at(0.01), at(-0.02), at(27.0))
    after = advance(one(leak_ampere=0.2), state, at(33.0), at(0.0))
    for before, now in zip(vars(state).values(), vars(after).values(), strict=True):
        assert now == pytest.approx(before, abs=1e-15)


def test_the_line_gives_the_current_that_holds_a_voltage():
    cells, state = one(), rested(at(0.95))
    volt, ohms = line_at_end(cells, state, at(10.0))
    current = (4.2 - volt) / ohms
    assert voltage(cells, advance(cells, state, current, at(10.0)), current) == pytest.approx(4.2, abs=1e-4)


def test_pulse_resistance_is_what_a_pulse_shows():
    cells, state = one(), rested(at(0.5))
    after = advance(cells, state, at(-60.0), at(10.0))
    shown = (voltage(cells, after, at(-60.0)) - voltage(cells, state, at(0.0))) / -60.0
    assert pulse_resistance(cells, at(0.5), 10.0) == pytest.approx(shown, rel=0.01)
