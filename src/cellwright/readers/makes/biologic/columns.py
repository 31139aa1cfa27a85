"""Columns of an ``.mpr`` by their numbers.

Each number, its name and its type was found by holding a file against the ``.mpt`` that EC-Lab exported of the same run: the columns
stand in the same order, and the values agree to the printed digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

UNSIGNED_16 = "<u2"
UNSIGNED_32 = "<u4"
SINGLE = "<f4"
DOUBLE = "<f8"


@dataclass(frozen=True)
class Flag:
    """A column that is a few bits of the record's first byte.

    Parameters
    ----------
    name
        As EC-Lab exports it.
    mask, shift
        Which bits of the byte, and how far above its lowest bit they lie.
    """

    name: str
    mask: int
    shift: int


# The bit 0x40 stands in the first record of each loop and is not exported.
FLAGS: Mapping[int, Flag] = {
    1: Flag("mode", 0x03, 0),
    2: Flag("ox/red", 0x04, 2),
    3: Flag("error", 0x08, 3),
    21: Flag("control changes", 0x10, 4),
    31: Flag("Ns changes", 0x20, 5),
    65: Flag("counter inc.", 0x80, 7),
}

_DOUBLES = {
    4: "time/s",
    7: "dq/mA.h",
    11: "<I>/mA",
    13: "(Q-Qo)/mA.h",
    23: "dQ/mA.h",
    24: "cycle number",
    74: "|Energy|/W.h",
    123: "Energy charge/W.h",
    124: "Energy discharge/W.h",
    125: "Capacitance charge/µF",
    126: "Capacitance discharge/µF",
    438: "step time/s",
    467: "Q charge/discharge/mA.h",
    880: "Energy we/W.h",
}
_SINGLES = {
    5: "control/V/mA",
    6: "Ewe/V",
    8: "I/mA",
    9: "Ece/V",
    19: "control/V",
    20: "control/mA",
    32: "freq/Hz",
    33: "|Ewe|/V",
    34: "|I|/A",
    35: "Phase(Z)/deg",
    36: "|Z|/Ohm",
    37: "Re(Z)/Ohm",
    38: "-Im(Z)/Ohm",
    70: "P/W",
    76: "<I>/mA",
    77: "<Ewe>/V",
    96: "|Ece|/V",
    98: "Phase(Zce)/deg",
    99: "|Zce|/Ohm",
    100: "Re(Zce)/Ohm",
    101: "-Im(Zce)/Ohm",
    169: "Cs/µF",
    172: "Cp/µF",
    174: "<Ewe>/V",
    430: "Phase(Zwe-ce)/deg",
    431: "|Zwe-ce|/Ohm",
    432: "Re(Zwe-ce)/Ohm",
    433: "-Im(Zwe-ce)/Ohm",
    434: "(Q-Qo)/C",
    435: "dQ/C",
    441: "<Ece>/V",
    471: "<Ece>/V",
    473: "THD Ewe/%",
    474: "THD I/%",
    476: "NSD Ewe/%",
    477: "NSD I/%",
    479: "NSR Ewe/%",
    480: "NSR I/%",
} | {first + harmonic: f"|{of} h{harmonic}|/{unit}" for first, of, unit in ((484, "Ewe", "V"), (490, "I", "A")) for harmonic in range(2, 8)}

COLUMNS: Mapping[int, tuple[str, str]] = (
    {131: ("Ns", UNSIGNED_16), 39: ("I Range", UNSIGNED_16), 468: ("half cycle", UNSIGNED_32), 469: ("z cycle", UNSIGNED_32)}
    | {number: (name, DOUBLE) for number, name in _DOUBLES.items()}
    | {number: (name, SINGLE) for number, name in _SINGLES.items()}
)

TECHNIQUES: Mapping[int, str] = {
    0x04: "Galvanostatic Cycling with Potential Limitation",
    0x06: "Cyclic Voltammetry",
    0x0B: "Open Circuit Voltage",
    0x18: "Chronoamperometry / Chronocoulometry",
    0x19: "Chronopotentiometry",
    0x1C: "Wait",
    0x1D: "Potentio Electrochemical Impedance Spectroscopy",
    0x1E: "Galvano Electrochemical Impedance Spectroscopy",
    0x6C: "Linear Sweep Voltammetry",
    0x75: "Constant Voltage",
    0x76: "Constant Current",
    0x7F: "Modulo Bat",
}
