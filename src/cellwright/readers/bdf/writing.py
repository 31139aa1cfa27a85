"""A recording's table to BDF: CSV, packed or not, and Parquet."""

import gzip
from pathlib import Path
from typing import BinaryIO

import polars as pl

from cellwright.core.columns import folded_cells
from cellwright.core.errors import UsageError
from cellwright.core.files import whole_file
from cellwright.core.recording import Recording


def write(recording: Recording, path: str | Path) -> None:
    """Write a recording's table as BDF, under machine names; the file is there whole or not at all.

    Parameters
    ----------
    recording
        What to write.
    path
        Ends in ``.csv``, ``.csv.gz`` or ``.parquet``. In CSV, array columns unfold to ``cell_voltage_001_volt``, ….

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
        encode(recording.table, file)


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
