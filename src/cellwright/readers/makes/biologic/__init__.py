"""BioLogic: EC-Lab's ``.mpr`` and ``.mpt``, and BT-Lab's text exports.

The ``.mpr`` was worked out from files and from what EC-Lab exported of the same runs, see `columns`, `packed` and `widths`; what EC-Lab's
columns mean stands in `words`.
"""

from datetime import datetime

import polars as pl

from cellwright.core.columns import REQUIRED, SPECTRUM, TIME
from cellwright.core.messages import Message
from cellwright.readers.engine.clock import UNIX, unix
from cellwright.readers.engine.spectra import completed
from cellwright.readers.engine.steps import count_steps
from cellwright.readers.makes.biologic.head import Head, read_head
from cellwright.readers.makes.biologic.modules import DATA, MAGIC, find_modules
from cellwright.readers.makes.biologic.mpt import is_export, read_export
from cellwright.readers.makes.biologic.words import COUNTERS, LOOP, MODE, in_bdf
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader


def _recognises(file: RawFile) -> bool:
    return file.data.startswith(MAGIC) or is_export(file)


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if file.data.startswith(MAGIC):
        from cellwright.readers.makes.biologic.packed import read_records

        found = find_modules(file)
        frame, notes = read_records(found[DATA], file)
        return [_draft(frame, read_head(found), "mpr", tuple(notes), ask)]
    frame, known, notes = read_export(file)
    return [_draft(frame, known, "mpt", tuple(notes), ask)]


def _draft(frame: pl.DataFrame, known: Head, form: str, notes: tuple[Message, ...], ask: Ask) -> Draft:
    bdf, meanings = in_bdf(_with_loops(frame, known.loops))
    bdf, spectrum = completed(bdf)
    bdf = count_steps(bdf, [LOOP, "step_id", MODE])
    bdf, doubtful = _with_unix(bdf, known.start, ask)
    return Draft(
        bdf,
        form,
        channel=known.channel,
        start=known.start,
        notes=(*notes, *meanings, *spectrum, *doubtful),
        metadata=dict(known.facts),
        required=_required(bdf),
    )


def _with_loops(frame: pl.DataFrame, starts: tuple[int, ...]) -> pl.DataFrame:
    """Add the number of the loop, where the technique was run several times."""
    if not starts:
        return frame
    rows = pl.int_range(frame.height, eager=True)
    loop = pl.Series(starts).search_sorted(rows, side="right").cast(pl.Int64) - 1
    return frame.with_columns(loop.alias(LOOP))


def _with_unix(bdf: pl.DataFrame, start: str | None, ask: Ask) -> tuple[pl.DataFrame, list[Message]]:
    """Add the test time to the moment at which it was 0."""
    if start is None or ask.timezone is None or TIME not in bdf.columns:
        return bdf, []
    moment, notes = unix(pl.Series([datetime.fromisoformat(start)]), ask.timezone)
    return bdf.with_columns((pl.col(TIME) + moment[0]).alias(UNIX)), notes


def _required(bdf: pl.DataFrame) -> tuple[str, ...]:
    """Ask for time, voltage and current, but of a spectrum that lacks one of them only what it is made of."""
    spectrum = set(SPECTRUM) <= set(bdf.columns) and not set(REQUIRED) <= set(bdf.columns)
    return SPECTRUM if spectrum else REQUIRED


READER = Reader(
    "biologic",
    "BioLogic",
    (Format("mpr", proof="twin", counters=COUNTERS), Format("mpt", counters=COUNTERS)),
    (".mpr", ".mpt"),
    _recognises,
    _read,
)
