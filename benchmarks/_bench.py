"""What every benchmark script shares: its arguments, its rows, and how it shows them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

AT_LEAST_RUNS = 7
REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Row:
    """One measured thing.

    Parameters
    ----------
    case, metric
        What was run, and what of it was measured.
    value, unit
        The median of the runs; None where it could not be measured.
    target, met
        What it is held against, and whether it stands; None where there is no target.
    n
        How many runs or samples the value is of.
    seed
        Of whatever was drawn.
    """

    case: str
    metric: str
    value: float | None
    unit: str
    target: float | None
    met: bool | None
    n: int
    seed: int


def arguments(description: str | None) -> argparse.Namespace:
    """Read the arguments that every benchmark takes: ``--data``, ``--seed``, ``--peers``, ``--json``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of real files, in the layout of ../shared/data")
    parser.add_argument("--seed", type=int, default=7, help="seed of whatever is drawn")
    parser.add_argument("--peers", action="store_true", help="run other programs in turn with ours, where there are any")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON on stdout")
    return parser.parse_args()


def at_most(case: str, metric: str, values: Sequence[float], *, unit: str, target: float, seed: int) -> Row:
    """Hold the median of the values against a target that it should stay below."""
    found = median(values)
    return Row(case, metric, found, unit, target, found < target, len(values), seed)


def in_turn(*runs: Callable[[], float], times: int = AT_LEAST_RUNS) -> list[list[float]]:
    """Run each in turn, again and again, so that a machine that warms up or gets busy treats them alike; return each one's values."""
    rounds = [[run() for run in runs] for _ in range(times)]
    return [list(values) for values in zip(*rounds, strict=True)]


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print a table for eyes on stderr and, where asked, JSON on stdout."""
    for row in rows:
        value = "—" if row.value is None else f"{row.value:.4g} {row.unit}"
        target = "" if row.target is None else f"target {row.target:g} {row.unit}"
        verdict = {True: "met", False: "MISSED", None: ""}[row.met]
        print(f"{row.case:<28} {row.metric:<24} {value:>16}  {target:<18} {verdict:<7} n={row.n}", file=sys.stderr)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
