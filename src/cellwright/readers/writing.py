"""A recording's table to BDF: CSV, packed or not, and Parquet."""

import gzip
import io
from pathlib import Path
from tempfile import NamedTemporaryFile

import polars as pl

from cellwright.core.columns import folded_cells
from cellwright.core.errors import UsageError
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
    content = _encoded(recording.table, path)
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as beside:
            temporary = Path(beside.name)
            try:
                beside.write(content)
                beside.close()
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError("readers.cannot_write", file=str(path), cause=error.strerror or type(error).__name__) from None


def _encoded(table: pl.DataFrame, path: Path) -> bytes:
    name = path.name.lower()
    content = io.BytesIO()
    if name.endswith(".parquet"):
        table.write_parquet(content, compression="zstd")
        return content.getvalue()
    if not name.endswith((".csv", ".csv.gz")):
        raise UsageError("readers.cannot_write_format", file=str(path))
    _unfolded(table).write_csv(content)
    return gzip.compress(content.getvalue(), mtime=0) if name.endswith(".gz") else content.getvalue()


def _unfolded(table: pl.DataFrame) -> pl.DataFrame:
    parts: list[pl.Expr] = []
    for name, dtype in table.schema.items():
        if isinstance(dtype, pl.Array):
            parts += [pl.col(name).arr.get(n, null_on_oob=False).alias(cell) for n, cell in enumerate(folded_cells(name, dtype.size))]
        else:
            parts.append(pl.col(name))
    return table.select(parts)
