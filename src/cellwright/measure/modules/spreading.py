"""How far the cells of a string lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent, propagate

METHOD = Method("spread-of-cells/highest-less-lowest", "1")
SPREADS = {"cell_capacity": "cell_capacity_spread", "cell_dc_resistance": "cell_resistance_spread"}
FEWEST = 2

SCHEMA = {
    "quantity": pl.String,
    "unit": pl.String,
    "cells": pl.Int64,
    "mean": pl.Float64,
    "standard_deviation": pl.Float64,
    "lowest": pl.Float64,
    "lowest_cell": pl.Int64,
    "highest": pl.Float64,
    "highest_cell": pl.Int64,
    "range": pl.Float64,
}


def statistics(quantities: Mapping[str, Sequence[Quantity]]) -> pl.DataFrame:
    """One row a quantity: of how many cells, mean, standard deviation (n − 1), lowest, highest and which cells those are, and the range."""
    rows: list[dict[str, object]] = []
    for name, each in quantities.items():
        known = pl.DataFrame([(q.conditions["cell"], q.value) for q in each if q.value is not None], ["cell", "value"], orient="row")
        if known.height < FEWEST:
            continue
        low, high = (known.row(known["value"].arg_min() or 0), known.row(known["value"].arg_max() or 0))
        found = (known.height, known["value"].mean(), known["value"].std(), low[1], low[0], high[1], high[0], high[1] - low[1])
        rows.append(dict(zip(SCHEMA, (name, each[0].unit, *found), strict=True)))
    return pl.DataFrame(rows, SCHEMA)


def spread(name: str, each: Sequence[Quantity]) -> Quantity:
    """Highest less lowest value of the cells, with what they share cancelled; absent where fewer than two have one.

    ``bounded`` among the conditions says of how many more cells only a lower bound is known: the spread is then that of the others.
    """
    known = sorted((q for q in each if q.value is not None), key=lambda q: q.value or 0.0)
    if len(known) < FEWEST:
        return absent(SPREADS[name], each[0].unit, message("measure.too_few_cells", count=len(known)))
    low, high = known[0], known[-1]
    which = {"highest_cell": high.conditions["cell"], "lowest_cell": low.conditions["cell"], "cells": len(known)}
    unknown = {"bounded": len(each) - len(known)} if len(each) > len(known) else {}
    origin = "estimated" if any(q.origin == "estimated" for q in known) else "bench"
    value = (high.value or 0.0) - (low.value or 0.0)
    terms = [(high, 1.0), (low, -1.0)]
    return propagate(SPREADS[name], each[0].unit, value, terms, method=METHOD, conditions=which | unknown, origin=origin)
