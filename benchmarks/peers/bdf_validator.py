"""Runs in the environment of batterydf: validate the BDF files named on standard input, and print a report of each as a line of JSON.

batterydf 0.1.0 validates a ``.csv.gz`` by its name and cannot open it: such a file is unpacked first.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import warnings
from pathlib import Path

import bdf


def report(path: Path) -> dict[str, object]:
    with warnings.catch_warnings(record=True) as caught, tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("always")
        if path.suffix == ".gz":
            unpacked = Path(folder, path.stem)
            unpacked.write_bytes(gzip.decompress(path.read_bytes()))
            path = unpacked
        found = bdf.validate(path, raise_on_error=False)
    return {"ok": found["ok"], "said": found.get("detail") or found.get("missing"), "warnings": [str(w.message) for w in caught]}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(report(Path(line.strip()))), flush=True)
