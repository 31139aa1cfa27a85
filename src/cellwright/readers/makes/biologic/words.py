"""EC-Lab's columns in BDF's words, the same for ``.mpr`` and ``.mpt``.

- Voltage: ``Ecell``; else ``Ewe`` less ``Ece`` where the counter electrode was measured, since both are against a reference;
  else ``Ewe``. Power, energy and impedance are the working electrode's alone then, and only those of both electrodes are BDF's.
- Current: ``I``, else its mean ``<I>``. The ``.mpr`` of a galvanostatic test has neither: EC-Lab's own export makes ``<I>`` of the charge
  of each interval over its length, and so it is done here. Positive is oxidation at the working electrode, which is charge for a battery
  whose positive electrode that is: at a positive voltage such a current brings energy in.
- ``Q charge/discharge`` and its two halves begin at zero with each half cycle, which is neither a step nor a cycle: schedule capacities.
  ``Energy charge`` and ``Energy discharge`` begin at zero with each cycle. ``Q-Qo`` and ``|Energy|`` begin at zero with each loop: they
  are the test's where it has a single one, else they keep their names.
- ``step time`` stands at zero through a rest and counts from the test's start in its first step: it keeps its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from cellwright.core.columns import CURRENT, FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, TIME, VOLTAGE
from cellwright.core.messages import Message, message

MODE, CYCLE, HALF_CYCLE, LOOP = "mode", "cycle number", "half cycle", "loop"
REST = 3

COUNTERS = {
    "Q charge": "schedule_charging_capacity_ah",
    "Q discharge": "schedule_discharging_capacity_ah",
    "Q charge/discharge, above 0": "schedule_charging_capacity_ah",
    "Q charge/discharge, below 0": "schedule_discharging_capacity_ah",
    "(Q-Qo), of a single loop": "net_capacity_ah",
    "Energy charge": "cycle_charging_energy_wh",
    "Energy discharge": "cycle_discharging_energy_wh",
    "|Energy|, of a single loop": "cumulative_energy_wh",
}

_UNITS: Mapping[str, float] = (
    dict.fromkeys(("s", "V", "A", "A.h", "W", "W.h", "Ohm", "Hz", "deg", "°C"), 1)
    | dict.fromkeys(("ms", "mV", "mA", "mA.h", "mW", "mW.h", "mOhm"), 1e-3)
    | dict.fromkeys(("µV", "µA", "µA.h", "µW", "µW.h"), 1e-6)
    | {"min": 60, "h": 3600, "kOhm": 1e3, "kHz": 1e3, "C": 1 / 3600}
)


@dataclass(frozen=True, eq=False)
class Vendor:
    """A table under EC-Lab's names, and the columns that it has by their names without unit."""

    frame: pl.DataFrame
    by_stem: Mapping[str, tuple[str, float]]

    def has(self, *stems: str) -> bool:
        """Tell whether these columns are there."""
        return all(stem in self.by_stem for stem in stems)

    def value(self, stem: str) -> pl.Expr:
        """Return a column in BDF's unit."""
        name, scale = self.by_stem[stem]
        column = pl.col(name).cast(pl.Float64)
        return column * scale if scale != 1 else column

    def name(self, stem: str) -> str:
        """Return a column's whole name."""
        return self.by_stem[stem][0]


@dataclass(frozen=True)
class Meaning:
    """What some columns mean: BDF columns as expressions, the vendor's columns that they stand for, and notes."""

    columns: Mapping[str, pl.Expr] = field(default_factory=dict[str, pl.Expr])
    stand_for: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


def vendor(frame: pl.DataFrame) -> Vendor:
    """Part the names of the columns that hold numbers into stem and unit, at the last slash."""
    stems: dict[str, tuple[str, float]] = {}
    for name, kind in frame.schema.items():
        stem, slash, unit = name.rpartition("/")
        if kind.is_numeric() and (not slash or unit in _UNITS):
            stems.setdefault(stem if slash else name, (name, _UNITS[unit] if slash else 1))
    return Vendor(frame, stems)


def in_bdf(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Put EC-Lab's columns into BDF's words; what has none stays as it is."""
    table = vendor(frame)
    meanings = [say(table) for say in _SAYINGS]
    columns = {name: column for meaning in meanings for name, column in meaning.columns.items()}
    gone = {name for meaning in meanings for name in meaning.stand_for}
    rest = [name for name in frame.columns if name not in gone]
    return frame.select(*(column.alias(name) for name, column in columns.items()), *rest), [n for m in meanings for n in m.notes]


def _both_electrodes(table: Vendor) -> bool:
    return not table.has("Ecell") and (table.has("Ewe-Ece") or (_counter(table) is not None and _working(table) is not None))


def _working(table: Vendor) -> str | None:
    return next((stem for stem in ("Ewe", "<Ewe>") if table.has(stem)), None)


def _counter(table: Vendor) -> str | None:
    return next((stem for stem in ("Ece", "<Ece>") if table.has(stem)), None)


def _plain(words: Mapping[str, str]) -> Callable[[Vendor], Meaning]:
    """Make a saying of columns that mean one thing each; the first that is there of several is taken."""

    def say(table: Vendor) -> Meaning:
        found: dict[str, str] = {}
        for stem, column in words.items():
            if table.has(stem):
                found.setdefault(column, stem)
        return Meaning({c: table.value(stem) for c, stem in found.items()}, tuple(table.name(stem) for stem in found.values()))

    return say


def _voltage(table: Vendor) -> Meaning:
    if not _both_electrodes(table):
        return _plain({"Ecell": VOLTAGE, "Ewe": VOLTAGE, "<Ewe>": VOLTAGE})(table)
    notes = (message("readers.biologic_cell_voltage"),)
    if table.has("Ewe-Ece"):
        return Meaning({VOLTAGE: table.value("Ewe-Ece")}, (table.name("Ewe-Ece"),), notes)
    return Meaning({VOLTAGE: table.value(str(_working(table))) - table.value(str(_counter(table)))}, (), notes)


def _current(table: Vendor) -> Meaning:
    if table.has("I") or table.has("<I>"):
        return _plain({"I": CURRENT, "<I>": CURRENT})(table)
    if table.has("dq", "time"):
        return _current_of_charge(table)
    rests = table.has("Ewe", MODE) or table.has("<Ewe>", MODE)
    if rests and (table.frame[MODE] == REST).all():
        return Meaning({CURRENT: pl.lit(0.0)}, (), (message("readers.current_zero_at_open_circuit"),))
    return Meaning()


def _current_of_charge(table: Vendor) -> Meaning:
    """Divide the charge of each interval by its length; where there is no interval, no charge is no current."""
    charge, length = table.value("dq"), table.value("time").diff()
    known = pl.when(length > 0).then(charge / length * 3600).when(charge == 0).then(0.0)
    current = table.frame.select(known).to_series()
    lacking = current.null_count()
    if lacking:
        current = current.fill_null(strategy="forward").fill_null(strategy="backward")
    return Meaning({CURRENT: pl.lit(current)}, (), (message("readers.current_from_charge", count=lacking),))


def _charge(table: Vendor) -> Meaning:
    if table.has("Q charge", "Q discharge"):
        return _plain({"Q charge": "schedule_charging_capacity_ah", "Q discharge": "schedule_discharging_capacity_ah"})(table)
    if not table.has("Q charge/discharge"):
        return Meaning()
    charge = table.value("Q charge/discharge")
    halves = {"schedule_charging_capacity_ah": charge, "schedule_discharging_capacity_ah": -charge}
    return Meaning({name: half.clip(lower_bound=0.0) for name, half in halves.items()}, (table.name("Q charge/discharge"),))


def _since_start(table: Vendor) -> Meaning:
    """Say what is counted since the test began, if it has a single loop."""
    words = {"(Q-Qo)": "net_capacity_ah", "|Energy|": "cumulative_energy_wh"}
    words = {stem: column for stem, column in words.items() if table.has(stem) and not (stem == "|Energy|" and _both_electrodes(table))}
    if LOOP not in table.frame.columns:
        return _plain(words)(table)
    return Meaning(notes=(message("readers.biologic_loops", columns=[table.name(s) for s in words]),) if words else ())


def _energy(table: Vendor) -> Meaning:
    part = " we-ce" if _both_electrodes(table) else ""
    power = ("Pwe-ce",) if part else ("P", "Pwe")
    directions = {f"Energy{part} {way}": f"cycle_{way[:-1]}ing_energy_wh" for way in ("charge", "discharge")}
    return _plain(directions | dict.fromkeys(power, "power_watt"))(table)


def _impedance(table: Vendor) -> Meaning:
    of = "Zwe-ce" if _both_electrodes(table) and table.has("Re(Zwe-ce)", "-Im(Zwe-ce)") else "Z"
    words = {"freq": FREQUENCY, f"Re({of})": REAL_IMPEDANCE, f"|{of}|": "absolute_impedance_ohm", f"Phase({of})": "phase_degree"}
    plain = _plain(words)(table)
    if not table.has(minus := f"-Im({of})"):
        return plain
    return Meaning({**plain.columns, IMAGINARY_IMPEDANCE: -table.value(minus)}, (*plain.stand_for, table.name(minus)))


def _steps(table: Vendor) -> Meaning:
    return Meaning({"step_id": pl.col("Ns").cast(pl.Int64, strict=False)}, ("Ns",)) if table.has("Ns") else Meaning()


def _cycles(table: Vendor) -> Meaning:
    """Take the cycles as they are numbered, else two half cycles for one, as EC-Lab's own export does."""
    if table.has(CYCLE):
        return Meaning({"cycle_count": pl.col(CYCLE).cast(pl.Int64, strict=False)}, (CYCLE,))
    if not table.has(HALF_CYCLE):
        return Meaning()
    cycles = pl.col(HALF_CYCLE).cast(pl.Int64, strict=False) // 2
    return Meaning({"cycle_count": cycles}, (), (message("readers.biologic_cycles_of_half_cycles"),))


_SAYINGS: tuple[Callable[[Vendor], Meaning], ...] = (
    _plain({"time": TIME, "Temperature": "temperature_t1_celsius"}),
    _voltage,
    _current,
    _charge,
    _since_start,
    _energy,
    _impedance,
    _steps,
    _cycles,
)
