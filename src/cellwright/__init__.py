"""cellwright: from a battery tester's raw file to a decision that somebody will put their name to.

The public face is small and is verbs::

    import cellwright as cw

    recording = cw.read("cell-17.ndax")
    cw.measure.capacity(recording)
    cw.assess(["truckload/"], out="out")

Rooms import their libraries when they are entered: ``import cellwright`` itself loads none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellwright import grading, health, measure, plot, report, safety
    from cellwright.assess import assess
    from cellwright.core.battery import Battery
    from cellwright.core.quantity import Quantity
    from cellwright.core.recording import Recording
    from cellwright.core.tester import Tester, default_tester
    from cellwright.readers import read, read_all, scan, write

__version__ = "0.1.0"

_HOMES = {
    "read": "cellwright.readers",
    "read_all": "cellwright.readers",
    "scan": "cellwright.readers",
    "write": "cellwright.readers",
    "assess": "cellwright.assess",
    "Battery": "cellwright.core.battery",
    "Quantity": "cellwright.core.quantity",
    "Recording": "cellwright.core.recording",
    "Tester": "cellwright.core.tester",
    "default_tester": "cellwright.core.tester",
}
_ROOMS = ("measure", "health", "safety", "grading", "plot", "report")

__all__ = [
    "Battery",
    "Quantity",
    "Recording",
    "Tester",
    "__version__",
    "assess",
    "default_tester",
    "grading",
    "health",
    "measure",
    "plot",
    "read",
    "read_all",
    "report",
    "safety",
    "scan",
    "write",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return import_module(f"cellwright.{name}")
    raise AttributeError(f"module 'cellwright' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
