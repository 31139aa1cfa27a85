"""Runs in the environment of pyDRTtools: the distribution of relaxation times of the spectra on standard input, and how long each took.

pyDRTtools imports its window when it is imported, which needs Qt: only its modules without one are, under an empty package.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import sys
import types
from pathlib import Path
from time import perf_counter

import matplotlib
import numpy as np

matplotlib.use("Agg")


def runs() -> types.ModuleType:
    found = importlib.util.find_spec("scipy")
    folder = Path(str(found.origin)).parents[1] / "pyDRTtools"
    package = types.ModuleType("pyDRTtools")
    package.__path__ = [str(folder)]
    sys.modules["pyDRTtools"] = package
    return importlib.import_module("pyDRTtools.runs")


def distribution(module: types.ModuleType, line: str) -> dict[str, object]:
    given = json.loads(line)
    with contextlib.redirect_stdout(io.StringIO()):
        entry = module.EIS_object(np.array(given["frequency"]), np.array(given["real"]), np.array(given["imaginary"]))
        began = perf_counter()
        module.simple_run(entry, cv_type="GCV")
        seconds = perf_counter() - began
    return {"seconds": seconds, "tau": list(map(float, entry.out_tau_vec)), "gamma": list(map(float, entry.gamma))}


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        module = runs()
    for each in sys.stdin:
        print(json.dumps(distribution(module, each)), flush=True)
