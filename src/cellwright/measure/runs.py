"""Sums and extremes over runs of neighbouring rows, in blocks small enough for a processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

BLOCK = 1 << 15
"""Rows a block: a handful of columns of it stay in the second-level cache, and ten million rows are a few hundred blocks."""


class Part(NamedTuple):
    """A value a run, and how two parts of one run are put together."""

    values: NDArray[Any]
    join: np.ufunc


@dataclass(frozen=True, eq=False)
class Block:
    """Runs of rows that are looked at together.

    Parameters
    ----------
    rows
        Which rows of a column.
    bounds
        Where each run begins and ends within them, in turn, but for the last end.
    owners, lengths
        Number of each run, and how many of its rows are here.
    """

    rows: slice | Rows
    bounds: Rows
    owners: Rows
    lengths: Rows

    def of(self, column: NDArray[Any]) -> Floats:
        """Return the rows of a column."""
        return np.asarray(column[self.rows], dtype=np.float64)

    def before(self, column: NDArray[Any]) -> Floats:
        """Return the row before each row of a column."""
        rows = slice(self.rows.start - 1, self.rows.stop - 1) if isinstance(self.rows, slice) else self.rows - 1
        return np.asarray(column[rows], dtype=np.float64)

    def at_each(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a value a run at each row; only of a block that has no rows between its runs."""
        return np.repeat(values[self.owners], self.lengths)

    def total(self, values: NDArray[Any]) -> Part:
        """Sum over each run; truths are counted."""
        return Part(np.add.reduceat(values, self.bounds, dtype=np.int64 if values.dtype == np.bool_ else None)[::2], np.add)

    def least(self, values: Floats) -> Part:
        """Return the least value of each run; a missing one is passed over."""
        return Part(np.fmin.reduceat(values, self.bounds)[::2], np.fmin)

    def greatest(self, values: Floats) -> Part:
        """Return the greatest value of each run; a missing one is passed over."""
        return Part(np.fmax.reduceat(values, self.bounds)[::2], np.fmax)


Kernel = Callable[[Block], Mapping[str, Part]]


def reduce_runs(starts: Rows, stops: Rows, kernel: Kernel, *, apart: bool = False) -> dict[str, NDArray[Any]]:
    """Reduce rows to a value a run.

    Parameters
    ----------
    starts, stops
        First row of each run and the row after its last, in order; at least one run, and none empty.
    kernel
        What a block gives: a value a run under each name.
    apart
        Whether many rows lie between the runs: then only theirs are copied together; else a block is a view with the rows between.

    Returns
    -------
    One array a name, with an entry a run.
    """
    begin, end, owner = _pieces(starts, stops)
    found = [kernel(block) for block in _blocks(begin, end, owner, apart=apart)]
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    return {
        name: part.join.reduceat(np.concatenate([of_block[name].values for of_block in found]), firsts) for name, part in found[0].items()
    }


def _pieces(starts: Rows, stops: Rows) -> tuple[Rows, Rows, Rows]:
    """Cut runs that are longer than a block; return beginnings, ends, and whose piece it is."""
    count = -(-(stops - starts) // BLOCK)
    owner = np.repeat(np.arange(len(starts)), count)
    begin = starts[owner] + (np.arange(len(owner)) - (np.cumsum(count) - count)[owner]) * BLOCK
    return begin, np.minimum(begin + BLOCK, stops[owner]), owner


def _blocks(begin: Rows, end: Rows, owner: Rows, *, apart: bool) -> Iterator[Block]:
    lengths = end - begin
    covered = (np.cumsum(lengths) if apart else end) // BLOCK
    borders = [0, *(np.flatnonzero(np.diff(covered)) + 1).tolist(), len(begin)]
    for first, last in pairwise(borders):
        here = slice(first, last)
        if apart:
            stops = np.cumsum(lengths[here])
            starts = stops - lengths[here]
            rows: slice | Rows = np.arange(int(stops[-1])) + np.repeat(begin[here] - starts, lengths[here])
        else:
            starts, stops = begin[here] - begin[first], end[here] - begin[first]
            rows = slice(int(begin[first]), int(end[last - 1]))
        yield Block(rows, np.column_stack([starts, stops]).ravel()[:-1], owner[here], lengths[here])
