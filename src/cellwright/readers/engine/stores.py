"""Frames that pandas stored in HDF5, read without unpickling anything: a stored pickle may run whatever its writer wanted.

Shapes are held against what the file stores before anything is read, and nothing outside of the file is followed.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile

MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_BYTES = 4 << 30
MOST_ATTRIBUTE = 1 << 20
PACKED_AT_MOST = 200
BLOCKS = 1000

# Lists of names are stored as text pickles, in which each name stands on a line of its own after a V.
_PICKLED_NAME = re.compile(rb"^a?V(.*)$", re.MULTILINE)


def is_store(file: RawFile, *groups: str) -> bool:
    """Tell whether an HDF5 file names all these groups."""
    return file.data.startswith(MAGIC) and all(file.data.find(group.encode() + b"\0") >= 0 for group in groups)


def stored_frames(file: RawFile, *names: str) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Read those of the named frames that are there.

    Returns
    -------
    The frames by name, and the columns that hold pickled objects and were left out.

    Raises
    ------
    DamagedFile
        Where the file cannot be read, or declares more than it can hold.
    """
    frames: dict[str, pl.DataFrame] = {}
    pickled: list[str] = []
    with guarded(file=file.file), _opened(file) as store:
        for name in names:
            if (group := _inside(store, name)) is None:
                continue
            columns = dict(_table(group, file) if "table" in group else _blocks(group, file, pickled))
            frames[name] = pl.DataFrame(columns)
    return frames, pickled


@contextmanager
def _opened(file: RawFile) -> Generator[Any]:
    import h5py  # pyright: ignore[reportMissingTypeStubs]

    with file.on_disk(".h5") as path, h5py.File(path, "r", locking=False) as store:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportAttributeAccessIssue]
        yield store


def _table(group: Any, file: RawFile) -> Iterator[tuple[str, pl.Series]]:
    """Read the layout that can be appended to: one row a record, columns of one type in a block of their own."""
    node = _inside(group, "table")
    records = _read(node, file)
    for field in records.dtype.names or ():
        if field == "index":
            continue
        block = records[field]
        if block.ndim == 1:
            yield field, _series(block)
            continue
        names = _pickled_names(node, f"{field}_kind", file)
        yield from _named(names, block, file)


def _blocks(group: Any, file: RawFile, pickled: list[str]) -> Iterator[tuple[str, pl.Series]]:
    """Read the fixed layout: blocks of one type, each with its columns' names."""
    for nth in range(BLOCKS):
        items = _inside(group, f"block{nth}_items")
        node = _inside(group, f"block{nth}_values")
        if items is None or node is None:
            return
        names = [_text(name) for name in _read(items, file).tolist()]
        if node.dtype.kind == "O":
            pickled += names
            continue
        block = _read(node, file)
        yield from _named(names, block if node.attrs.get("transposed", 0) else block.T, file)


def _named(names: list[str], block: Any, file: RawFile) -> Iterator[tuple[str, pl.Series]]:
    if block.ndim != 2 or block.shape[1] != len(names):
        raise DamagedFile("readers.names_do_not_fit", file=file.file, names=len(names), shape=[int(n) for n in block.shape])
    for nth, name in enumerate(names):
        yield name, _series(block[:, nth])


def _inside(group: Any, name: str) -> Any:
    """Return what lies under a name in the file itself; None for what is not there or is only pointed at."""
    import h5py  # pyright: ignore[reportMissingTypeStubs]

    link = group.get(name, getlink=True)
    return group[name] if isinstance(link, h5py.HardLink) else None  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]


def _read(node: Any, file: RawFile) -> Any:
    """Read a data set whose declared size fits what is stored of it."""
    size = prod(node.shape) * node.dtype.itemsize
    chunk = prod(node.chunks or (0,)) * node.dtype.itemsize
    stored = node.id.get_storage_size()
    most = min(MOST_BYTES, PACKED_AT_MOST * min(stored, len(file.data)))
    if node.dtype.hasobject or node.is_virtual or node.external or size > most or chunk > max(most, MOST_ATTRIBUTE):
        raise DamagedFile("readers.declares_too_much", file=file.file, declared_bytes=size, stored_bytes=stored)
    return node[()]


def _pickled_names(node: Any, attribute: str, file: RawFile) -> list[str]:
    if node.attrs.get_id(attribute).get_storage_size() > MOST_ATTRIBUTE:
        raise DamagedFile("readers.declares_too_much", file=file.file, declared_bytes=0, stored_bytes=0)
    text = bytes(node.attrs[attribute])
    return [name.decode("raw_unicode_escape") for name in _PICKLED_NAME.findall(text)]


def _series(values: Any) -> pl.Series:
    import numpy as np

    if values.dtype.kind == "S":
        return pl.Series([_text(value) for value in values.tolist()], dtype=pl.String)
    # What is missing, pandas marks with NaN.
    return pl.Series(np.ascontiguousarray(values)).fill_nan(None) if values.dtype.kind == "f" else pl.Series(np.ascontiguousarray(values))


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")
