"""A measured thing: a value with its unit, its uncertainty, how it was had and on what evidence.

Uncertainty is the first-order propagation of the GUM (JCGM 100:2008, clauses 5 and G.4). Each quantity keeps its *components*: for
every input ``i`` the signed product of sensitivity and standard uncertainty, ``c_i u(x_i)``. Inputs with different ids are
independent, so

    u²(y) = Σ_i (c_i u_i)²                                     GUM eq. 10
    u(y, z) = Σ_i (c_i^y u_i)(c_i^z u_i)                        GUM F.1.2.3 with shared inputs

and arithmetic is linear in the components: if ``y = f(a, b)`` then ``components(y) = ∂f/∂a · components(a) + ∂f/∂b ·
components(b)``. Two quantities that stand on a common input, the gain of one tester's channel for instance, carry that input under
the same id, and their correlation needs no bookkeeping beyond that: it survives any chain of operations, and JSON.

Effective degrees of freedom are Welch and Satterthwaite's, ``ν = u⁴ / Σ (c_i u_i)⁴ / ν_i`` (GUM eq. G.2b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor, hypot, isfinite
from typing import Any, Literal

from cellwright.core import units
from cellwright.core.errors import UsageError
from cellwright.core.frozen import FrozenDict, freeze_fields
from cellwright.core.messages import Message

Origin = Literal["bench", "bms", "declared", "estimated"]


@dataclass(frozen=True)
class Evidence:
    """What a value stands on: rows of a file, by its digest.

    Parameters
    ----------
    sha256
        Digest of the file.
    rows
        First and last `record_index` of each stretch, inclusive.
    """

    sha256: str
    rows: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "rows")


@dataclass(frozen=True)
class Method:
    """How a value was had: a name, its version, and the clause or DOI it comes from."""

    name: str
    version: str = "1"
    source: str | None = None


@dataclass(frozen=True)
class Interval:
    """An interval of an estimate that is not Gaussian."""

    level: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Quantity:
    """A value, or the reason why there is none.

    Parameters
    ----------
    name
        What it is, e.g. ``capacity``.
    value
        The best estimate [unit]; None where it could not be had, and `reason` then says why.
    unit
        ``Ah``, ``ohm``, ``degC``, ``1``, …
    standard_uncertainty
        [unit]; None where it is not known, which is not the same as zero.
    degrees_of_freedom
        None where they are infinite.
    coverage_factor
        k for the expanded uncertainty U = k·u.
    components
        Signed contribution of each input to the uncertainty [unit].
    component_degrees_of_freedom
        Of those inputs where they are finite.
    method, conditions, evidence, origin, reason, interval
        How it was had; under which rate, temperature, state of charge, window, time after the edge; on which rows; from a
        bench, the vehicle's BMS, a declaration or an estimate; why it is absent; and its interval where it is not Gaussian.
    """

    name: str
    value: float | None
    unit: str
    standard_uncertainty: float | None = None
    degrees_of_freedom: float | None = None
    coverage_factor: float = 2.0
    components: Mapping[str, float] = field(default_factory=FrozenDict)
    component_degrees_of_freedom: Mapping[str, float] = field(default_factory=FrozenDict)
    method: Method | None = None
    conditions: Mapping[str, Any] = field(default_factory=FrozenDict)
    evidence: tuple[Evidence, ...] = ()
    origin: Origin = "bench"
    reason: Message | None = None
    interval: Interval | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "components", "component_degrees_of_freedom", "conditions", "evidence")
        if (self.value is None) != (self.reason is not None):
            raise ValueError(f"{self.name}: a quantity has either a value or a reason for having none")
        if self.value is not None and not isfinite(self.value):
            raise ValueError(f"{self.name}: {self.value} is not a number that can be reported")

    @property
    def expanded_uncertainty(self) -> float | None:
        """U = k·u [unit]."""
        return None if self.standard_uncertainty is None else self.coverage_factor * self.standard_uncertainty

    def __neg__(self) -> Quantity:
        return _derived(f"-{self.name}", -_known(self), self.unit, ((self, -1.0),))

    def __add__(self, other: Quantity) -> Quantity:
        if {self.unit, other.unit} == {"degC", "K"}:
            return _derived(f"{self.name} + {other.name}", _known(self) + _known(other), "degC", ((self, 1.0), (other, 1.0)))
        units.difference(self.unit, other.unit)
        return _derived(f"{self.name} + {other.name}", _known(self) + _known(other), self.unit, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other: Quantity) -> Quantity:
        unit = units.difference(self.unit, other.unit)
        return _derived(f"{self.name} - {other.name}", _known(self) - _known(other), unit, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other: Quantity | float) -> Quantity:
        if not isinstance(other, Quantity):
            return _derived(self.name, _known(self) * other, self.unit, ((self, other),))
        a, b = _known(self), _known(other)
        return _derived(f"{self.name} * {other.name}", a * b, units.product(self.unit, other.unit), ((self, b), (other, a)))

    def __rmul__(self, other: float) -> Quantity:
        return self * other

    def __truediv__(self, other: Quantity | float) -> Quantity:
        if not isinstance(other, Quantity):
            return self * (1 / other)
        a, b = _known(self), _known(other)
        return _derived(f"{self.name} / {other.name}", a / b, units.product(self.unit, other.unit, -1), ((self, 1 / b), (other, -a / b**2)))


def exact(name: str, value: float, unit: str, *, origin: Origin = "declared") -> Quantity:
    """Return a value without uncertainty: a definition, or a rated value by which a ratio is defined."""
    return Quantity(name, value, unit, standard_uncertainty=0.0, origin=origin)


def measured(name: str, value: float, unit: str, uncertainty: float, *, degrees_of_freedom: float | None = None, **rest: Any) -> Quantity:
    """Return an input of its own, independent of every other, known under its name.

    Parameters
    ----------
    name
        Also the input's id: quantities derived from it carry their share of its uncertainty under this name.
    value, uncertainty
        Estimate and standard uncertainty [unit].
    degrees_of_freedom
        None where they are infinite.
    """
    dof = {} if degrees_of_freedom is None else {name: float(degrees_of_freedom)}
    return from_components(name, value, unit, {name: uncertainty}, dof, **rest)


def from_components(
    name: str, value: float, unit: str, components: Mapping[str, float], degrees_of_freedom: Mapping[str, float] | None = None, **rest: Any
) -> Quantity:
    """Return a value whose uncertainty is given input by input (signed, [unit]); u and ν follow (GUM eq. 10 and G.2b)."""
    dof = {k: v for k, v in (degrees_of_freedom or {}).items() if components.get(k)}
    u = hypot(*components.values())
    return Quantity(
        name,
        value,
        unit,
        standard_uncertainty=u,
        degrees_of_freedom=_welch_satterthwaite(u, components, dof),
        components=components,
        component_degrees_of_freedom=dof,
        **rest,
    )


def absent(name: str, unit: str, reason: Message, **rest: Any) -> Quantity:
    """Return a quantity that could not be had, with the reason."""
    return Quantity(name, None, unit, reason=reason, **rest)


def correlated(names: Sequence[str], values: Sequence[float], units_: Sequence[str], covariance: Any, **rest: Any) -> list[Quantity]:
    """Return inputs that were observed together and so are correlated, e.g. the means of simultaneous readings.

    Parameters
    ----------
    names, values, units_
        One entry an input.
    covariance
        Covariance matrix of the estimates, shape ``(n, n)`` [product of the units].

    Notes
    -----
    The covariance ``V`` is factored as ``L·Lᵀ`` (by eigenvectors, so that a singular ``V`` is allowed); row ``i`` of ``L`` are the
    components of input ``i`` on ``n`` independent standard inputs shared by all, since then Σ_k L_ik·L_jk = V_ij.
    """
    import numpy as np

    scale, vectors = np.linalg.eigh(np.asarray(covariance, dtype=float))
    if scale.min() < -1e-9 * max(scale.max(), 0.0):
        raise UsageError("core.covariance_not_positive", names=list(names))
    rows = vectors * np.sqrt(np.clip(scale, 0.0, None))
    ids = [f"{'+'.join(names)}#{k + 1}" for k in range(len(names))]
    return [
        from_components(n, float(v), u, dict(zip(ids, map(float, row), strict=True)), **rest)
        for n, v, u, row in zip(names, values, units_, rows, strict=True)
    ]


def propagate(name: str, unit: str, value: float, sensitivities: Sequence[tuple[Quantity, float]], **rest: Any) -> Quantity:
    """Return ``y = f(x_1, …)`` from its value and its sensitivities ``∂f/∂x_i`` (GUM eq. 13 through shared components).

    Parameters
    ----------
    value
        f at the estimates [unit].
    sensitivities
        Each input with ∂f/∂x_i [unit of y / unit of x_i].
    """
    components: dict[str, float] = {}
    dof: dict[str, float] = {}
    known = True
    for quantity, sensitivity in sensitivities:
        known &= quantity.standard_uncertainty is not None
        dof |= quantity.component_degrees_of_freedom
        for key, contribution in _contributions(quantity).items():
            components[key] = components.get(key, 0.0) + sensitivity * contribution
    rest.setdefault("evidence", _evidence([q for q, _ in sensitivities]))
    if not known:
        return Quantity(name, value, unit, **rest)
    return from_components(name, value, unit, components, dof, **rest)


def covariance(a: Quantity, b: Quantity) -> float:
    """Return u(a, b) = Σ_i (c_i^a u_i)(c_i^b u_i) [unit of a times unit of b]."""
    other = _contributions(b)
    return sum(c * other.get(key, 0.0) for key, c in _contributions(a).items())


def correlation(a: Quantity, b: Quantity) -> float:
    """Return r(a, b) = u(a, b) / u(a) u(b) (GUM eq. 14) [1]; 0 where one of them has no uncertainty."""
    product = (a.standard_uncertainty or 0.0) * (b.standard_uncertainty or 0.0)
    return covariance(a, b) / product if product else 0.0


def with_coverage(quantity: Quantity, probability: float = 0.95) -> Quantity:
    """Return the quantity with k = t_p(ν), ν cut to the next lower integer (GUM G.4.1, G.6.4)."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + probability) / 2
    nu = quantity.degrees_of_freedom
    k = float(ndtri(tail) if nu is None else stdtrit(max(floor(nu), 1), tail))
    return replace(quantity, coverage_factor=k)


def _derived(name: str, value: float, unit: str, terms: tuple[tuple[Quantity, float], ...]) -> Quantity:
    return propagate(name, unit, value, terms, origin=_origin([q for q, _ in terms]))


def _known(quantity: Quantity) -> float:
    if quantity.value is None:
        raise UsageError("core.absent_in_arithmetic", name=quantity.name)
    return quantity.value


def _contributions(quantity: Quantity) -> Mapping[str, float]:
    if quantity.components or not quantity.standard_uncertainty:
        return quantity.components
    return {quantity.name: quantity.standard_uncertainty}


def _welch_satterthwaite(u: float, components: Mapping[str, float], dof: Mapping[str, float]) -> float | None:
    weight = sum(components[k] ** 4 / nu for k, nu in dof.items())
    return u**4 / weight if weight else None


def _evidence(quantities: Sequence[Quantity]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(e for q in quantities for e in q.evidence))


def _origin(quantities: Sequence[Quantity]) -> Origin:
    """Weakest origin of the inputs; a declared reference value does not make a bench ratio less measured."""
    found = {q.origin for q in quantities}
    for origin in ("estimated", "bms", "bench"):
        if origin in found:
            return origin
    return "declared"
