"""Samples of a data folder by make and format, as the program itself tells them apart."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellwright import readers
from cellwright.core.errors import CellwrightError
from cellwright.readers.opening import open_files

FOLDERS = ("testers/*/**/*", "safety/*/**/*", "soh/nebula_step_sheets/*")
PACKED = (".zip", ".gz")
BINARY = ("nda", "ndax", "mpr", "res", "h5")


@dataclass(frozen=True)
class Sample:
    """A real file that reads.

    Parameters
    ----------
    path
        Where it is.
    make, format
        As its recordings say.
    is_text
        Whether it is a text export.
    """

    path: Path
    make: str
    format: str
    is_text: bool

    @property
    def size(self) -> int:
        return self.path.stat().st_size


def find_samples(data: Path) -> list[Sample]:
    """Read every file once; what does not read is none."""
    logging.disable(logging.CRITICAL)
    found: list[Sample] = []
    for path in sorted({path for pattern in FOLDERS for path in data.glob(pattern) if path.is_file()}):
        try:
            source = readers.read_all(path, rate_hz=1.0)[0].source
            is_text = path.suffix.lower() not in PACKED and open_files(path)[0].encoding is not None
        except CellwrightError:
            continue
        found.append(Sample(path, source.make, source.format, is_text))
    logging.disable(logging.NOTSET)
    return found


def by_format(samples: Sequence[Sample]) -> Mapping[tuple[str, str], list[Sample]]:
    """Samples of each make and format, the largest first."""
    groups: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda s: (-s.size, s.path.name)):
        groups[sample.make, sample.format].append(sample)
    return groups
