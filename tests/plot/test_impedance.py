"""Figures of impedance say what they show, in both languages."""

import numpy as np
import pytest

from cellwright import measure, plot
from cellwright.plot import impedance
from tests.measure.impedance_truth import CIRCUIT, FREQUENCY, spectrum


def test_a_nyquist_figure_has_the_points_and_the_fit_on_one_scale():
    one = spectrum()
    figure = plot.nyquist([one], [measure.fit_circuit(one, CIRCUIT)])
    points, line = figure.data
    assert np.allclose(points.y, -1e3 * one.impedance_ohm.imag, rtol=1e-5)
    assert (line.name, figure.layout.yaxis.scaleanchor) == (CIRCUIT, "x")
    assert figure.layout.xaxis.title.text == "Re Z (mΩ)"


def test_a_bode_figure_has_magnitude_and_phase():
    one = spectrum()
    magnitude, phase = plot.bode([one]).data
    assert np.allclose(magnitude.y, 1e3 * np.abs(one.impedance_ohm), rtol=1e-5)
    assert np.allclose(phase.y, np.degrees(np.angle(one.impedance_ohm)), rtol=1e-5)


@pytest.mark.parametrize(("lang", "title"), [("en", "Relaxation time τ (s)"), ("ko", "완화 시간 τ (s)")])
def test_relaxation_times_show_the_resistance_of_each_peak(lang: str, title: str):
    found = measure.relaxation_times(spectrum())
    figure = plot.relaxation_times([found], lang)
    assert len(figure.data[1].text) == len(found.peaks)
    assert figure.layout.xaxis.title.text == title


def test_residuals_stand_on_a_band_of_twice_the_noise():
    test = measure.kramers_kronig(spectrum())
    figure = plot.kramers_kronig(test)
    assert figure.layout.shapes[0].y1 == pytest.approx(200 * test.noise)
    assert np.allclose(figure.data[0].x, FREQUENCY, rtol=1e-5)


def test_an_axis_of_less_than_a_decade_is_numbered():
    hertz = np.logspace(3, -1, 20)
    flat = measure.Spectrum(hertz, 0.02 + 0.01 / (1 + 1j * hertz))
    steep = measure.Spectrum(hertz, 0.0002 + 0.01 / (1 + 1j * hertz))
    assert impedance.bode_spec([flat])["layout"]["yaxis"]["dtick"] == "D1"
    assert impedance.bode_spec([steep])["layout"]["yaxis"]["dtick"] == 1
