"""The verb that shows where an uncertainty comes from."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellwright.cli import options
from cellwright.cli.console import emit, label, language

if TYPE_CHECKING:
    from cellwright.core.assessment import Assessment
    from cellwright.core.errors import UsageError
    from cellwright.core.quantity import Quantity

AssessmentFile = Annotated[
    Path, typer.Argument(help="assessment.json, as assess wrote it.", exists=True, dir_okay=False, show_default=False, metavar="FILE")
]


def explain(
    file: AssessmentFile,
    battery: Annotated[str, typer.Option(help="Id of the battery.", show_default=False)],
    quantity: Annotated[str | None, typer.Option(help="Name of the quantity, e.g. capacity; without it they are listed.")] = None,
    as_json: options.Json = False,
) -> None:
    """Show where a value's uncertainty comes from: every input of its budget, the 95 % interval, method, conditions and evidence."""
    chosen = _battery(file, battery)
    values = None if quantity is None else _quantity(chosen, quantity)
    if as_json:
        emit([_entry(name, found) for name, found in chosen.quantities.items()] if values is None else _document(chosen, values))
    elif values is None:
        _print_list(chosen)
    else:
        _print_budget(chosen, values)


def _battery(file: Path, battery: str) -> Assessment:
    """Return what an assessment.json says of a battery."""
    from cellwright.core.assessment import Assessments
    from cellwright.core.boundary import from_json
    from cellwright.core.errors import ListError, UsageError

    try:
        known = {a.battery.id: a for a in from_json(Assessments, file.read_bytes(), file.name).assessments}
    except ListError as error:
        detail = error.text(language()).removeprefix(f"{file.name}: ") if error.params["key"] else error.params["detail"]
        raise UsageError("cli.not_an_assessment", file=str(file), detail=detail) from None
    if battery not in known:
        raise _unknown("battery", battery, list(known))
    return known[battery]


def _quantity(assessment: Assessment, name: str) -> Sequence[Quantity]:
    found = assessment.quantities.get(name)
    if not found:
        raise _unknown("quantity", name, list(assessment.quantities), battery=assessment.battery.id)
    return found


def _unknown(what: str, name: str, known: list[str], **where: str) -> UsageError:
    """Build the error for a name that is not there, with the nearest right one, else with the first few."""
    from cellwright.core.boundary import nearest
    from cellwright.core.errors import UsageError

    near = nearest(name, known)
    if near:
        return UsageError(f"cli.no_such_{what}_near", name=name, nearest=near, **where)
    shown = [*known[:10], *(["…"] if len(known) > 10 else [])]
    return UsageError(f"cli.no_such_{what}", name=name, known=shown, **where)


def _document(assessment: Assessment, values: Sequence[Quantity]) -> dict[str, Any]:
    from cellwright.core.boundary import to_json
    from cellwright.report.explained import explained

    tester = assessment.tester
    return {
        "battery": assessment.battery.id,
        "quantity": values[0].name,
        "tester": tester and {"id": tester.id, "default": tester.default},
        "values": [json.loads(to_json(explained(value, assessment))) for value in values],
    }


def _entry(name: str, found: Sequence[Quantity]) -> dict[str, Any]:
    first = found[0]
    return {
        "quantity": name,
        "count": len(found),
        "value": first.value,
        "unit": first.unit,
        "expanded_uncertainty": first.expanded_uncertainty,
        "coverage_factor": first.coverage_factor,
        "reason": first.reason and {"code": first.reason.code, "params": first.reason.params},
    }


def _print_budget(assessment: Assessment, values: Sequence[Quantity]) -> None:
    """Print the budget of the first value, the one the decision used, and the others a line each."""
    from cellwright.report import explained as told
    from cellwright.report.words import Words

    words, first = Words(language()), values[0]
    whole = told.explained(first, assessment)
    typer.echo(label("report.explained.title", quantity=words.label("quantity", first.name), battery=assessment.battery.id))
    for name, text in told.in_words(first, whole, assessment, words):
        typer.echo(f"  {name}: {text}")
    if whole.contributions:
        heads = ("input", "id", "distribution", "contribution", "share", "degrees_of_freedom")
        _print_table([words(f"report.explained.{head}") for head in heads], told.lines(first, whole, words))
    if assessment.tester and assessment.tester.default and whole.contributions:
        typer.echo(words("report.results.default_tester"))
    if len(values) > 1:
        typer.echo(words("report.explained.others", count=len(values) - 1))
        _print_values(values[1:], words)


def _print_list(assessment: Assessment) -> None:
    from cellwright.report.numbers import shown
    from cellwright.report.words import Words

    words = Words(language())
    rows: list[tuple[str, str, str]] = []
    for name, found in assessment.quantities.items():
        ready, reason = shown(found[0]), found[0].reason
        rows.append((name, ready.text if ready else words.say(reason) if reason else "", str(len(found))))
    _print_table([words(f"report.explained.{head}") for head in ("quantity", "value", "count")], rows)


def _print_values(values: Sequence[Quantity], words: Any) -> None:
    from cellwright.report.numbers import shown

    for value, apart in zip(values, _told_apart(values, words), strict=True):
        ready = shown(value)
        text = ready.text if ready else words.say(value.reason)
        typer.echo(f"  {text}  ({', '.join(apart)})" if apart else f"  {text}")


def _told_apart(values: Sequence[Quantity], words: Any) -> list[list[str]]:
    """Return the main conditions of each value, and whatever else is not alike for all: step, state of charge, time."""
    from cellwright.report import conditions

    told = [conditions.described(value, words) for value in values]
    alike = set(told[0]).intersection(*told[1:])
    main = [conditions.main(value, words) for value in values]
    return [[*first, *(text for text in each if text not in alike and text not in first)] for first, each in zip(main, told, strict=True)]


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout; what goes into a file or a pipe is not cut to the width of a screen."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)
