"""How a voltage comes to rest: fits of known decays, and the six statistics of their shape."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import kurtosis, skew, spearmanr

from cellwright.measure import relaxation, relaxation_statistics
from cellwright.measure.ocv.decay import fit_decay
from cellwright.measure.ocv.statistics import sensitivities
from cellwright.readers import read
from tests.measure.made_cell import Cell, battery, nmc
from tests.measure.recordings import CYCLE, TESTER, constant, rest, series, sheet

Floats = np.ndarray


def charged(seconds: float = 3600.0, interval: float = 10.0, **known: object) -> Cell:
    """Charge at 5 A for half an hour, then rest: 50 mV relax with 30 s, 75 mV·(1 − e^(−1800/600)) with 600 s."""
    return Cell(soc=0.3, **known).run(600, interval=60).run(1800, 5.0, interval=5).run(seconds, interval=interval)  # type: ignore[arg-type]


def test_the_asymptote_and_the_time_constants_are_those_of_the_cell():
    cell = charged()
    found = relaxation(cell.recording(), battery(cell), TESTER)
    (volt,) = found["relaxed_voltage"]
    assert volt.value == pytest.approx(float(nmc(0.8)), abs=2e-4)
    assert [q.value for q in found["relaxation_time_constant"]] == pytest.approx([30.0, 600.0], rel=0.03)
    amplitudes = [q.conditions["amplitude_volt"] for q in found["relaxation_time_constant"]]
    assert amplitudes == pytest.approx([0.05, 0.075 * (1 - np.exp(-3))], rel=0.03)
    assert (volt.conditions["direction"], volt.conditions["duration_s"]) == ("charge", pytest.approx(3600))
    assert volt.conditions["unfinished_volt"] == pytest.approx(-0.075 * (1 - np.exp(-3)) * np.exp(-6), rel=0.1)


@pytest.mark.parametrize("seconds", [600.0, 1800.0])
def test_what_was_not_seen_of_the_way_is_in_the_uncertainty(seconds: float):
    rng, time = np.random.default_rng(7), np.arange(10.0, seconds + 1, 10.0)
    inside = 0
    for _ in range(40):
        slow = rng.uniform(300.0, 1200.0)
        volt = 3.7 - 0.01 * np.exp(-time / 40) - 0.01 * np.exp(-time / slow) + rng.normal(0.0, 1e-4, len(time))
        found = fit_decay(time, np.round(volt, 4), resolution=1e-4)
        assert found is not None
        inside += abs(found.asymptote - 3.7) <= 2 * found.equilibrium_uncertainty
    assert inside >= 38


def test_a_stretched_exponential_is_told_from_a_plain_one():
    time = np.arange(5.0, 7200.0, 5.0)
    volt = 3.7 + 0.02 * np.exp(-((time / 500.0) ** 0.5)) + np.random.default_rng(3).normal(0.0, 1e-4, len(time))
    found = fit_decay(time, volt)
    assert found is not None
    assert found.asymptote == pytest.approx(3.7, abs=1e-3)
    plain = fit_decay(time, 3.7 + 0.02 * np.exp(-time / 500.0) + np.random.default_rng(3).normal(0.0, 1e-4, len(time)))
    assert plain is not None
    assert (plain.exponent, plain.time_constants_s) == (1.0, pytest.approx((500.0,), rel=0.01))


def test_a_line_beside_the_decays_is_found():
    time = np.arange(10.0, 86400.0, 10.0)
    volt = 3.7 - 0.01 * np.exp(-time / 600) - 0.004 * np.exp(-time / 5000) - 1e-4 * time / 3600
    found = fit_decay(time, np.round(volt + np.random.default_rng(1).normal(0.0, 5e-5, len(time)), 4), line=True, longest=0.25)
    assert found is not None
    assert 3600 * found.slope == pytest.approx(-1e-4, rel=0.02)


def test_a_voltage_that_stands_has_no_time_constant():
    found = fit_decay(np.arange(1.0, 601.0), np.full(600, 3.7) + np.random.default_rng(2).normal(0.0, 1e-4, 600))
    assert found is not None
    assert found.time_constants_s == ()
    assert found.asymptote == pytest.approx(3.7, abs=2e-5)
    assert fit_decay(np.arange(9.0), np.full(9, 3.7)) is None


def test_the_statistics_of_five_numbers():
    found = relaxation_statistics(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    # deviations −2 … 2: m₂ = 2, m₃ = 0, m₄ = (16 + 1 + 0 + 1 + 16)/5 = 6.8
    assert {k: float(v) for k, v in found.items()} == pytest.approx(
        {"variance": 2.5, "skewness": 0.0, "kurtosis": 6.8 / 4 - 3, "maximum": 5.0, "minimum": 1.0, "mean": 3.0}
    )
    assert np.isnan(relaxation_statistics(np.ones(5))["skewness"])


def test_each_sensitivity_is_the_slope_of_its_statistic():
    volt = 4.15 + 0.03 * np.exp(-np.arange(14) / 4.0)
    moved = volt + 1e-7 * np.eye(14)
    for name, slopes in sensitivities(volt).items():
        steps = (relaxation_statistics(moved)[name] - relaxation_statistics(volt)[name]) / 1e-7
        assert slopes == pytest.approx(steps, rel=1e-3, abs=1e-3 * float(np.abs(slopes).max())), name


def test_the_statistics_are_of_the_voltage_every_two_minutes_however_it_was_sampled():
    time = 120.0 * np.arange(1, 15)
    volt = nmc(0.8) + 0.05 * np.exp(-time / 30) + 0.075 * (1 - np.exp(-3)) * np.exp(-time / 600)
    for interval in (5.0, 10.0, 40.0):
        found = relaxation(charged(interval=interval).recording(), tester=TESTER)
        assert found["relaxation_variance"][0].value == pytest.approx(volt.var(ddof=1), rel=0.01)
        assert found["relaxation_skewness"][0].value == pytest.approx(skew(volt), abs=0.02)
        assert found["relaxation_kurtosis"][0].value == pytest.approx(kurtosis(volt), abs=0.05)
        assert found["relaxation_mean"][0].value == pytest.approx(volt.mean(), abs=1e-4)
        offsets = [k for k in found["relaxation_variance"][0].components if k.endswith(":offset")]
        assert offsets == [] or found["relaxation_variance"][0].components[offsets[0]] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("recording", "name", "code"),
    [
        (sheet(CYCLE), "relaxed_voltage", "measure.rest_not_sampled"),
        (series(CYCLE[:3]), "relaxed_voltage", "measure.no_relaxation"),
        (series(CYCLE), "relaxation_variance", "measure.no_charge_relaxation"),
        (series([rest(300, 3.3), constant(1800, 10.0, 3.3, 4.1), rest(7200, 4.1)]), "relaxation_time_constant", "measure.no_decay"),
    ],
)
def test_what_cannot_be_told_says_why(recording: object, name: str, code: str):
    (found,) = relaxation(recording)[name]  # type: ignore[arg-type]
    assert found.reason is not None
    assert found.reason.code == code


def test_the_variance_of_relaxation_follows_the_capacity_of_a_cell_as_it_ages(data: Path):
    """Zhu et al. (2022), figure 3: as a cell loses capacity the variance grows, and maximum and mean fall."""
    table = pl.read_parquet(data / "soh" / "tju_relaxation" / "UL-NCA.parquet").filter(cell="CY25-025_1-#1")
    curves = [json.loads(text) for text in table["Relaxation_Voltage"]]
    kept = [n for n, volt in enumerate(curves) if len(volt) == 14]
    found = relaxation_statistics(np.array([curves[n] for n in kept]))
    capacity = table["Discharge_Capacity"].to_numpy()[kept]
    follows = {name: float(spearmanr(values, capacity)[0]) for name, values in found.items()}
    assert follows["variance"] < -0.95
    assert min(follows["maximum"], follows["mean"]) > 0.95


def test_the_rests_of_a_tester_s_diagnosis_are_all_found(data: Path):
    found = relaxation(read(data / "testers" / "maccor" / "maccor_001.txt"), tester=TESTER)["relaxed_voltage"]
    assert len(found) == 9  # two hours each
    for q in found:
        end = q.conditions["unfinished_volt"]
        assert end * (1 if q.conditions["direction"] == "discharge" else -1) >= -1e-4  # up after a discharge, down after a charge
        assert q.standard_uncertainty is not None
        assert q.standard_uncertainty < 0.02
