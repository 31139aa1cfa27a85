"""Mechanical abuse tests as laboratories publish them (ORNL, SNL): voltage, temperatures, force and displacement; no current.

A sheet has one time column or several, since the press and the thermocouples are logged by different instruments.
"""

import re
from collections.abc import Sequence
from functools import reduce

import polars as pl

from cellwright.core.columns import TIME, VOLTAGE
from cellwright.core.errors import DamagedFile, MissingColumn, UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine import sheets
from cellwright.readers.engine.clock import forward
from cellwright.readers.engine.names import factor, split_unit
from cellwright.readers.engine.sensors import masked, placed
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

AMBIENT = "ambient_temperature_celsius"
NTH = "nth at this time"
NEWTON_PER_UNIT = {"n": 1.0, "kn": 1e3, "lb": 4.4482216, "lbf": 4.4482216}
FORCES_AGREE = 0.01

_TIME = re.compile(r"((test|running|elapsed|rel(ative)?) ?)?time( \d+)?")
_VOLTAGE = re.compile(r"((cell )?voltage|v ?cell|analog 1)")
_AMBIENT = re.compile(r"t ?ambient|ambient( temp(erature)?)?")
_THERMOCOUPLE = re.compile(r"tc ?(\d+)\b.*")
_FORCE = re.compile(r".*\b(load|force)\b.*")
_MECHANICAL = re.compile(r".*\b(load|force|displacement|penetrat\w*|indent\w*)\b.*")
_CURRENT = re.compile(r"(cell )?current")
_NUMBERED = re.compile(r"(?<=[)\]])_\d+$")


def _kind(name: str) -> tuple[str, str]:
    """Part a column's name into what it measures and its unit; a header that is there twice has a number at its end."""
    return split_unit(_NUMBERED.sub("", name))


def _is_header(cells: Sequence[str]) -> bool:
    stems = [_kind(cell)[0] for cell in cells]
    every = (_TIME, _VOLTAGE, _MECHANICAL)
    return all(any(p.fullmatch(s) for s in stems) for p in every) and not any(_CURRENT.fullmatch(s) for s in stems)


def _recognises(file: RawFile) -> bool:
    return bool(sheets.places(file, _is_header))


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - these sheets hold no moments
    found = sheets.places(file, _is_header)
    if not found:
        raise UnknownFormat("readers.no_header", file=file.file)
    return [_draft(file, place, alone=len(found) == 1) for place in found]


def _draft(file: RawFile, place: sheets.Place, *, alone: bool) -> Draft:
    frame = sheets.table(file, place)
    blocks, notes = _blocks(frame, file)
    table = reduce(_beside, blocks).sort(TIME, NTH, maintain_order=True).drop(NTH)
    notes += _forces(table)
    table, names, more = _temperatures(table)
    return Draft(table, "xlsx", channel=None if alone else place.sheet, notes=(*notes, *more), metadata=names, required=(TIME, VOLTAGE))


def _blocks(frame: pl.DataFrame, file: RawFile) -> tuple[list[pl.DataFrame], list[Message]]:
    """Part a sheet at its time columns; each part goes on until the next."""
    empty = [name for name in frame.columns if frame[name].null_count() == frame.height]
    notes = [message("readers.empty_columns", columns=empty)] if empty else []
    frame = frame.drop(empty)
    starts = [n for n, name in enumerate(frame.columns) if _TIME.fullmatch(_kind(name)[0])]
    if not starts:
        raise MissingColumn("readers.column_without_numbers", file=file.file, column=TIME)
    blocks: list[pl.DataFrame] = []
    voltage = next((name for name in frame.columns if _VOLTAGE.fullmatch(_kind(name)[0])), "")
    for start, end in zip(starts, [*starts[1:], frame.width], strict=True):
        names = [*([] if start != starts[0] else frame.columns[:start]), *frame.columns[start + 1 : end]]
        block, told = _block(frame, frame.columns[start], names, file)
        blocks.append(_with_voltage(block, voltage, file) if voltage in names else block)
        notes += told
    return blocks, [*_of_units(frame), *notes, *_of_clocks(blocks)]


def _block(frame: pl.DataFrame, time: str, names: Sequence[str], file: RawFile) -> tuple[pl.DataFrame, list[Message]]:
    """Take what one instrument logged: its time [s], and what stands beside it until it ended."""
    unit = _kind(time)[1]
    scale = factor(TIME, unit)
    if scale is None:
        raise DamagedFile("readers.unknown_unit", file=file.file, column=time, unit=unit)
    block = frame.select(pl.col(time).cast(pl.Float64, strict=False).alias(TIME) * scale, *names).drop_nulls(TIME)
    block, told = forward(block, None, file.file)
    repeated = bool((block[TIME].diff() == 0).any())
    nth = pl.int_range(pl.len()).over(TIME) if repeated else pl.lit(0, pl.Int64)
    return block.with_columns(nth.alias(NTH)), told


def _with_voltage(block: pl.DataFrame, name: str, file: RawFile) -> pl.DataFrame:
    unit = _kind(name)[1]
    scale = factor(VOLTAGE, unit)
    if scale is None:
        raise DamagedFile("readers.unknown_unit", file=file.file, column=name, unit=unit)
    return block.rename({name: VOLTAGE}).with_columns(pl.col(VOLTAGE).cast(pl.Float64, strict=False) * scale)


def _beside(table: pl.DataFrame, block: pl.DataFrame) -> pl.DataFrame:
    """Put two instruments' logs on one time; a cell is empty where its instrument was not read at that moment."""
    if table[TIME].equals(block[TIME]):
        return table.hstack(block.drop(TIME, NTH))
    return table.join(block, on=[TIME, NTH], how="full", coalesce=True)


def _of_clocks(blocks: Sequence[pl.DataFrame]) -> list[Message]:
    clocks = [block for n, block in enumerate(blocks) if not any(block[TIME].equals(other[TIME]) for other in blocks[:n])]
    return [message("readers.several_clocks", count=len(clocks), rows=[len(clock) for clock in clocks])] if len(clocks) > 1 else []


def _of_units(frame: pl.DataFrame) -> list[Message]:
    """Name the columns whose header tells no unit, or one that cannot be."""
    without: dict[str, list[str]] = {"s": [], "V": [], "degC": []}
    for name in frame.columns:
        stem, unit = _kind(name)
        kind = "s" if _TIME.fullmatch(stem) else "V" if _VOLTAGE.fullmatch(stem) else "degC" if _THERMOCOUPLE.fullmatch(stem) else ""
        if kind and not unit:
            without[kind].append(name)
    odd = [name for name in frame.columns if _FORCE.fullmatch(_kind(name)[0]) and _kind(name)[1] not in ("", *NEWTON_PER_UNIT)]
    return [
        *(message("readers.unit_assumed", columns=names, unit=unit) for unit, names in without.items() if names),
        *(message("readers.unit_cannot_be", column=name, unit=_kind(name)[1]) for name in odd),
    ]


def _forces(table: pl.DataFrame) -> list[Message]:
    """Hold forces in several units against one another: some sheets have pounds under a header that says newtons."""
    scales = {name: NEWTON_PER_UNIT.get(unit) for name in table.columns for stem, unit in [_kind(name)] if _FORCE.fullmatch(stem)}
    newtons = table.select(pl.col(name).cast(pl.Float64, strict=False) * scale for name, scale in scales.items() if scale)
    off = [c for c in newtons.columns[1:] if _difference(newtons, c) > FORCES_AGREE]
    return [message("readers.forces_disagree", columns=[newtons.columns[0], *off])] if off else []


def _difference(newtons: pl.DataFrame, name: str) -> float:
    """Difference of a force from the first, as a share of the first."""
    first = pl.col(newtons.columns[0])
    apart, whole = newtons.select((pl.col(name) - first).abs().sum().alias("apart"), first.abs().sum().alias("whole")).row(0)
    return apart / whole if whole else 0.0


def _temperatures(table: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str], list[Message]]:
    """Give the temperatures their columns; which is which stands in the metadata, under the sheet's names."""
    warm = [name for name in table.columns if _is_temperature(name)]
    table, silent = masked(table.with_columns(pl.col(warm).cast(pl.Float64, strict=False)), warm)
    ambient = next((name for name in warm if _AMBIENT.fullmatch(_kind(name)[0])), "")
    probes = [name for name in warm if name in table.columns and name != ambient]
    numbers = {name: int(found.group(1)) if (found := _THERMOCOUPLE.fullmatch(_kind(name)[0])) else n for n, name in enumerate(probes, 1)}
    before = table.columns
    table, notes = placed(table.rename({ambient: AMBIENT}) if ambient in table.columns else table, numbers)
    renamed = {f"temperature_t{number}_celsius": name for name, number in numbers.items()} | {AMBIENT: ambient}
    return table, {new: old for new, old in renamed.items() if new in table.columns and new not in before}, [*silent, *notes]


def _is_temperature(name: str) -> bool:
    stem, unit = _kind(name)
    if stem in {"c", "°c"} and not unit:
        return True
    told = factor("temperature_celsius", unit) is not None
    return told and (bool(unit) or _THERMOCOUPLE.fullmatch(stem) is not None or _AMBIENT.fullmatch(stem) is not None)


READER = Reader("abuse", "Mechanical abuse tests (ORNL, SNL)", (Format("xlsx abuse test"),), (), _recognises, _read)
