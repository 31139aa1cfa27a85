"""Write frames into HDF5 as pandas lays them out, without pandas."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def names_pickled(names: list[str]) -> bytes:
    """Text pickle of a list of names, protocol 0: what pandas 1 leaves as an attribute."""
    items = "".join(f"{'a' if n else ''}V{name}\np{n + 1}\n" for n, name in enumerate(names))
    return f"(lp0\n{items}a.".encode()


def fixed(path: Path, frame: str, blocks: list[Mapping[str, Any]]) -> Path:
    """Write a frame in the fixed layout: each block is columns of one type."""
    with h5py.File(path, "a") as store:
        group = store.create_group(frame)
        for nth, block in enumerate(blocks):
            group[f"block{nth}_items"] = np.array([name.encode() for name in block])
            values = group.create_dataset(f"block{nth}_values", data=np.stack(list(block.values()), axis=1))
            values.attrs["transposed"] = np.uint8(1)
    return path


def table(path: Path, frame: str, blocks: list[Mapping[str, Any]]) -> Path:
    """Write a frame in the layout that can be appended to: one compound row a record, a field for each block."""
    arrays = [np.stack(list(block.values()), axis=1) for block in blocks]
    kinds = [("index", "<i8"), *((f"values_block_{n}", a.dtype.str, (a.shape[1],)) for n, a in enumerate(arrays))]
    records = np.zeros(len(arrays[0]), kinds)
    for n, array in enumerate(arrays):
        records[f"values_block_{n}"] = array
    with h5py.File(path, "a") as store:
        node = store.create_dataset(f"{frame}/table", data=records, chunks=True, compression="gzip")
        for n, block in enumerate(blocks):
            node.attrs[f"values_block_{n}_kind"] = np.bytes_(names_pickled(list(block)))
    return path
