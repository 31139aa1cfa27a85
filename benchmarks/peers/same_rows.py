"""Runs in a peer's environment: what it makes of every recording in a folder.

``same_rows.py PEER FOLDER TIMES`` prints ``{file: answer}`` of each ``*.cycles.parquet`` (as `cycle_tables`) and ``*.pulses.parquet`` (as
`pulse_tables`, at TIMES, ``1,10,30``); what the peer cannot take has no answer, and why is on stderr.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import cycle_tables
import pulse_tables

warnings.simplefilter("ignore")

CYCLES: dict[str, Callable[..., Any]] = {"pyprobe": cycle_tables.pyprobe, "cellpy": cycle_tables.cellpy}
PULSES: dict[str, Callable[..., Any]] = {"pyprobe": pulse_tables.pyprobe, "ampworks": pulse_tables.ampworks}


def answers(peer: str, folder: Path, times: list[float]) -> dict[str, Any]:
    """Ask for every file that the peer has a function for."""
    found: dict[str, Any] = {}
    for kind, ask, more in (("cycles", CYCLES.get(peer), 1), ("pulses", PULSES.get(peer), times)):
        for path in sorted(folder.glob(f"*.{kind}.parquet")) if ask else ():
            try:
                found[path.name] = known(ask(str(path), more))
            except Exception as error:  # noqa: BLE001 - whatever a peer raises, it gives no answer
                print(f"{peer} gives no answer on the {kind} of {path.name}: {type(error).__name__}: {error}", file=sys.stderr)
    return found


def known(answer: Any) -> Any:
    """Put None for what is no number."""
    if isinstance(answer, dict):
        return {name: known(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [known(value) for value in answer]
    return None if isinstance(answer, float) and isnan(answer) else answer


if __name__ == "__main__":
    peer, folder, asked = sys.argv[1:]
    print(json.dumps(answers(peer, Path(folder), [float(t) for t in asked.split(",")])))
