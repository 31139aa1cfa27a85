"""A recording to BDF: its table as CSV, packed or not, or Parquet, and beside it what the table does not hold."""

import gzip
import hashlib
from pathlib import Path
from typing import BinaryIO

import polars as pl

from cellwright.core.columns import REQUIRED, folded_cells
from cellwright.core.errors import UsageError
from cellwright.core.files import whole_file
from cellwright.core.recording import Recording
from cellwright.readers.bdf.sidecar import sidecar_of, sidecar_path


def write(recording: Recording, path: str | Path) -> None:
    """Write a recording as BDF, under machine names: its table, and beside it where it came from; each is there whole or not at all.

    Parameters
    ----------
    recording
        What to write. Where it is an impedance spectrum alone, the columns that BDF requires are written empty.
    path
        Ends in ``.csv``, ``.csv.gz`` or ``.parquet``. In CSV, array columns unfold to ``cell_voltage_001_volt``, …. The source, the
        notes and the metadata go into a JSON file of that name and ``.metadata.json``.

    Raises
    ------
    UsageError
        Another ending, or a place that cannot be written to.
    """
    path = Path(path)
    encode = next((e for suffix, e in _ENCODERS.items() if path.name.lower().endswith(suffix)), None)
    if encode is None:
        raise UsageError("readers.cannot_write_format", file=str(path))
    with whole_file(path) as file:
        encode(_with_required(recording.table), file)
        file.flush()
        # The metadata first: with a table that is not theirs they are left aside, and a table without them has lost its source.
        with whole_file(sidecar_path(path)) as beside:
            beside.write(sidecar_of(recording, _digest(Path(file.name))))


def _digest(path: Path) -> str:
    with path.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _with_required(table: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in REQUIRED if name not in table.columns]
    return table.select(*(pl.lit(None, pl.Float64).alias(name) for name in missing), pl.all())


def _parquet(table: pl.DataFrame, file: BinaryIO) -> None:
    table.write_parquet(file, compression="zstd")


def _csv(table: pl.DataFrame, file: BinaryIO) -> None:
    _unfolded(table).write_csv(file)


def _packed_csv(table: pl.DataFrame, file: BinaryIO) -> None:
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        _unfolded(table).write_csv(packed)  # pyright: ignore[reportCallIssue, reportArgumentType]


_ENCODERS = {".parquet": _parquet, ".csv": _csv, ".csv.gz": _packed_csv}


def _unfolded(table: pl.DataFrame) -> pl.DataFrame:
    parts: list[pl.Expr] = []
    for name, dtype in table.schema.items():
        if isinstance(dtype, pl.Array):
            parts += [pl.col(name).arr.get(n, null_on_oob=False).alias(cell) for n, cell in enumerate(folded_cells(name, dtype.size))]
        else:
            parts.append(pl.col(name))
    return table.select(parts)
