"""Files that are there whole or not at all."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cellwright.core.errors import UsageError


@contextmanager
def whole_file(path: Path) -> Generator[BinaryIO]:
    """Open a file to be written beside and renamed when done: nobody sees half of it, and an interrupted write leaves the old one.

    Parameters
    ----------
    path
        Where it is to be; its folder is made where it is missing.

    Raises
    ------
    UsageError
        A place that cannot be written to.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                yield file
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError("core.cannot_write", path=str(path), detail=error.strerror or str(error)) from None


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file as `whole_file` does, at once."""
    with whole_file(path) as file:
        file.write(content)
    return path
