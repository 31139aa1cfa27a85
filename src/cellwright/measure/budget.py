"""What a tester's systematic errors make of a measured thing: the uncertainty budget of each kind of measurement (JCGM 100:2008).

A reading of a channel is modelled as ``x = (1 + g)·X + o + r``: gain ``g`` and offset ``o`` are one unknown each for all readings of
the channel and range, ``r`` is the rounding of each reading. Each measurement's components are its sensitivities to these, times
their standard uncertainties (GUM eq. 10); measurements that share a gain or an offset share its id, so that what cancels in a
difference or a ratio cancels by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot, sqrt
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CELL_VOLTAGES, CURRENT, VOLTAGE
from cellwright.core.quantity import Evidence, Quantity, from_components
from cellwright.core.recording import Recording
from cellwright.core.tester import Range, Tester
from cellwright.measure.digits import read_step
from cellwright.measure.probes import PROBES

DISTINCT = 20
DIGITS = 7
LOOKED_AT = 2000
SINGLE_PRECISION = 1e-6


@dataclass(frozen=True, eq=False)
class Budget:
    """Components of uncertainty of what is measured on one recording.

    Parameters
    ----------
    tester
        None where the instrument is not known: then no uncertainty is known either.
    recording
        Whose readings they are; where it prints fewer digits than the tester resolves, its digits count.
    """

    tester: Tester | None
    recording: Recording

    def quantity(
        self, name: str, value: float, unit: str, components: Mapping[str, float], freedom: Mapping[str, float] | None = None, **rest: Any
    ) -> Quantity:
        """Return the quantity, with its uncertainty where the tester is known; ``freedom`` of components estimated from scatter."""
        if self.tester is None:
            return Quantity(name, value, unit, **rest)
        return from_components(name, value, unit, {k: v for k, v in components.items() if v}, freedom, **rest)

    def evidence(self, *rows: tuple[int, int]) -> tuple[Evidence, ...]:
        """Return rows of the recording's file as evidence; touching stretches become one."""
        joined: list[tuple[int, int]] = []
        for first, last in sorted(rows):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
            else:
                joined.append((first, last))
        return (Evidence(self.recording.source.sha256, tuple(joined)),)

    def charge(
        self, net_ah: float, current: float, duration_s: float, record: int, *, edges_s: float = 0.0, sampling_ah: float = 0.0
    ) -> dict[str, float]:
        """Components of an integrated charge [Ah], positive where it was put in.

        Parameters
        ----------
        net_ah
            Q = ∫ I dt / 3600 [Ah].
        current
            Mean current [A], with its sign.
        duration_s
            t [s].
        record
            The first reading, which names this integral's rounding.
        edges_s
            Half the stretch in which the starting edge lies, and half that of the ending one, together [s].
        sampling_ah
            For what the current did between its readings [Ah].

        Notes
        -----
        ∂Q/∂g = Q and ∂Q/∂o = t/3600. Readings of a constant current all round alike, so the rounding does not average out:
        ∂Q/∂r = t/3600. Beginning and end are each read to the clock's resolution δ: u = I·√2·δ/√12/3600. An edge that lies
        somewhere in a stretch of half-width a gives I·a/√3/3600 (rectangular, GUM 4.3.7); both edges are logged by one habit, at the
        change or by the clock, so their errors add.
        """
        if self.tester is None:
            return {}
        return {
            **self._current(net_ah, duration_s / 3600),
            self._reading(record, "current"): self._rounding_of[CURRENT] * duration_s / 3600,
            f"{self._stem}:time": abs(current) * sqrt(2 / 12) * self.tester.time_resolution_s / 3600,
            self._reading(record, "edge", ""): abs(current) * edges_s / sqrt(3) / 3600,
            self._reading(record, "current", ":sampling"): sampling_ah,
        }

    def counted_charge(self, net_ah: float, duration_s: float, record: int, *, digits: float) -> dict[str, float]:
        """Components of a charge [Ah] from the tester's own counter: it integrates the same current, and prints ``digits`` [Ah]."""
        if self.tester is None:
            return {}
        return {**self._current(net_ah, duration_s / 3600), self._reading(record, "capacity"): digits / sqrt(12)}

    def energy(self, net_wh: float, net_ah: float, charge: Mapping[str, float]) -> dict[str, float]:
        """Components of an energy [Wh], positive where it was put in, from those of its charge.

        E = ∫ V·I dt = V̄·Q with V̄ = E/Q, so each error of Q enters V̄-fold: ∂E/∂g_I = V̄·Q = E, ∂E/∂o_I = V̄·t/3600. The voltage adds
        its own: ∂E/∂g_V = E, ∂E/∂o_V = Q.
        """
        if self.tester is None or not net_ah:
            return {}
        return {**{name: contribution * net_wh / net_ah for name, contribution in charge.items()}, **self._voltage(net_wh, net_ah)}

    def cut_off(self, ah_per_volt: float, volt: float, *, per_ah: float = 1.0) -> dict[str, float]:
        """Components of a charge [Ah] taken out down to a voltage limit, or of an energy [Wh] with the voltage there as ``per_ah``.

        A voltage that is read too high lets the discharge run on: ∂Q/∂o = |dQ/dV|, ∂Q/∂g = |dQ/dV|·V, with the slope at the end.
        """
        return {} if self.tester is None else self._voltage(ah_per_volt * volt * per_ah, ah_per_volt * per_ah)

    def resistance(
        self, resistance: float, step_ampere: float, records: tuple[int, int], noise_volt: float = 0.0, edge_ohm: float = 0.0
    ) -> dict[str, float]:
        """Components of R = ΔV/ΔI [ohm] between two readings, before and after the edge.

        ∂R/∂g_V = R, ∂R/∂g_I = −R. Both voltages are read in one range and both currents in another, so each offset enters both
        readings alike and cancels in the difference. The four roundings do not: 1/ΔI for each voltage, R/ΔI for each current; nor
        does the scatter of the two voltages, ``noise_volt`` [V] each. Where the tester does not tell the step's own time, R at a time
        after the edge is off by ``edge_ohm`` [ohm], one way or the other: a tester logs first when a step begins, or one interval later.
        """
        if self.tester is None:
            return {}
        of_voltage = self._rounding_of[VOLTAGE] / step_ampere
        scatter = sqrt(max(noise_volt**2 - self._rounding_of[VOLTAGE] ** 2, 0.0)) / step_ampere  # rounding scatters as well
        of_current = self._rounding_of[CURRENT] * resistance / step_ampere
        before, after = records
        return {
            **self._voltage(resistance, 0.0),
            **self._current(-resistance, 0.0),
            self._reading(before, "voltage"): -of_voltage,
            self._reading(after, "voltage"): of_voltage,
            self._reading(before, "voltage", ":noise"): -scatter,
            self._reading(after, "voltage", ":noise"): scatter,
            self._reading(before, "current"): of_current,
            self._reading(after, "current"): -of_current,
            self._reading(before + 1, "beginning", ""): edge_ohm,
        }

    def fitted(self, resistance: float, record: int, spread: Sequence[float], edge: float = 0.0) -> tuple[dict[str, float], list[str]]:
        """Components of what a fit to a pulse gave, and the names of those that are the fit's own.

        Parameters
        ----------
        resistance
            Its value [ohm]: ∂R/∂g_V = R, ∂R/∂g_I = −R; 0 for a time constant, in which gains cancel.
        record
            First reading of the pulse, which names the fit.
        spread
            Its share in each of the fit's independent directions [its unit]; quantities of one fit share them.
        edge
            What half the stretch in which the edge lies makes of it [its unit], one way or the other, as in `resistance`.
        """
        names = [self._reading(record, f"fit#{n}", "") for n in range(1, len(spread) + 1)]
        if self.tester is None:
            return {}, names
        own = dict(zip(names, spread, strict=True)) | {self._reading(record, "beginning", ""): edge}
        return {**self._voltage(resistance, 0.0), **self._current(-resistance, 0.0), **own}, names

    @property
    def rounding_volt(self) -> float:
        """Standard uncertainty of the rounding of one voltage reading [V]; by the printed digits alone where the tester is not known."""
        return self._digits.get(VOLTAGE, 0.0) / sqrt(12) if self.tester is None else self._rounding_of[VOLTAGE]

    def voltage(self, volt: float, record: int) -> dict[str, float]:
        """Components of one voltage reading [V]: gain, offset and rounding."""
        if self.tester is None:
            return {}
        return {**self._voltage(volt, 1.0), self._reading(record, "voltage"): self._rounding_of[VOLTAGE]}

    def current(self, ampere: float, record: int) -> dict[str, float]:
        """Components of one current reading [A]: gain, offset and rounding."""
        if self.tester is None:
            return {}
        return {**self._current(ampere, 1.0), self._reading(record, "current"): self._rounding_of[CURRENT]}

    def voltage_uncertainty(self, volt: float) -> float | None:
        """Return the standard uncertainty of one voltage reading [V]; None without a tester."""
        return hypot(*self.voltage(volt, 0).values()) if self.tester else None

    def slope(self, slope: float, records: tuple[int, int], hours: float, scatter: float) -> tuple[dict[str, float], str]:
        """Components of a fitted slope of the voltage [V/h], and the name of the one that is the fit's own.

        The offset cancels, the gain is of the slope. Readings that hardly move all round alike, so their rounding is that of the two
        ends over the time between them. ``scatter`` [V/h] is the standard error of the slope by the residuals.
        """
        name = self._reading(records[0], "voltage", ":scatter")
        if self.tester is None:
            return {}, name
        rounding = self._rounding_of[VOLTAGE] / hours
        ends = {self._reading(records[0], "voltage"): rounding, self._reading(records[1], "voltage"): -rounding}
        return {**self._voltage(slope, 0.0), **ends, name: scatter}, name

    def cells(self, high: float, low: float, record: int, cells: tuple[int, int]) -> dict[str, float]:
        """Components of the difference between two cells' voltages [V]: two channels, so nothing cancels."""
        if self.tester is None:
            return {}
        return {
            name: sign * u
            for cell, volt, sign in ((cells[0], high, 1.0), (cells[1], low, -1.0))
            for name, u in self.cell(volt, record, cell).items()
        }

    def cell(self, volt: float, record: int, cell: int) -> dict[str, float]:
        """Components of one cell's voltage reading [V]: its channel is one of its own, in the range that holds a cell."""
        if self.tester is None:
            return {}
        rounding = self._reading(record, f"cell {cell}:voltage")
        return {**self.cell_channel(cell, volt, volt, 1.0), rounding: self.cell_rounding_volt(volt)}

    def cell_channel(self, cell: int, volt: float, gain: float, offset: float) -> dict[str, float]:
        """Components of gain and offset of a cell's channel, in the range that holds its voltage [V], by their sensitivities."""
        if self.tester is None:
            return {}
        span = self.tester.voltage_range(volt)
        held = f"/{span.maximum:g}V" if len(self.tester.voltage) > 1 else ""
        return self._systematic(span, f"{self._stem}/cell {cell}{held}:voltage", gain, offset)

    def cell_rounding_volt(self, volt: float) -> float:
        """Standard uncertainty of the rounding of one cell's voltage reading [V], by the tester's resolution or the steps it is read in."""
        told = self.tester.voltage_range(volt).resolution if self.tester else 0.0
        return max(told, self._cell_step) / sqrt(12)

    def temperature(self, celsius: float, record: int, probe: str) -> dict[str, float]:
        """Components of one temperature reading [°C]."""
        if self.tester is None:
            return {}
        return {**self._temperature(celsius, 1.0, probe), self._reading(record, probe): self._temperature_rounding(probe)}

    def rise(self, kelvin: float, records: tuple[int, int], probe: str) -> dict[str, float]:
        """Components of a rise of one probe's temperature [K]: its offset cancels, its gain is of the rise."""
        if self.tester is None:
            return {}
        rounding = self._temperature_rounding(probe)
        start, top = (self._reading(record, probe) for record in records)
        return {**self._temperature(kelvin, 0.0, probe), start: -rounding, top: rounding}

    def _voltage(self, gain: float, offset: float) -> dict[str, float]:
        return self._systematic(self._ranges[VOLTAGE], f"{self._stems[VOLTAGE]}:voltage", gain, offset)

    def _current(self, gain: float, offset: float) -> dict[str, float]:
        return self._systematic(self._ranges[CURRENT], f"{self._stems[CURRENT]}:current", gain, offset)

    def _temperature(self, gain: float, offset: float, probe: str) -> dict[str, float]:
        tester = cast("Tester", self.tester)
        return self._systematic(tester.temperature[-1], f"{self._stem}:{probe}", gain, offset)

    def _systematic(self, span: Range, name: str, gain: float, offset: float) -> dict[str, float]:
        return {f"{name}:gain": gain * span.gain_uncertainty(1.0), f"{name}:offset": offset * span.offset_uncertainty}

    def _reading(self, record: int, what: str, suffix: str = ":resolution") -> str:
        return f"{self.recording.source.sha256[:12]}:{record}:{what}{suffix}"

    @cached_property
    def _stem(self) -> str:
        """Name of the instrument; where its figures are the default ones it is known only by the recording: two makes share no error."""
        tester, source = cast("Tester", self.tester), self.recording.source
        return f"{tester.id}/{source.make}/{source.channel or source.sha256[:8]}" if tester.default else tester.id

    @cached_property
    def _ranges(self) -> dict[str, Range]:
        """The ranges that hold the largest voltage and current of the recording: a channel stays in one range through a test."""
        tester, table = cast("Tester", self.tester), self.recording.table
        largest = {
            name: float(np.abs(_readings(table[name])).max(initial=0.0)) if name in table.columns else 0.0 for name in (VOLTAGE, CURRENT)
        }
        return {VOLTAGE: tester.voltage_range(largest[VOLTAGE]), CURRENT: tester.current_range(largest[CURRENT])}

    @cached_property
    def _stems(self) -> dict[str, str]:
        """Name of the instrument for each, with the range where it has several: their errors are independent."""
        tester = cast("Tester", self.tester)
        several = {VOLTAGE: (tester.voltage, "V"), CURRENT: (tester.current, "A")}
        return {
            name: self._stem if len(ranges) == 1 else f"{self._stem}/{self._ranges[name].maximum:g}{unit}"
            for name, (ranges, unit) in several.items()
        }

    @cached_property
    def _rounding_of(self) -> dict[str, float]:
        """Standard uncertainty of one reading's rounding, by the tester's resolution or the printed digits, whichever is coarser."""
        return {name: max(span.resolution, self._digits.get(name, 0.0)) / sqrt(12) for name, span in self._ranges.items()}

    def _temperature_rounding(self, probe: str) -> float:
        return max(cast("Tester", self.tester).temperature[-1].resolution, self._digits.get(probe, 0.0)) / sqrt(12)

    @cached_property
    def _cell_step(self) -> float:
        """Smallest step in which the cells' voltages are read [V]; 0 where none is seen."""
        if CELL_VOLTAGES not in self.recording.table.columns:
            return 0.0
        cells = self.recording.table[CELL_VOLTAGES]
        values = cells[:: len(cells) // LOOKED_AT + 1].to_numpy().astype(np.float64)
        values = values[np.isfinite(values)]
        return max(read_step(values), printed_step(values))

    @cached_property
    def _digits(self) -> dict[str, float]:
        """Smallest step in which the recording prints its readings [their units]."""
        table = self.recording.table
        names = [name for name in (VOLTAGE, CURRENT, *PROBES) if name in table.columns]
        return {name: printed_step(_readings(table[name])) for name in names}


def _readings(column: pl.Series) -> NDArray[np.float64]:
    """Return the finite readings of a column."""
    values = column.drop_nulls().to_numpy().astype(np.float64)
    return values[np.isfinite(values)]


def printed_step(values: Any, distinct: int = DISTINCT) -> float:
    """Return the power of ten that all values are multiples of, at most 1; 0 where none down to 10⁻⁶ is.

    A few round values say nothing of the digits (a current set to 10 A reads 10.000 A), so fewer than ``distinct`` values give 0.
    """
    sample = np.asarray(values, dtype=np.float64)  # an odd stride: a step sheet's rows come in pairs
    sample = np.unique(sample[:: len(sample) // LOOKED_AT | 1])
    if len(sample) < distinct:
        return 0.0
    for digits in range(DIGITS):
        scaled = sample * 10.0**digits
        if np.all(np.abs(scaled - np.rint(scaled)) <= np.clip(SINGLE_PRECISION * np.abs(scaled), 1e-6, 0.05)):
            return float(10.0**-digits)
    return 0.0
