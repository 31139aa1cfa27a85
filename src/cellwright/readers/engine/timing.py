"""What a column of local times gives a draft: its start, its Unix time where the zone is known, and a second clock."""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import TIME
from cellwright.readers.engine.clock import moments, unix
from cellwright.readers.seam import Ask, Draft


def dated(draft: Draft, column: str, formats: tuple[str, ...], ask: Ask) -> Draft:
    """Add what the local times in a column tell; the column itself stays as the file has it."""
    if column not in draft.table.columns or draft.table[column].null_count() == draft.table.height:
        return draft
    found, notes = moments(draft.table[column], formats, _elapsed(draft.table))
    if found is None:
        return draft
    draft = replace(draft, start=found.start(), clock=(column, found.form), notes=(*draft.notes, *notes))
    return zoned(draft, found.parsed(), ask.timezone) if ask.timezone else draft


def begun(draft: Draft, moment: str, formats: tuple[str, ...], ask: Ask) -> Draft:
    """Add what a head says of the test's start, where the rows have no clock of their own."""
    found, notes = moments(pl.Series([moment], dtype=pl.String), formats)
    if found is None:
        return draft
    draft = replace(draft, start=found.start(), notes=(*draft.notes, *notes))
    if ask.timezone is None or TIME not in draft.table.columns:
        return draft
    first, doubtful = unix(found.parsed(), ask.timezone)
    table = draft.table.with_columns((pl.col(TIME) + pl.lit(first[0], pl.Float64)).alias(first.name))
    return replace(draft, table=table, notes=(*draft.notes, *doubtful))


def zoned(draft: Draft, local: pl.Series, timezone: str) -> Draft:
    """Add Unix time from local times and the zone that the user names."""
    seconds, notes = unix(local, timezone)
    return replace(draft, table=draft.table.with_columns(seconds), notes=(*draft.notes, *notes))


def _elapsed(table: pl.DataFrame) -> float | None:
    time = table[TIME].drop_nulls() if TIME in table.columns else pl.Series([])
    return float(time[-1]) - float(time[0]) if len(time) else None
