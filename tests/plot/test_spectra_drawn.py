"""Spectra go into a report as points, and the cells of a module beside one another."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cellwright as cw
from cellwright import plot
from cellwright.core.boundary import from_json, to_json
from cellwright.core.recording import Recording, Source
from cellwright.measure.modules.cells import cells_table
from tests.measure.test_modules import FOUND, RECORDING, TESTER, module


def two_sweeps() -> Recording:
    """20 mΩ and an arc of 30 mΩ from 1 kHz to 10 mHz, and the same with an arc of 60 mΩ."""
    hertz = np.logspace(3, -2, 31)
    impedance = np.concatenate([0.02 + arc / (1 + 2j * np.pi * hertz * 0.1) for arc in (0.03, 0.06)])
    table = pl.DataFrame(
        {"frequency_hertz": np.tile(hertz, 2), "real_impedance_ohm": impedance.real, "imaginary_impedance_ohm": impedance.imag}
    )
    return Recording(table, Source("z.csv", "ab" * 32, "made-up", "csv", "tests", "1"))


def test_spectra_are_the_same_after_they_lay_in_a_work_folder():
    drawn = from_json(plot.Curve, to_json(plot.curve(two_sweeps())), "curve")
    kept, measured = plot.spectra_of(drawn), cw.measure.spectra(two_sweeps())
    assert len(kept) == len(measured) == 2
    for one, other in zip(kept, measured, strict=True):
        assert one.impedance_ohm == pytest.approx(other.impedance_ohm, rel=1e-5)
    assert len(plot.nyquist_spec(kept)["data"]) == 2


def test_a_real_spectrum_is_kept_whole(data: Path):
    recording = cw.read(data / "testers" / "eis" / "exampleDataGamry.DTA")
    (kept,) = plot.spectra_of(plot.curve(recording))
    assert len(kept.frequency_hertz) == recording.table.height


def test_the_cells_of_an_assessment_are_drawn_from_its_quantities():
    every = cw.measure.everything(RECORDING, module(12), TESTER)
    table = cells_table(every)
    assert table["capacity_ah"].to_list() == FOUND.table["capacity_ah"].to_list()
    assert {trace["name"] for trace in plot.cells_spec(table)["data"]} >= {"measured", "estimated"}
    assert cells_table({}).is_empty()
