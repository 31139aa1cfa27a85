"""One impedance spectrum, and those that a recording holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellwright.core.columns import FREQUENCY, SPECTRUM, VOLTAGE
from cellwright.core.errors import UsageError
from cellwright.core.frozen import FrozenDict, freeze_fields
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Evidence
from cellwright.core.recording import Recording
from cellwright.measure.probes import AMBIENT, finite, mean_temperature

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 10
"""Frequencies: fewer do not tell a circuit from another, nor noise from drift."""

WHOLE_SWEEP = 0.6
"""Share of the logarithmic range of frequencies that a jump back, or a way between two turns, covers when it begins another sweep."""

_KEYS = ("cycle_count", "step_count", "loop")
_ROW = "_row"


@dataclass(frozen=True, eq=False)
class Spectrum:
    """An impedance over frequency.

    Parameters
    ----------
    frequency_hertz
        Shape ``(n,)`` [Hz], in any order; several readings at one frequency are several readings. Kept from the highest to the lowest.
    impedance_ohm
        Shape ``(n,)``, complex [ohm]; the imaginary part of a capacitor is below 0.
    conditions
        ``voltage_volt``, ``temperature_celsius``, ``soc``, ``cycle_count``, ``step_count`` where they are known.
    evidence
        The rows it came from.

    Raises
    ------
    UsageError
        Where the two have not one length, or not all is finite, or a frequency is not above 0.
    """

    frequency_hertz: NDArray[np.float64]
    impedance_ohm: NDArray[np.complex128]
    conditions: Mapping[str, Any] = field(default_factory=FrozenDict)
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "conditions", "evidence")
        frequency, impedance = np.array(self.frequency_hertz, dtype=np.float64), np.array(self.impedance_ohm, dtype=np.complex128)
        if frequency.ndim != 1 or frequency.shape != impedance.shape:
            raise UsageError("measure.spectrum_shape", frequencies=list(frequency.shape), impedances=list(impedance.shape))
        bad = ~(np.isfinite(frequency) & np.isfinite(impedance) & (frequency > 0) & (impedance != 0))
        if bad.any():
            raise UsageError("measure.spectrum_not_finite", point=int(np.argmax(bad)) + 1)
        order = np.argsort(-frequency, kind="stable")
        for name, values in (("frequency_hertz", frequency[order]), ("impedance_ohm", impedance[order])):
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def angular_frequency(self) -> NDArray[np.float64]:
        """ω = 2πf [rad/s]."""
        return 2 * np.pi * self.frequency_hertz

    @cached_property
    def stem(self) -> str:
        """What the ids of its inputs to uncertainty begin with: its rows, or else a digest of its values."""
        digest = sha256(self.frequency_hertz.tobytes() + self.impedance_ohm.tobytes()).hexdigest()[:12]
        return "/".join(f"{e.sha256[:12]}:{e.rows[0][0]}" for e in self.evidence if e.rows) or digest

    @property
    def unsuited(self) -> Message | None:
        """Why nothing can be made of it: too few frequencies, or no capacitive point; None where it will do."""
        if (count := len(np.unique(self.frequency_hertz))) < FEWEST:
            return message("measure.spectrum_too_short", count=count, least=FEWEST)
        if np.all(self.impedance_ohm.imag > 0):
            return message("measure.spectrum_inductive")
        return None

    def checked(self) -> Spectrum:
        """Return itself. Raises `UsageError` where nothing can be made of it."""
        if reason := self.unsuited:
            raise UsageError(reason.code, **reason.params)
        return self


def spectra(recording: Recording) -> tuple[Spectrum, ...]:
    """Take the impedance spectra out of a recording, in the order they were measured.

    Parameters
    ----------
    recording
        With ``frequency_hertz`` [Hz], ``real_impedance_ohm`` and ``imaginary_impedance_ohm`` [ohm] at some rows or at all.

    Returns
    -------
    One a sweep; empty where there is none. A row without a frequency above 0 or without impedance is in none. Another sweep begins
    where rows without frequency lie between, where the cycle, step or loop counts on, where the frequency jumps back over most of its
    range, and where it turns at both ends of it. Conditions are means over the rows: ``voltage_volt`` [V], ``temperature_celsius``
    [degC] of the battery, or else ``ambient_temperature_celsius``, ``soc`` [1].
    """
    table = recording.table
    if not set(SPECTRUM) <= set(table.columns):
        return ()
    real = [pl.col(name).cast(pl.Float64) for name in SPECTRUM]
    rows = table.with_row_index(_ROW).filter(*(column.is_finite().fill_null(value=False) for column in real), real[0] > 0)
    rows = rows.filter((real[1] != 0) | (real[2] != 0))
    if rows.is_empty():
        return ()
    cuts = np.flatnonzero(_begins(rows))
    return tuple(_spectrum(recording, rows[first:last]) for first, last in zip(cuts, [*cuts[1:], rows.height], strict=True))


def _begins(rows: pl.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows begin a sweep."""
    begins = np.zeros(rows.height, dtype=bool)
    begins[0] = True
    begins[1:] |= np.diff(rows[_ROW].to_numpy().astype(np.int64)) > 1
    for name in set(_KEYS) & set(rows.columns):
        begins |= (rows[name] != rows[name].shift(1)).fill_null(value=False).to_numpy()
    height = np.log(rows[FREQUENCY].cast(pl.Float64).to_numpy())
    cuts = [*np.flatnonzero(begins), rows.height]
    for first, last in pairwise(cuts):
        begins[first:last] |= _sweeps(height[first:last])
    return begins


def _sweeps(height: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell where another sweep begins, of the logarithms of frequencies."""
    begins = np.zeros(len(height), dtype=bool)
    steps, far = np.diff(height), WHOLE_SWEEP * np.ptp(height)
    if len(height) < FEWEST or not far:
        return begins
    begins[1:] = np.abs(steps) >= far
    start = 0
    for turn in np.flatnonzero(np.diff(np.sign(steps)) != 0) + 1:
        if abs(height[turn] - height[start]) >= far:
            begins[turn + 1] |= np.ptp(height[turn:]) >= far and not begins[turn : turn + 2].any()
            start = turn
    return begins


def _spectrum(recording: Recording, rows: pl.DataFrame) -> Spectrum:
    frequency, real, imaginary = (rows[name].cast(pl.Float64).to_numpy() for name in SPECTRUM)
    record = rows["record_index"] if "record_index" in rows.columns else rows[_ROW].cast(pl.Int64) + 1
    evidence = Evidence(recording.source.sha256, ((int(record[0]), int(record[-1])),))
    return Spectrum(frequency, real + 1j * imaginary, _conditions(rows), (evidence,))


def _conditions(rows: pl.DataFrame) -> dict[str, Any]:
    temperature = mean_temperature(rows)
    asked: dict[str, pl.Expr] = {} if temperature is None else {"temperature_celsius": temperature.mean()}
    if AMBIENT in rows.columns:
        asked[AMBIENT] = finite(pl.col(AMBIENT)).mean()
    if VOLTAGE in rows.columns:
        asked["voltage_volt"] = finite(pl.col(VOLTAGE)).mean()
    if "state_of_charge_percent" in rows.columns:
        asked["soc"] = finite(pl.col("state_of_charge_percent")).mean() / 100
    asked |= {name: pl.col(name).first() for name in _KEYS[:2] if name in rows.columns}
    found = rows.select(**asked).row(0, named=True) if asked else {}
    return {name: value for name, value in found.items() if value is not None}
