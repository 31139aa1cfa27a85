"""Environments of other programs, each of its own under ``.bench/``, made when they are first asked for."""

from __future__ import annotations

import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".bench"
REQUIREMENTS = {
    "ampworks": ("ampworks==0.1.0",),
    "batterydf": ("batterydf==0.1.0",),
    "galvani": ("galvani==0.5.0", "pandas"),
    "yadg": ("yadg==7.0.1",),
    "impedance": ("impedance==1.7.1", "pandas", "pytest"),
    "pydrttools": ("pyDRTtools==0.2", "numpy", "scipy", "pandas", "matplotlib", "cvxopt", "scikit-learn"),
    "cellpy": ("cellpy==1.0.3",),
    "pybamm": ("pybamm==26.10.1.1",),
    "pyprobe": ("PyProBE-Data==2.6.1",),
}


@cache
def python_of(peer: str) -> Path | None:
    """Return the Python that has a peer, with the peer installed if need be; None, and why on stderr, where it cannot be had."""
    python = FOLDER / peer / "bin" / "python"
    done = FOLDER / peer / "installed"
    if done.exists():
        return python
    print(f"making {FOLDER.name}/{peer} ...", file=sys.stderr)
    venv.create(FOLDER / peer, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS[peer]]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        print(f"{peer} cannot be installed, so nothing is held against it:\n{installed.stderr.strip()[-500:]}", file=sys.stderr)
        return None
    done.touch()
    return python
