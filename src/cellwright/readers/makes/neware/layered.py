"""The layered text export of Neware's BTS client: a row for each cycle, under it one for each step, under that the records."""

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.readers.engine import text
from cellwright.readers.engine.names import split_unit, unique
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile

LAYERS = ("cycle id", "step id", "record id")
CYCLE, STEP, STEP_NAME = "Cycle ID", "Step ID", "Step Name"


def _headers(file: RawFile) -> tuple[list[list[str]], int]:
    lines = file.head.splitlines(keepends=True)[: len(LAYERS)]
    return [text.split_line(line, ",")[0] for line in lines], sum(len(line) for line in lines)


def is_layered(file: RawFile) -> bool:
    """Tell the export by its three headers, each a column further in."""
    headers, _ = _headers(file)
    if len(headers) < len(LAYERS):
        return False
    return all(len(cells) > n and split_unit(cells[n])[0] == LAYERS[n] and not any(cells[:n]) for n, cells in enumerate(headers))


def records(file: RawFile) -> pl.DataFrame:
    """Read the records, each with the cycle and the step that it stands under; raises `DamagedFile`."""
    headers, offset = _headers(file)
    with guarded(file=file.file):
        lines = pl.Series("line", file.text[offset:].decode("utf-8", errors="replace").splitlines())
        above = _above(lines, headers[1])
        body = "\n".join(above["line"].to_list()).encode()
        if not body:
            raise DamagedFile("readers.no_rows", file=file.file)
        frame = pl.read_csv(body, has_header=False, infer_schema=False, truncate_ragged_lines=True)
        names = unique([*headers[2], *[""] * frame.width])[: frame.width]
        frame.columns = names
        return frame.drop(names[:2]).hstack(above.drop("line"))


def _above(lines: pl.Series, steps: list[str]) -> pl.DataFrame:
    """Return the records' lines, each with what stands in the lines of the cycle and the step above it."""
    cells = pl.col("line").str.split(",")
    layer = pl.when(pl.col("line").str.starts_with(",,")).then(2).when(pl.col("line").str.starts_with(",")).then(1).otherwise(0)
    named = next((n for n, cell in enumerate(steps) if split_unit(cell)[0] == STEP_NAME.lower()), None)
    told = {CYCLE: (0, 0), STEP: (1, 1)} | ({STEP_NAME: (1, named)} if named is not None else {})
    return (
        pl.DataFrame(lines)
        .filter(pl.col("line").str.strip_chars(", ") != "")
        .with_columns(layer.alias("layer"))
        .with_columns(
            pl.when(pl.col("layer") == at).then(cells.list.get(n, null_on_oob=True)).forward_fill().alias(name)
            for name, (at, n) in told.items()
        )
        .filter(pl.col("layer") == 2)
        .drop("layer")
    )
