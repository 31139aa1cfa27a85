"""What is drawn of a recording: few enough points for a page, with every extreme still there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, isnan, log10
from typing import TYPE_CHECKING, Literal

import numpy as np

from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, CURRENT, TIME, VOLTAGE
from cellwright.core.frozen import freeze_fields
from cellwright.measure.impedance.spectrum import Spectrum, spectra

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from cellwright.core.quantity import Evidence
    from cellwright.core.recording import Recording

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

_TEMPERATURES = ("surface_temperature_celsius", "temperature_t1_celsius")
_AMBIENT = "ambient_temperature_celsius"
_GAP_S = 60.0
_OF_SPECTRUM = {"frequency": "Hz", "real_impedance": "ohm", "imaginary_impedance": "ohm"}
SPECTRA_DRAWN = 6
_NO_ROWS: Rows = np.array([], dtype=np.intp)


@dataclass(frozen=True)
class Series:
    """One line of a curve, e.g. ``voltage`` [V], ``current`` [A], ``temperature`` [degC], ``lowest_cell`` [V].

    Values are None where the tester gave nothing.
    """

    name: str
    unit: str
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        freeze_fields(self, "values")


@dataclass(frozen=True)
class Curve:
    """What is drawn of one recording; goes to JSON and back.

    Parameters
    ----------
    file, sha256, sampling
        Which recording, and whether it holds samples or only the ends of steps.
    rows
        How many rows the recording has.
    time_h
        Time since the test began [h], shape ``(n,)``, rounded to 0.036 s.
    record_index
        Row of the file behind each point, shape ``(n,)``.
    series
        Lines over `time_h`, shape ``(n,)`` each, rounded to the fifth digit of full scale: 4.1234 V, 123.45 A. Of spectra, which have no
        time: ``frequency`` [Hz], ``real_impedance`` and ``imaginary_impedance`` [ohm], None between two spectra.
    """

    file: str
    sha256: str
    sampling: Literal["series", "step"]
    rows: int
    time_h: tuple[float, ...]
    record_index: tuple[int, ...]
    series: tuple[Series, ...]

    def __post_init__(self) -> None:
        freeze_fields(self, "time_h", "record_index", "series")

    def named(self, name: str) -> Series | None:
        """Return the line of that name; None where the recording has none."""
        return next((s for s in self.series if s.name == name), None)


def curve(recording: Recording, points: int = 1000) -> Curve:
    """Thin a recording out for drawing.

    Parameters
    ----------
    recording
        Any; of a step sheet the points are the ends of steps, of spectra at most six are kept, none of a few frequencies only.
    points
        At most so many rows are kept.

    Notes
    -----
    Min–max thinning: rows are cut into buckets, and of each bucket the rows with the least and the greatest value of every line
    are kept, with the first and the last row of all. A bucket is an equal share of half time passed, half rows counted, so that
    neither a long rest nor a burst of short pulses takes all the points. Between the steps of a sheet nothing is known; where more
    than a minute lies there, the lines break.
    """
    if recording.is_spectrum or TIME not in recording.table.columns:
        source, lines = recording.source, _spectrum_lines(recording) if recording.is_spectrum else ()
        return Curve(source.file, source.sha256, recording.sampling, rows=recording.table.height, time_h=(), record_index=(), series=lines)
    time = _floats(recording.table[TIME])
    lines = _lines(recording.table)
    by_step = recording.sampling == "step"
    gaps = _gaps(time, points // 20) if by_step else _NO_ROWS
    edges = _longest(time, points // 10) if by_step else _NO_ROWS
    kept = _kept(time, [values for _, _, values in lines], gaps, edges, points)
    breaks = np.searchsorted(kept, gaps, side="right")
    return Curve(
        file=recording.source.file,
        sha256=recording.source.sha256,
        sampling=recording.sampling,
        rows=len(time),
        time_h=tuple(np.insert(time[kept] / 3600, breaks, time[gaps] / 3600).round(5).tolist()),
        record_index=tuple(np.insert(_record_index(recording.table)[kept], breaks, _record_index(recording.table)[gaps]).tolist()),
        series=tuple(Series(name, unit, _rounded(np.insert(values[kept], breaks, np.nan))) for name, unit, values in lines),
    )


def spectra_of(drawn: Curve) -> tuple[Spectrum, ...]:
    """Return the impedance spectra that the curve of a spectrum holds."""
    columns = [line.values for line in drawn.series if line.name in _OF_SPECTRUM]
    if len(columns) < len(_OF_SPECTRUM):
        return ()
    parted = [list(part) for there, part in groupby(zip(*columns, strict=True), key=lambda row: row[0] is not None) if there]
    points = [np.array(part, dtype=np.float64).T for part in parted]
    return tuple(Spectrum(hertz, real + 1j * imaginary) for hertz, real, imaginary in points)


def _spectrum_lines(recording: Recording) -> tuple[Series, ...]:
    """Frequency [Hz] and both parts of the impedance [ohm] of spectra, one after the other; of very many a few from first to last."""
    found = [spectrum for spectrum in spectra(recording) if not spectrum.unsuited]
    if not found:
        return ()
    some: list[int] = np.linspace(0, len(found) - 1, min(len(found), SPECTRA_DRAWN)).round().astype(int).tolist()
    kept = [found[n] for n in some]
    parts = [[s.frequency_hertz for s in kept], [s.impedance_ohm.real for s in kept], [s.impedance_ohm.imag for s in kept]]
    return tuple(Series(name, unit, _in_turn(columns)) for (name, unit), columns in zip(_OF_SPECTRUM.items(), parts, strict=True))


def _in_turn(columns: Sequence[Floats]) -> tuple[float | None, ...]:
    """Put columns one after the other, to six digits, with None between."""
    values: list[float | None] = []
    for column in columns:
        values += [None] * bool(values) + [float(f"{v:.6g}") for v in column.tolist()]
    return tuple(values)


def stretches(drawn: Curve, evidence: Sequence[Evidence]) -> tuple[tuple[float, float], ...]:
    """Return when, from and to [h], the rows that a value stands on were recorded; of thinned rows, those next to them that are drawn."""
    rows = np.array([span for e in evidence if e.sha256 == drawn.sha256 for span in e.rows], dtype=int).reshape(-1, 2)
    if not drawn.time_h:
        return ()
    last = len(drawn.time_h) - 1
    starts = np.searchsorted(drawn.record_index, rows[:, 0], side="left").clip(0, last)
    ends = (np.searchsorted(drawn.record_index, rows[:, 1], side="right") - 1).clip(0, last)
    times = np.asarray(drawn.time_h)
    return tuple(
        (float(first), float(second))
        for first, second in zip(times[np.minimum(starts, ends)], times[np.maximum(starts, ends)], strict=True)
    )


_READ = (("voltage", "V", VOLTAGE), ("current", "A", CURRENT))


def _lines(table: pl.DataFrame) -> list[tuple[str, str, Floats]]:
    read = [(name, unit, column) for name, unit, column in _READ if column in table.columns]  # a temperature log has neither
    lines = [*((name, unit, _column(table, column)) for name, unit, column in read), *_temperature(table)]
    if CELL_VOLTAGES in table.columns:
        cells = table[CELL_VOLTAGES].arr
        lines += [("lowest_cell", "V", _floats(cells.min())), ("highest_cell", "V", _floats(cells.max()))]
    return [line for line in lines if not np.isnan(line[2]).all()]


def _temperature(table: pl.DataFrame) -> list[tuple[str, str, Floats]]:
    """The battery's own temperature where there is one, of several probes the hottest; else the chamber's."""
    for name in _TEMPERATURES:
        if name in table.columns and table[name].is_not_null().any():
            return [("temperature", "degC", _column(table, name))]
    if CELL_TEMPERATURES in table.columns:
        return [("hottest_probe", "degC", _floats(table[CELL_TEMPERATURES].arr.max()))]
    return [("ambient_temperature", "degC", _column(table, _AMBIENT))] if _AMBIENT in table.columns else []


def _column(table: pl.DataFrame, name: str) -> Floats:
    return _floats(table[name])


def _floats(series: pl.Series) -> Floats:
    values = np.asarray(series.cast(float).fill_null(float("nan")).to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _gaps(time: Floats, at_most: int) -> Rows:
    """Rows of a step sheet after which more than a minute passed before the next step began; of very many the longest."""
    ends = np.arange(1, len(time) - 1, 2)
    passed = time[ends + 1] - time[ends]
    longest = np.argsort(-passed, kind="stable")[:at_most]
    return np.sort(ends[longest[passed[longest] > _GAP_S]])


def _longest(time: Floats, at_most: int) -> Rows:
    """Rows at which the longest steps of a step sheet begin and end: they are what the eye sees of it."""
    starts = np.arange(0, len(time) - 1, 2)
    longest = starts[np.argsort(time[starts] - time[starts + 1], kind="stable")[:at_most]]
    return np.concatenate([longest, longest + 1])


def _kept(time: Floats, lines: Sequence[Floats], gaps: Rows, edges: Rows, points: int) -> Rows:
    """Rows to keep, in order; with a break in each gap they are at most so many points."""
    n = len(time)
    if n + len(gaps) <= points:
        return np.arange(n)
    fixed = np.unique(np.concatenate([[0, n - 1], gaps, gaps + 1, edges]).astype(np.intp))
    fitting = max((points - len(fixed) - len(gaps)) // (2 * max(len(lines), 1)), 1)
    # Lines often share their extremes and some buckets are empty; then more buckets fit.
    tried = (np.union1d(fixed, _extremes(time, lines, buckets)) for buckets in (4 * fitting, 2 * fitting, fitting))
    return next(kept for kept in tried if len(kept) + len(gaps) <= points)


def _extremes(time: Floats, lines: Sequence[Floats], buckets: int) -> Rows:
    starts = _bucket_starts(time, buckets)
    return np.concatenate(
        [_NO_ROWS, *(found for values in lines for found in (_first_least(values, starts), _first_least(-values, starts)))]
    )


def _bucket_starts(time: Floats, buckets: int) -> Rows:
    elapsed = np.maximum.accumulate(np.nan_to_num(time - time[0]))
    share = elapsed / (elapsed[-1] or 1.0) + np.arange(len(time)) / (len(time) - 1)
    bucket = np.minimum(share / 2 * buckets, buckets - 1).astype(np.intp)
    return np.flatnonzero(np.diff(bucket, prepend=-1))


def _first_least(values: Floats, starts: Rows) -> Rows:
    """Row of the first least value of each bucket; none for a bucket without values."""
    lengths = np.diff(starts, append=len(values))
    least = np.repeat(np.fmin.reduceat(values, starts), lengths)
    rows = np.flatnonzero(values == least)
    bucket = np.searchsorted(starts, rows, side="right")
    return rows[np.diff(bucket, prepend=0) > 0]


def _record_index(table: pl.DataFrame) -> Rows:
    if "record_index" in table.columns and table["record_index"].null_count() == 0:
        return table["record_index"].cast(int).to_numpy()
    return np.arange(table.height)


def _rounded(values: Floats) -> tuple[float | None, ...]:
    full_scale = float(np.nanmax(np.abs(values), initial=0.0))
    digits = 5 - ceil(log10(full_scale)) if full_scale else 5
    return tuple(None if isnan(v) else v for v in values.round(digits).tolist())
