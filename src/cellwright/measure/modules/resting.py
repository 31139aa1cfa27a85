"""Voltage of each cell at the end of the last rest."""

from __future__ import annotations

import numpy as np

from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.measure.modules.string import String
from cellwright.measure.rest import SHORTEST_REST_S, Rest, rests

NAME = "cell_rest_voltage"
METHOD = Method("cell-rest-voltage/last-reading", "1")


def cell_rest_voltages(string: String) -> tuple[Quantity, ...]:
    """Voltage of every cell at the end of the last rest of at least five minutes [V], in their order; one absent where there is none."""
    found = [rest for rest in rests(string.course) if rest.duration_s >= SHORTEST_REST_S]
    if not found:
        return (absent(NAME, "V", message("measure.no_rest", shortest_s=SHORTEST_REST_S)),)
    return tuple(_voltage(string, found[-1], cell) for cell in range(string.cells))


def _voltage(string: String, rest: Rest, cell: int) -> Quantity:
    course, row = string.course, string.last_sample(rest.last)
    record, volt = string.record(row), float(string.at(row)[cell])
    step = course.rows[rest.last]
    conditions = {
        **string.conditions(cell),
        "duration_s": rest.duration_s,
        **course.state_of_charge(rest.last),
        **({"direction": course.rows[rest.first - 1]["kind"]} if rest.first else {}),
        "step_count": step["step_count"],
    }
    evidence = course.budget.evidence((record, record))
    if not np.isfinite(volt):
        return absent(NAME, "V", message("measure.cell_not_read"), conditions=conditions, evidence=evidence)
    components = course.budget.cell(volt, record, cell + 1)
    return course.budget.quantity(NAME, volt, "V", components, method=METHOD, conditions=conditions, evidence=evidence)
