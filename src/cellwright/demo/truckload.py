"""The truckload: two modules and their 24 cells go through their tests, and what the testers saw is written down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cellwright.core import resources
from cellwright.core.files import write_whole
from cellwright.core.messages import LANGUAGES, render
from cellwright.demo.bench import Channels, Run, run
from cellwright.demo.cell import joined
from cellwright.demo.exports import ABORTED, CUT_OFF, cell_files, module_files
from cellwright.demo.listing import battery_list, truth
from cellwright.demo.population import AT_A_LIMIT, CELLS_PER_MODULE, FAULTY, IDS, MODULES, Population, draw
from cellwright.demo.program import RATED_AH, cell_test, module_test, store

HOURS_APART = 24.0
CURRENT_GAIN_LIMIT = 0.0002
VOLTAGE_OFFSET_LIMIT = 0.0005


def write_truckload(out: Path, seed: int = 7) -> Path:
    """Write a small truckload of made-up tester files.

    Parameters
    ----------
    out
        Folder to write into; it is made where it is missing, and files of the same names are replaced.
    seed
        The same seed gives the same bytes, on one machine.

    Returns
    -------
    The folder. ``README.txt`` in it says what is what; ``batteries.csv``, ``tester.toml`` and ``procedure.yaml`` are ready to be
    assessed with, and ``truth.csv`` holds what the model was given.

    Raises
    ------
    UsageError
        A place that cannot be written to.
    """
    write_whole(out / "README.txt", _readme(seed).encode())
    for name in ("tester.toml", "procedure.yaml"):
        write_whole(out / name, resources.text("demo", name).encode())
    chance = np.random.default_rng(seed)
    population = draw(chance)
    modules = {name: _module_run(population, which, chance) for name, which in MODULES.items()}
    cells = _cell_run(population, modules, chance)
    exports = {**module_files(modules, chance), **cell_files(cells, chance)}
    for path, content in exports.values():
        write_whole(out / path, content)
    write_whole(out / "batteries.csv", battery_list({battery: path for battery, (path, _) in exports.items()}))
    write_whole(out / "truth.csv", truth(population, {name: float(r.capacity_ah[0]) for name, r in modules.items()}))
    return out


def _module_run(population: Population, which: slice, chance: np.random.Generator) -> Run:
    """A string has one current, so one gain for all; the loggers of the cell voltages are taken as right."""
    gain = np.full(CELLS_PER_MODULE, chance.uniform(-CURRENT_GAIN_LIMIT, CURRENT_GAIN_LIMIT))
    channels = Channels(gain, np.zeros(CELLS_PER_MODULE))
    return run(module_test(), population.cells.part(which), population.arrival.part(which), channels, string=True)


def _cell_run(population: Population, modules: Mapping[str, Run], chance: np.random.Generator) -> Run:
    """The cells as the module tests left them, a day later, each on a channel of its own."""
    channels = Channels(
        chance.uniform(-CURRENT_GAIN_LIMIT, CURRENT_GAIN_LIMIT, len(IDS)),
        chance.uniform(-VOLTAGE_OFFSET_LIMIT, VOLTAGE_OFFSET_LIMIT, len(IDS)),
    )
    apart = joined([modules[name].state for name in MODULES])
    lain = run((store(HOURS_APART),), population.cells, apart, channels).state
    return run(cell_test(), population.cells, lain, channels)


def _readme(seed: int) -> str:
    params = {"seed": seed, "rated_ah": RATED_AH, "faulty": FAULTY, "at_a_limit": AT_A_LIMIT, "aborted": ABORTED, "cut_off": CUT_OFF}
    return "\n".join(render("demo.readme", params, lang) for lang in LANGUAGES)
