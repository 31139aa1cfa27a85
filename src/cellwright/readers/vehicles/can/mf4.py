"""ASAM MF4 files through asammdf, in a process of its own: a damaged file can take the library, and the process, down with it.

``python -m cellwright.readers.vehicles.can.mf4 FILE OUT`` writes what FILE holds as arrays to OUT.
"""

import logging
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cellwright.core.errors import DamagedFile
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile
from cellwright.readers.vehicles.dbc import can_library

STARTING_S, SECONDS_A_BYTE = 60.0, 1e-6
FRAME = "CAN_DataFrame"
BEGIN = "begin"
ARRAYS = ("time", "identifier", "extended", "bus", "length", "data")


def content(file: RawFile) -> dict[str, np.ndarray[Any, Any]]:
    """Return what an MF4 file holds.

    Frames of a bus as `ARRAYS` with ``begin``, the Unix time [s] that their times count from; else the recorded signals, each as
    ``NAME/time`` and ``NAME/values``. Raises `DamagedFile`, and `UsageError` where asammdf is missing.
    """
    can_library("asammdf")
    with TemporaryDirectory(prefix="cellwright-") as folder, file.on_disk(".mf4") as path:
        out = Path(folder) / "content.npz"
        command = [sys.executable, "-m", __name__, str(path), str(out)]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=STARTING_S + SECONDS_A_BYTE * len(file.data))  # noqa: S603 - our own module
        except subprocess.TimeoutExpired:
            raise DamagedFile("readers.damaged", file=file.file, cause="asammdf: timeout") from None
        if done.returncode or not out.exists():
            last = (done.stderr.decode(errors="replace").strip().splitlines() or [f"asammdf: {done.returncode}"])[-1]
            raise DamagedFile("readers.damaged", file=file.file, cause=last[:200])
        with guarded(file=file.file), np.load(out, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


def _write(source: str, target: str) -> None:
    from asammdf import MDF

    logging.getLogger("asammdf").setLevel(logging.CRITICAL)
    with MDF(source) as log:
        groups = [n for n, group in enumerate(log.groups) if any(c.name == FRAME for c in group.channels)]
        arrays = _bus(log, groups) if groups else _signals(log)
    np.savez(target, **arrays)


def _bus(log: Any, groups: list[int]) -> dict[str, Any]:
    parts = [log.get(FRAME, group=n, raw=True) for n in groups]
    frames = [part.samples for part in parts]
    width = 64 if max(f[f"{FRAME}.DataBytes"].shape[1] for f in frames) > 8 else 8
    return {
        "time": np.concatenate([part.timestamps for part in parts]).astype(np.float64),
        "identifier": np.concatenate([f[f"{FRAME}.ID"] for f in frames]).astype(np.uint32) & 0x1FFFFFFF,
        "extended": np.concatenate([_field(f, "IDE") for f in frames]).astype(bool),
        "bus": np.concatenate([_field(f, "BusChannel") for f in frames]).astype(np.int64),
        "length": np.concatenate([_field(f, "DataLength") for f in frames]).clip(0, width).astype(np.uint8),
        "data": np.concatenate([_widened(f[f"{FRAME}.DataBytes"], width) for f in frames]),
        BEGIN: np.array(log.header.start_time.timestamp()),
    }


def _field(frames: Any, name: str) -> Any:
    return frames[f"{FRAME}.{name}"] if f"{FRAME}.{name}" in frames.dtype.names else np.zeros(len(frames))


def _widened(data: Any, width: int) -> Any:
    return np.pad(data, ((0, 0), (0, max(0, width - data.shape[1]))))[:, :width].astype(np.uint8)


def _signals(log: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for signal in log.iter_channels(skip_master=True):
        values = np.asarray(signal.samples)
        if values.ndim == 1 and values.dtype.kind in "iufb" and len(values):
            found |= {f"{signal.name}/time": np.asarray(signal.timestamps, np.float64), f"{signal.name}/values": values}
    return found


if __name__ == "__main__":
    _write(*sys.argv[1:3])
