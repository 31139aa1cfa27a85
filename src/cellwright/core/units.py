"""Units as text (``Ah``, ``ohm``, ``V2.Ohm-1``-like products) and the little algebra that quantity arithmetic needs.

A unit is a scale and exponents of volt, ampere, second, kelvin and metre. A temperature in ``degC`` is a point on a scale: the
difference of two is in ``K``, and a ``degC`` is never multiplied.
"""

import re
from dataclasses import dataclass
from functools import cache
from math import isclose

from cellwright.core.errors import UnitError

_BASES = ("V", "A", "s", "K", "m")
_NAMED: dict[str, tuple[float, tuple[int, ...]]] = {
    "1": (1.0, (0, 0, 0, 0, 0)),
    "%": (1e-2, (0, 0, 0, 0, 0)),
    "V": (1.0, (1, 0, 0, 0, 0)),
    "A": (1.0, (0, 1, 0, 0, 0)),
    "s": (1.0, (0, 0, 1, 0, 0)),
    "K": (1.0, (0, 0, 0, 1, 0)),
    "m": (1.0, (0, 0, 0, 0, 1)),
    "nm": (1e-9, (0, 0, 0, 0, 1)),
    "mV": (1e-3, (1, 0, 0, 0, 0)),
    "mA": (1e-3, (0, 1, 0, 0, 0)),
    "min": (60.0, (0, 0, 1, 0, 0)),
    "h": (3600.0, (0, 0, 1, 0, 0)),
    "Hz": (1.0, (0, 0, -1, 0, 0)),
    "W": (1.0, (1, 1, 0, 0, 0)),
    "kW": (1e3, (1, 1, 0, 0, 0)),
    "Ah": (3600.0, (0, 1, 1, 0, 0)),
    "mAh": (3.6, (0, 1, 1, 0, 0)),
    "Wh": (3600.0, (1, 1, 1, 0, 0)),
    "kWh": (3.6e6, (1, 1, 1, 0, 0)),
    "ohm": (1.0, (1, -1, 0, 0, 0)),
    "mohm": (1e-3, (1, -1, 0, 0, 0)),
    "S": (1.0, (-1, 1, 0, 0, 0)),
}
_FACTOR = re.compile(r"(%|1|[A-Za-z]+)(-?\d+)?")


@dataclass(frozen=True)
class Unit:
    """A scale to the base units and their exponents, in the order V, A, s, K, m."""

    scale: float
    exponents: tuple[int, ...]

    def times(self, other: "Unit", power: int = 1) -> "Unit":
        """Return this unit times ``other`` to the ``power``."""
        exponents = tuple(a + power * b for a, b in zip(self.exponents, other.exponents, strict=True))
        return Unit(self.scale * other.scale**power, exponents)

    def text(self) -> str:
        """Return the unit's own name where it has one, else a product such as ``V2.s-1``."""
        for name, (scale, exponents) in _NAMED.items():
            if exponents == self.exponents and isclose(scale, self.scale, rel_tol=1e-12):
                return name
        factors = [f"{b}{'' if e == 1 else e}" for b, e in zip(_BASES, self.exponents, strict=True) if e]
        if not isclose(self.scale, 1.0, rel_tol=1e-12):
            raise UnitError("core.unit_without_name", scale=self.scale, unit=".".join(factors))
        return ".".join(factors)


@cache
def parse(unit: str) -> Unit:
    """Read a unit: names joined by ``.``, each with an optional exponent, and at most one ``/``.

    Raises
    ------
    UnitError
        Where a name is unknown, ``degC`` included: a temperature is subtracted, never multiplied.
    """
    above, _, below = unit.partition("/")
    result = Unit(*_NAMED["1"])
    for part, sign in ((above, 1), (below, -1)):
        for factor in filter(None, part.split(".")):
            found = _FACTOR.fullmatch(factor)
            if not found or found[1] not in _NAMED:
                raise UnitError("core.unknown_unit", unit=unit)
            result = result.times(Unit(*_NAMED[found[1]]), sign * int(found[2] or 1))
    return result


def product(left: str, right: str, power: int = 1) -> str:
    """Return the unit of a product (``power=1``) or quotient (``power=-1``): ``product("V", "A", -1)`` is ``ohm``."""
    return parse(left).times(parse(right), power).text()


def difference(left: str, right: str) -> str:
    """Return the unit of a difference; two ``degC`` differ by ``K``. Raises `UnitError` where the units are not the same."""
    if left != right:
        raise UnitError("core.units_differ", left=left, right=right)
    return "K" if left == "degC" else left


def factor(source: str, target: str) -> float:
    """Return what a number in ``source`` is multiplied with to be in ``target``: ``factor("mAh", "Ah")`` is 0.001."""
    a, b = parse(source), parse(target)
    if a.exponents != b.exponents:
        raise UnitError("core.units_differ", left=source, right=target)
    return a.scale / b.scale
