"""Verbs that look at recordings: read, info, formats, check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellwright.cli import options
from cellwright.cli.console import complain, emit, finish, label, language, say
from cellwright.core.messages import Message

if TYPE_CHECKING:
    from cellwright.core.battery import Battery
    from cellwright.core.errors import ReadError
    from cellwright.core.procedure import Procedure
    from cellwright.core.recording import Recording


class Format(StrEnum):
    """File formats that recordings are written in."""

    parquet = "parquet"
    csv = "csv"


def read(
    paths: options.Paths,
    out: Annotated[Path, typer.Option(help="Folder to write to.", show_default=False)],
    output_format: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.parquet,
    rate_hz: options.RateHz = None,
    timezone: options.Timezone = None,
    column_map: options.ColumnMap = None,
    dbc: options.Dbc = None,
) -> None:
    """Read testers' files and write them in the Battery Data Format."""
    from cellwright import readers

    failed = 0
    taken: set[Path] = set()
    for path, recordings in _each(paths, Told(rate_hz, timezone, column_map, tuple(dbc or ()))):
        if not isinstance(recordings, list):
            complain(recordings.message())
            failed += 1
            continue
        out.mkdir(parents=True, exist_ok=True)
        for recording in recordings:
            channel = f"-{recording.source.channel or recording.source.file}" if len(recordings) > 1 else ""
            written = _free(out, f"{path.stem.removesuffix('.bdf')}{channel.replace('/', '-')}", recording, f".bdf.{output_format}", taken)
            readers.write(recording, written)
            say("cli.wrote", file=path.name, path=str(written), rows=recording.table.height)
    finish(failed)


def _free(out: Path, name: str, recording: Recording, ending: str, taken: set[Path]) -> Path:
    """Name a file that nothing of this run has: where two files share a stem, the second gets some of its digest."""
    digest, count = recording.source.sha256[:6], 1
    path = out / f"{name}{ending}"
    while path in taken:
        path = out / f"{name}-{digest}{f'-{count}' if count > 1 else ''}{ending}"
        count += 1
    taken.add(path)
    return path


def info(
    paths: options.Paths,
    as_json: options.Json = False,
    rate_hz: options.RateHz = None,
    timezone: options.Timezone = None,
    column_map: options.ColumnMap = None,
    dbc: options.Dbc = None,
) -> None:
    """Say what is in testers' files: make, channel, rows, columns, and what the reader noted."""
    found: list[dict[str, object]] = []
    failed = 0
    for path, recordings in _each(paths, Told(rate_hz, timezone, column_map, tuple(dbc or ()))):
        if isinstance(recordings, list):
            found += [_described(r) for r in recordings]
            continue
        failed += 1
        found.append({"file": path.name, "error": {"code": recordings.code, "params": recordings.params}})
        if not as_json:
            complain(recordings.message())
    if as_json:
        emit(found)
    else:
        for entry in found:
            _print_info(entry)
    finish(failed)


def formats(as_json: options.Json = False) -> None:
    """List the makes and formats that are read, and what each was proven on."""
    from cellwright import readers

    found = [{"reader": r.name, "make": r.make, "formats": [asdict(f) for f in r.formats], "version": r.version} for r in readers.formats()]
    if as_json:
        emit(found)
    else:
        for reader in readers.formats():
            for form in reader.formats:
                extra = f", cellwright[{form.extra}]" if form.extra else ""
                typer.echo(f"{reader.make:<22} {form.name:<28} {label(f'cli.proof_{form.proof}')}{extra}")


def check(
    paths: options.MaybePaths = None,
    procedure: options.Procedure = "capacity-reference",
    printed: Annotated[bool, typer.Option("--print", help="Print the procedure as a sheet to work by.")] = False,
    batteries: options.Batteries = None,
    as_json: options.Json = False,
    rate_hz: options.RateHz = None,
    timezone: options.Timezone = None,
    column_map: options.ColumnMap = None,
    dbc: options.Dbc = None,
) -> None:
    """Hold recordings against a procedure and list every deviation, or print the procedure."""
    from cellwright.assess import load_procedure, plan
    from cellwright.core.errors import UsageError

    held, _ = load_procedure(procedure)
    if printed:
        _print_sheets(held, batteries, as_json)
        return
    if not paths:
        raise UsageError("cli.nothing_to_check")
    planned = plan(paths, batteries)
    told = Told(rate_hz, timezone, column_map, tuple(dbc or ()))
    found: list[Checked] = []
    failed: list[Message] = [Message(f.code, f.params) for f in planned.failed]
    for job in planned.jobs:
        for path, recordings in _each(list(job.files), told):
            if isinstance(recordings, list):
                found += [_held_against(held, recording, path, job.battery) for recording in recordings]
            else:
                failed.append(recordings.message())
    if as_json:
        emit([asdict(checked) for checked in found])
    else:
        for checked in found:
            _print_checked(checked, held.title[language()])
    for failure in failed:
        complain(failure)
    finish(len(failed))


def _print_sheets(procedure: Procedure, batteries: Path | None, as_json: bool) -> None:
    """Print the sheet of a procedure: once, or with amperes and volts for each battery of a list."""
    from cellwright import measure
    from cellwright.assess.plan import read_list

    of: list[Battery | None] = [*read_list(batteries)] if batteries else [None]
    sheets = [(battery, measure.sheet(procedure, battery)) for battery in of]
    if as_json:
        steps = [[asdict(step) for step in found] for _, found in sheets]
        emit([{"procedure": procedure.name, "battery": b.id if b else None, "steps": s} for (b, _), s in zip(sheets, steps, strict=True)])
        return
    status = f"measure.status_{procedure.status}"
    told = {"title": procedure.title[language()], "name": procedure.name, "date": str(procedure.date), "source": procedure.source}
    for battery, found in sheets:
        typer.echo(label("cli.sheet_head", **told, status=status))
        if battery:
            typer.echo(label("cli.sheet_battery", id=battery.id))
        _print_steps(found)


def _print_steps(steps: tuple[Message, ...]) -> None:
    """Print the steps of a sheet, numbered; where figures come from stands below its step."""
    number = 0
    for step in steps:
        if step.code == "measure.sheet_source":
            typer.echo(f"     {step.text(language())}")
        else:
            number += 1
            typer.echo(f"{number:>3}. {step.text(language())}")
    typer.echo("")


@dataclass(frozen=True)
class Checked:
    """One recording held against a procedure."""

    battery: str
    file: str
    procedure: str
    deviations: tuple[Message, ...]


def _held_against(procedure: Procedure, recording: Recording, path: Path, battery: Battery) -> Checked:
    from cellwright import measure

    return Checked(battery.id, path.name, procedure.name, measure.check(recording, procedure, battery))


def _print_checked(checked: Checked, procedure: str) -> None:
    say("cli.checked", file=checked.file, procedure=procedure, count=len(checked.deviations))
    for deviation in checked.deviations:
        typer.echo(f"  - {deviation.text(language())}")


@dataclass(frozen=True)
class Told:
    """What the user says of files that do not say it themselves."""

    rate_hz: float | None
    timezone: str | None
    column_map: Path | None
    dbc: tuple[Path, ...]


def _each(paths: list[Path], told: Told) -> Iterator[tuple[Path, list[Recording] | ReadError]]:
    """Every file of the paths with its recordings, or with the reason why it has none."""
    from cellwright import readers
    from cellwright.assess import files_of
    from cellwright.core.errors import ReadError

    columns = None if told.column_map is None else readers.column_maps.load(told.column_map)
    dbc = readers.dbc_files.load(told.dbc)
    for path in files_of(paths):
        try:
            yield path, readers.read_all(path, rate_hz=told.rate_hz, timezone=told.timezone, column_map=columns, dbc=dbc)
        except ReadError as error:
            yield path, error


def _described(recording: Recording) -> dict[str, object]:
    from cellwright.core.boundary import to_json
    from cellwright.core.columns import TIME

    time = recording.table[TIME] if TIME in recording.table.columns else None
    return {
        **json.loads(to_json(recording.source)),
        "sampling": recording.sampling,
        "rows": recording.table.height,
        "duration_s": None if time is None else float(time[-1] - time[0]),
        "spectrum": _spectrum(recording),
        "columns": recording.table.columns,
        "notes": [{"code": n.code, "params": n.params} for n in recording.notes],
        "metadata": recording.metadata,
    }


def _spectrum(recording: Recording) -> dict[str, float] | None:
    """How many frequencies a recording has, and between which [Hz]; None where it has none."""
    from cellwright.core.columns import FREQUENCY

    if FREQUENCY not in recording.table.columns:
        return None
    found = recording.table[FREQUENCY].drop_nulls()
    found = found.filter(found > 0)
    return {"points": len(found), "lowest_hz": found.min(), "highest_hz": found.max()} if len(found) else None  # pyright: ignore[reportReturnType]


def _print_info(entry: dict[str, object]) -> None:
    if "error" in entry:
        return
    code = "cli.info_untimed" if entry["duration_s"] is None else "cli.info"
    typer.echo(label(code, **{k: entry[k] for k in ("file", "make", "format", "channel", "start", "rows", "duration_s")}))
    if spectrum := entry["spectrum"]:
        typer.echo(label("cli.info_spectrum", **spectrum))  # pyright: ignore[reportCallIssue, reportUnknownArgumentType]
    typer.echo(label("cli.info_columns", columns=entry["columns"]))
    notes: list[dict[str, object]] = entry["notes"]  # pyright: ignore[reportAssignmentType]
    for note in notes:
        typer.echo(f"  - {Message(str(note['code']), note['params']).text(language())}")  # pyright: ignore[reportArgumentType]
