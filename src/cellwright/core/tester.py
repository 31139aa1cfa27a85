"""What a tester's channel can be trusted with: the systematic errors of its readings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Annotated, Literal

from annotated_types import Len

from cellwright.core import resources
from cellwright.core.boundary import NotNegative, Positive, Strict, parse_toml_text
from cellwright.core.errors import UsageError

Distribution = Literal["rectangular", "normal"]


@dataclass(frozen=True)
class Calibration(Strict):
    """Reference (certificate), date and expiry of a calibration."""

    reference: str
    date: dt.date
    expiry: dt.date


@dataclass(frozen=True)
class Range(Strict):
    """The error limits of one measuring range.

    Parameters
    ----------
    maximum
        Full scale [unit of the quantity]; readings up to it belong to this range.
    gain
        Limit of the relative error of the reading [1].
    offset
        Limit of the error that does not depend on the reading [unit of the quantity].
    resolution
        Smallest step of the reading [unit of the quantity].
    distribution
        ``rectangular`` where gain and offset are specification limits (u = limit/√3, GUM 4.3.7), ``normal`` where they are
        standard uncertainties from a calibration.
    calibration
        None where the range was not calibrated.

    Notes
    -----
    Gain and offset are common to all readings of a channel and range: averaging does not shrink them.
    """

    maximum: Positive
    gain: NotNegative
    offset: NotNegative
    resolution: NotNegative
    distribution: Distribution = "rectangular"
    calibration: Calibration | None = None

    def gain_uncertainty(self, value: float) -> float:
        """Return the standard uncertainty that the gain gives a reading [unit of the quantity]."""
        return abs(value) * self.gain / self._divisor

    @property
    def offset_uncertainty(self) -> float:
        """Standard uncertainty of the offset [unit of the quantity]."""
        return self.offset / self._divisor

    @property
    def resolution_uncertainty(self) -> float:
        """Standard uncertainty of one reading's rounding, δ/√12 (GUM F.2.2.1) [unit of the quantity]."""
        return self.resolution / sqrt(12)

    def reading_uncertainty(self, value: float) -> float:
        """Return the standard uncertainty of a single reading: gain, offset and rounding (GUM eq. 10) [unit of the quantity]."""
        return hypot(self.gain_uncertainty(value), self.offset_uncertainty, self.resolution_uncertainty)

    @property
    def _divisor(self) -> float:
        return sqrt(3) if self.distribution == "rectangular" else 1.0


Ranges = Annotated[tuple[Range, ...], Len(min_length=1)]


@dataclass(frozen=True)
class Tester(Strict):
    """A tester's channel.

    Parameters
    ----------
    make, model, serial, channel
        Which instrument.
    voltage, current, temperature
        Measuring ranges [V], [A], [°C], smallest first; at least one each.
    time_resolution_s
        Smallest step of the time stamp [s].
    default
        True where these are cellwright's own cautious figures, not this instrument's: the report says so.

    Raises
    ------
    UsageError
        Where there is no range of one of the three.
    """

    make: str
    model: str
    voltage: Ranges
    current: Ranges
    temperature: Ranges
    time_resolution_s: NotNegative
    serial: str | None = None
    channel: str | None = None
    default: bool = False

    def __post_init__(self) -> None:
        for kind in ("voltage", "current", "temperature"):
            if not getattr(self, kind):
                raise UsageError("core.tester_without_range", kind=kind)

    @property
    def id(self) -> str:
        """Name of the instrument and channel, the stem of its error sources' ids."""
        return "/".join(filter(None, (self.make, self.model, self.serial, self.channel)))

    def voltage_range(self, value: float) -> Range:
        """Return the voltage range that a reading [V] belongs to."""
        return _range(self.voltage, value)

    def current_range(self, value: float) -> Range:
        """Return the current range that a reading [A] belongs to."""
        return _range(self.current, value)

    def temperature_range(self, value: float) -> Range:
        """Return the temperature range that a reading [°C] belongs to."""
        return _range(self.temperature, value)


def _range(ranges: tuple[Range, ...], value: float) -> Range:
    """Smallest range that holds the reading; beyond the last, the last: its errors are the largest known."""
    return next((r for r in ranges if abs(value) <= r.maximum), ranges[-1])


def parse_tester(source: str, where: str) -> Tester:
    """Parse a ``tester.toml``. Raises `ListError`."""
    return parse_toml_text(Tester, source, where)


def default_tester(make: str = "default") -> Tester:
    """Return the shipped tester of a make, or the cautious default where none ships."""
    name = make if make in resources.names("testers", ".toml") else "default"
    return parse_tester(resources.text("testers", f"{name}.toml"), f"{name}.toml")
