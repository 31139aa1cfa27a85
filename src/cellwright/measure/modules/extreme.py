"""How far the cells of a module or pack went, and how far they lie apart at rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CELL_VOLTAGES, CURRENT
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.measure.course import Course
from cellwright.measure.isolation import isolated_voltages
from cellwright.measure.readings import Extreme, found_extremes, readings, record_of
from cellwright.measure.rest import last_rest

SPREAD = Method("cell-voltage-spread/last-rest", "1")


def cell_extremes(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Highest and lowest voltage of any cell, at any sample."""
    names = {"cell_maximum_voltage": 1, "cell_minimum_voltage": -1}
    table = course.recording.table
    if CELL_VOLTAGES not in table.columns or not np.isfinite(cells := table[CELL_VOLTAGES].to_numpy()).any():
        return {name: (absent(name, "V", message("measure.not_recorded", columns=(CELL_VOLTAGES,))),) for name in names}
    current = readings(table, CURRENT)
    return {name: tuple(_cell_reading(course, name, e) for e in _extremes(cells, current, way)) for name, way in names.items()}


def _extremes(cells: NDArray[np.floating[Any]], current: NDArray[np.float64] | None, way: int) -> tuple[Extreme, ...]:
    """Return the extreme over all cells, and the lone reading beyond it if there is one.

    Which readings stand alone is looked for in the cell that went furthest, then in the next, until no other cell went as far.
    """
    furthest = np.fmax.reduce(np.where(np.isfinite(cells), way * cells, np.nan), axis=0)
    order = np.argsort(-np.nan_to_num(furthest, nan=-np.inf), kind="stable")
    found: list[Extreme] = []
    for cell in order[np.isfinite(furthest[order])]:
        kept = [e for e in found if not e.conditions]
        if kept and way * max(kept, key=lambda e: way * e.value).value >= furthest[cell]:
            break
        log = cells[:, cell].astype(np.float64)
        log[~np.isfinite(log)] = np.nan
        found += [replace(e, at=(*e.at, int(cell))) for e in found_extremes(log, isolated_voltages(log, current), way)]
    return _furthest(found, way)


def _furthest(found: list[Extreme], way: int) -> tuple[Extreme, ...]:
    """Return the furthest that does not stand alone, and the furthest lone one where that lies beyond it."""
    kept, alone = ([e for e in found if bool(e.conditions) is lone] for lone in (False, True))
    best = max(kept, key=lambda e: way * e.value)
    beyond = max(alone, key=lambda e: way * e.value, default=best)
    return (best, beyond) if way * beyond.value > way * best.value else (best,)


def _cell_reading(course: Course, name: str, extreme: Extreme) -> Quantity:
    row, cell = extreme.at
    record = record_of(course, row)
    conditions: dict[str, Any] = {"cell": cell + 1}
    table = course.recording.table
    if "step_count" in table.columns:
        conditions["step_count"] = table["step_count"][row]
    components, evidence = course.budget.cell(extreme.value, record, cell + 1), course.budget.evidence((record, record))
    return course.budget.quantity(
        name, extreme.value, "V", components, method=extreme.method, conditions={**conditions, **extreme.conditions}, evidence=evidence
    )


def spread(course: Course) -> Quantity:
    """Spread over the cells in series at rest: under current it would be a spread of resistances as well."""
    name = "cell_voltage_spread"
    if not course.complete or CELL_VOLTAGES not in course.samples.columns:
        return absent(name, "V", message("measure.not_recorded", columns=(CELL_VOLTAGES,)))
    row = last_rest(course)
    if row is None:
        return absent(name, "V", message("measure.no_rest", shortest_s=0.0))
    at = course.span(row, row).stop - 1
    cells = course.samples[CELL_VOLTAGES].to_numpy()[at].astype(np.float64)
    if not np.isfinite(cells).all():
        return absent(name, "V", message("measure.cells_missing", cells=[int(n) + 1 for n in np.flatnonzero(~np.isfinite(cells))]))
    high, low = int(cells.argmax()), int(cells.argmin())
    record = int(course.samples["record_index"][at])
    return course.budget.quantity(
        name,
        float(cells[high] - cells[low]),
        "V",
        course.budget.cells(float(cells[high]), float(cells[low]), record, (high + 1, low + 1)),
        method=SPREAD,
        conditions={"highest_cell": high + 1, "lowest_cell": low + 1, **_rest_conditions(course, row)},
        evidence=course.budget.evidence((record, record)),
    )


def _rest_conditions(course: Course, row: int) -> dict[str, Any]:
    rest = course.rest_before(row + 1)
    return {"duration_s": rest[1] if rest else 0.0, **course.state_of_charge(row), "step_count": course.rows[row]["step_count"]}
