"""An equivalent circuit written as text, ``L0-R0-p(R1,CPE1)-W2``, and its impedance with the derivatives by every parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from cellwright.core.errors import UsageError
from cellwright.measure.impedance.elements import ELEMENTS, Parameter

if TYPE_CHECKING:
    from cellwright.measure.impedance.elements import Complex, Real

_TOKEN = re.compile(r"p\(|[(),-]|[A-Za-z]+\d*")
_NAME = re.compile(r"([A-Za-z]+?)(\d*)")

Sensitive = tuple["Complex", dict[int, "Complex"]]


@dataclass(frozen=True)
class Leaf:
    """An element in its place: its kind, its name, and where its parameters begin among the circuit's."""

    kind: str
    name: str
    first: int

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return ELEMENTS[self.kind].parameters

    def impedance(self, omega: Real, values: Real) -> Sensitive:
        own = range(self.first, self.first + len(self.parameters))
        z, slopes = ELEMENTS[self.kind].impedance(omega, [values[:, n : n + 1] for n in own])
        return z, dict(zip(own, slopes, strict=True))


@dataclass(frozen=True)
class Series:
    """Parts one after the other: Z = ΣZ_k."""

    parts: tuple[Part, ...]

    def impedance(self, omega: Real, values: Real) -> Sensitive:
        found = [part.impedance(omega, values) for part in self.parts]
        total = found[0][0]
        for z, _ in found[1:]:
            total = total + z
        return total, {n: slope for _, slopes in found for n, slope in slopes.items()}


@dataclass(frozen=True)
class Parallel:
    """Parts side by side: Z = 1/Σ(1/Z_k), ∂Z/∂p = (Z/Z_k)²·∂Z_k/∂p."""

    parts: tuple[Part, ...]

    def impedance(self, omega: Real, values: Real) -> Sensitive:
        found = [part.impedance(omega, values) for part in self.parts]
        admittance = 1 / found[0][0]
        for z, _ in found[1:]:
            admittance = admittance + 1 / z
        total = 1 / admittance
        slopes: dict[int, Complex] = {}
        for z, own in found:
            share = (total / z) ** 2
            slopes |= {n: share * slope for n, slope in own.items()}
        return total, slopes


Part = Leaf | Series | Parallel


@dataclass(frozen=True)
class Circuit:
    """A circuit that can be computed.

    Parameters
    ----------
    text
        As it was written, without spaces.
    root
        Its parts.
    """

    text: str
    root: Part

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Elements, as they are written."""
        return tuple(_leaves(self.root))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters, as the elements are written."""
        return tuple(parameter for leaf in self.leaves for parameter in leaf.parameters)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, such as ``R1``, ``CPE1_Q`` and ``CPE1_alpha``."""
        return tuple(f"{leaf.name}_{p.suffix}" if p.suffix else leaf.name for leaf in self.leaves for p in leaf.parameters)

    @property
    def series(self) -> tuple[Part, ...]:
        """What stands one after the other at the outermost level."""
        return self.root.parts if isinstance(self.root, Series) else (self.root,)


@cache
def parse(text: str) -> Circuit:
    """Read a circuit: ``-`` joins in series, ``p(…,…)`` in parallel; elements are R, C, L, CPE, W, Wo, Ws, each with a number.

    Raises
    ------
    UsageError
        Where it cannot be read, or two elements have one name.
    """
    plain = text.replace(" ", "")
    tokens = _TOKEN.findall(plain)
    if not tokens or "".join(tokens) != plain:
        raise UsageError("measure.circuit_unreadable", circuit=text, known=list(ELEMENTS))
    reader = _Reader(text, tokens)
    root = reader.series()
    if reader.left:
        raise reader.refusal()
    circuit = Circuit(plain, root)
    names = [leaf.name for leaf in circuit.leaves]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError("measure.circuit_name_twice", circuit=text, names=twice)
    return circuit


def _leaves(part: Part) -> Iterator[Leaf]:
    if isinstance(part, Leaf):
        yield part
    else:
        for inner in part.parts:
            yield from _leaves(inner)


class _Reader:
    """Holds what is left to read, and how many parameters there were."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text, self.left, self.count = text, tokens[::-1], 0

    def series(self) -> Part:
        parts = [self.part()]
        while self.left and self.left[-1] == "-":
            self.left.pop()
            parts.append(self.part())
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def part(self) -> Part:
        word = self.left.pop() if self.left else ""
        return self.parallel() if word == "p(" else self.leaf(word)

    def parallel(self) -> Parallel:
        parts = [self.series()]
        while (word := self.left.pop() if self.left else "") == ",":
            parts.append(self.series())
        if word != ")" or len(parts) == 1:
            raise self.refusal()
        return Parallel(tuple(parts))

    def leaf(self, word: str) -> Leaf:
        found = _NAME.fullmatch(word)
        if not found or found[1] not in ELEMENTS:
            raise self.refusal()
        leaf = Leaf(found[1], word, self.count)
        self.count += len(leaf.parameters)
        return leaf

    def refusal(self) -> UsageError:
        return UsageError("measure.circuit_unreadable", circuit=self.text, known=list(ELEMENTS))
