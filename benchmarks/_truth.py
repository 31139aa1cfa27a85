"""A cell whose every figure is known, and a tester that reads it with the errors that its maker states.

The cell is an open-circuit voltage, a resistor and resistors with capacitors in series (Hu et al., J. Power Sources 198 (2012) 359,
doi:10.1016/j.jpowsour.2011.10.013). Under a constant current its voltage is known in closed form, so nothing here is stepped through time.
The tester reads x = (1 + g)·X + o + noise, rounded, and holds the current, and ends a step, by what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq

from cellwright.core.recording import Recording, Source
from cellwright.core.tester import Range, Tester

Floats = NDArray[np.float64]

START_CELSIUS = 25.0
FINE = 4001


@dataclass(frozen=True)
class Cell:
    """Capacity between SOC 0 and 1 [Ah]; R0 [ohm]; resistance [ohm] and time constant [s] of each pair."""

    capacity_ah: float = 5.0
    r0: float = 0.020
    pairs: tuple[tuple[float, float], ...] = ((0.008, 4.0), (0.010, 300.0))

    def open_circuit(self, soc: float | Floats) -> Floats:
        """Return the open-circuit voltage [V]: steep when empty, as of NMC against graphite."""
        s = np.asarray(soc, dtype=np.float64)
        return 3.45 + 0.72 * s + 0.06 * np.sin(9 * s) * s * (1 - s) - 0.45 * np.exp(-s / 0.03) + 0.03 * np.exp((s - 1) / 0.02)


@dataclass(frozen=True)
class Errors:
    """Gain [1] and offset of voltage [V], current [A] and temperature [°C], as they are in one tester."""

    voltage: tuple[float, float] = (0.0, 0.0)
    current: tuple[float, float] = (0.0, 0.0)
    temperature: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Noise:
    """Standard deviation of a reading's noise [V], [A], [°C]."""

    volt: float = 5e-5
    ampere: float = 1e-4
    celsius: float = 0.002


@dataclass(frozen=True)
class Stretch:
    """A time [s] of constant true current [A]; `volt` is the true voltage at times since its beginning."""

    start: float
    seconds: float
    ampere: float
    volt: Callable[[Floats], Floats]

    @property
    def charge_ah(self) -> float:
        """Charge that was put in [Ah]."""
        return self.ampere * self.seconds / 3600

    def volt_at(self, seconds: float) -> float:
        """Return the true voltage at a time since its beginning [V]."""
        return float(self.volt(np.array(seconds)))

    def energy_wh(self, seconds: float) -> float:
        """Energy put in from the beginning to a time [Wh]."""
        within = np.linspace(0.0, seconds, FINE)
        return float(np.trapezoid(self.volt(within), within)) * self.ampere / 3600


@dataclass
class Bench:
    """A cell on a tester's channel: what is run is recorded as the tester reads it, and returned as it was."""

    tester: Tester
    errors: Errors
    noise: Noise
    cell: Cell = field(default_factory=Cell)
    soc: float = 0.3
    warms_kelvin: float = 8.0
    _time: float = 0.0
    _over: Floats = field(default_factory=lambda: np.zeros(0))
    _rows: list[dict[str, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = np.zeros(len(self.cell.pairs))

    def run(self, seconds: float, setting: float = 0.0, interval: float = 10.0) -> Stretch:
        """Let what the tester reads as a current [A] flow for a time."""
        return self._ran(self._ahead(setting), seconds, interval)

    def until(self, setting: float, limit: float, interval: float = 10.0) -> Stretch:
        """Let a current flow until the tester reads a voltage limit [V]."""
        gain, offset = self.errors.voltage
        ahead = self._ahead(setting)
        room = 1.5 * 3600 * self.cell.capacity_ah / abs(setting)
        late = room * np.linspace(0.0, 1.0, 200)
        true = (limit - offset) / (1 + gain)
        past = np.flatnonzero((ahead.volt(late[1:]) - true) * np.sign(setting) >= 0)[0] + 1
        seconds = brentq(lambda t: ahead.volt_at(t) - true, late[past - 1], late[past], xtol=1e-9)
        return self._ran(ahead, float(seconds), interval)

    def hold(self, limit: float, down_to: float, interval: float = 10.0) -> None:
        """Charge at what the tester reads as a voltage [V] until it reads a current [A]; the current is constant through an interval."""
        (gain, offset), (current_gain, current_offset) = self.errors.voltage, self.errors.current
        volt, least = (limit - offset) / (1 + gain), (down_to - current_offset) / (1 + current_gain)
        over_ohm, tau = (np.array(column) for column in zip(*self.cell.pairs, strict=True))
        kept, flowed = np.exp(-interval / tau), []
        while (ampere := (volt - float(self.cell.open_circuit(self.soc)) - self._over.sum()) / self.cell.r0) > least:
            flowed.append(ampere)
            self._over = over_ohm * ampere + (self._over - over_ohm * ampere) * kept
            self.soc += ampere * interval / 3600 / self.cell.capacity_ah
        within = interval * np.arange(1, len(flowed) + 1)
        count = np.full(len(within), len(self._rows) + 1.0)
        held = {
            "time": self._time + within,
            "within": within,
            "ampere": np.array(flowed),
            "volt": np.full(len(within), volt),
            "count": count,
        }
        self._rows.append(held)
        self._time += float(within[-1])

    def _ahead(self, setting: float) -> Stretch:
        gain, offset = self.errors.current
        ampere = (setting - offset) / (1 + gain) if setting else 0.0
        soc, over, cell = self.soc, self._over, self.cell

        def volt(t: Floats) -> Floats:
            slow = sum(ampere * r + (u - ampere * r) * np.exp(-t / tau) for u, (r, tau) in zip(over, cell.pairs, strict=True))
            return cell.open_circuit(soc + ampere * t / 3600 / cell.capacity_ah) + ampere * cell.r0 + slow

        return Stretch(self._time, 0.0, ampere, volt)

    def _ran(self, ahead: Stretch, seconds: float, interval: float) -> Stretch:
        within = np.append(np.arange(interval, seconds - 1e-3 * interval, interval), seconds)
        ampere = np.full(len(within), ahead.ampere)
        count = np.full(len(within), len(self._rows) + 1.0)
        self._rows.append({"time": self._time + within, "within": within, "ampere": ampere, "volt": ahead.volt(within), "count": count})
        decays = np.array([np.exp(-seconds / tau) for _, tau in self.cell.pairs])
        settled = np.array([ahead.ampere * r for r, _ in self.cell.pairs])
        self._over = settled + (self._over - settled) * decays
        self.soc += ahead.ampere * seconds / 3600 / self.cell.capacity_ah
        self._time += seconds
        return Stretch(ahead.start, seconds, ahead.ampere, ahead.volt)

    def true_voltages(self) -> Floats:
        """Return the true voltage of every row [V]."""
        return np.concatenate([r["volt"] for r in self._rows])

    def recording(self, rng: np.random.Generator) -> Recording:
        """Return what the tester wrote."""
        course = {name: np.concatenate([r[name] for r in self._rows]) for name in self._rows[0]}
        course["celsius"] = START_CELSIUS + self.warms_kelvin * np.exp(-((course["time"] / self._time - 0.5) ** 2) / 0.02)  # a hill
        return written(course, self.tester, self.errors, self.noise, rng)


def written(course: Mapping[str, Floats], tester: Tester, errors: Errors, noise: Noise, rng: np.random.Generator) -> Recording:
    """Return what a tester writes of a true course: ``time`` and ``within`` its step [s], ``ampere``, ``volt``, ``celsius``, ``count``."""
    table = pl.DataFrame(
        {
            "test_time_second": _rounded(course["time"], tester.time_resolution_s),
            "step_time_second": _rounded(course["within"], tester.time_resolution_s),
            "current_ampere": _read(course["ampere"], errors.current, noise.ampere, tester.current[-1], rng),
            "voltage_volt": _read(course["volt"], errors.voltage, noise.volt, tester.voltage[-1], rng),
            "surface_temperature_celsius": _read(course["celsius"], errors.temperature, noise.celsius, tester.temperature[-1], rng),
            "step_count": course["count"].astype(np.int64),
        }
    )
    source = Source("made-up", f"{int(rng.integers(2**62)):064x}", "made-up", "made-up", "benchmark", "1")
    return Recording(table.with_row_index("record_index", offset=1), source)


def drawn(tester: Tester, rng: np.random.Generator) -> Errors:
    """Draw gain and offset of each of the tester's ranges from the distribution that it states."""
    return Errors(*(_drawn(spans, rng) for spans in (tester.voltage, tester.current, tester.temperature)))


def _drawn(spans: Sequence[Range], rng: np.random.Generator) -> tuple[float, float]:
    span = spans[-1]
    gain, offset = rng.uniform(-1.0, 1.0, 2) if span.distribution == "rectangular" else rng.normal(0.0, 1.0, 2)
    return float(gain) * span.gain, float(offset) * span.offset


def _read(true: Floats, errors: tuple[float, float], noise: float, span: Range, rng: np.random.Generator) -> Floats:
    gain, offset = errors
    return _rounded((1 + gain) * true + offset + rng.normal(0.0, noise, len(true)), span.resolution)


def _rounded(values: Floats, step: float) -> Floats:
    return np.round(np.round(values / step) * step, 9) if step else values
