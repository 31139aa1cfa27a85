"""Every comparison of a folder of real files, each with what explains it where the two sides disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from _agreeing import against_peers, against_the_counter
from _bench import Row
from _explained import Explanation, explanation
from _pulsebat import against_pulsebat
from _sides import TARGETS, UNITS, Pairs

import cellwright as cw
from cellwright.core.errors import CellwrightError
from cellwright.core.recording import Recording


@dataclass(frozen=True)
class Agreement:
    """What two say of one file.

    Parameters
    ----------
    pairs
        Both sides.
    explained
        Who is right where they are further apart than the target, and why; None where nothing says so, or nothing needs to.
    """

    pairs: Pairs
    explained: Explanation | None

    @property
    def met(self) -> bool:
        """Whether all are within the target, or the rest is explained."""
        return not self.pairs.above or self.explained is not None

    def row(self, seed: int) -> Row:
        """Return it as the benchmarks print it; the value is the greatest difference."""
        pairs = self.pairs
        case = f"{pairs.file}: {pairs.other}"
        return Row(case, f"{pairs.what} apart", pairs.greatest, UNITS[pairs.what], TARGETS[pairs.what], self.met, len(pairs.apart), seed)


def agreements(data: Path, *, peers: bool) -> Iterator[Agreement]:
    """Hold every recording of a folder of real files against all that says something of it."""
    for pairs in _pairs(data, peers=peers):
        yield Agreement(pairs, explanation(pairs))


def _pairs(data: Path, *, peers: bool) -> Iterator[Pairs]:
    found = list(recordings(data))
    for recording in found:
        yield from against_the_counter(recording)
    yield from against_pulsebat(data)
    if peers:
        yield from against_peers(found)


def recordings(data: Path) -> Iterator[Recording]:
    """Read every tester file and the Leaf cell's; what is refused, or is no test, has nothing to compare, nor has a second copy."""
    paths: Sequence[Path] = [*(data / "testers").rglob("*"), *(data / "safety" / "nissan_leaf_cell").glob("*.csv")]
    for path in sorted(p for p in paths if p.is_file() and not is_copy(p)):
        try:
            yield from (r for r in cw.read_all(path) if is_test(r))
        except CellwrightError:
            continue


def is_copy(path: Path) -> bool:
    """Whether a file is another one packed, or BioLogic's text export of a binary file beside it."""
    packed = path.suffix == ".zip" and path.with_suffix("").exists()
    return packed or (path.suffix == ".mpt" and path.with_suffix(".mpr").exists())


def is_test(recording: Recording) -> bool:
    """Whether a recording has time, current and voltage together, and current flowed."""
    needed = ("test_time_second", "current_ampere", "voltage_volt")
    if recording.is_spectrum or not all(name in recording.table.columns for name in needed):
        return False
    return bool(recording.table.select((pl.col("current_ampere") != 0).any()).item())
