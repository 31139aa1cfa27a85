"""Maccor text exports of every variant: the sign of the current comes from the state, units from the header or the clock."""

import re
from dataclasses import replace
from itertools import pairwise

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import moments
from cellwright.readers.engine.resistances import without_zeros
from cellwright.readers.engine.sensors import SENSORS, masked, placed
from cellwright.readers.engine.steps import STEP_TIME, count_steps, split_counters
from cellwright.readers.engine.timing import dated
from cellwright.readers.makes.maccor.impedance import is_impedance, read_impedance
from cellwright.readers.makes.maccor.sign import STATE, signed
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

TEST_TIMES = ("test", "testtime", "test time")
STEP_TIMES = ("steptime", "step time")
CLOCK = "dpt time"
UNITS_OF_TIME = {1.0: "s", 60.0: "min", 3600.0: "h"}
CLOCK_TOLERANCE = 0.02

MONTH_FIRST = ("%m/%d/%Y %H:%M:%S", "%d-%b-%y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S")
DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d-%b-%y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")

_KEYS = re.compile(r"(Today's Date|Date of Test|Filename|Procedure|Comment/Barcode)(?=[: ])")

DIALECT = text.Dialect(
    tells=frozenset({"step", CLOCK}),
    columns=dict.fromkeys(TEST_TIMES, TIME)
    | dict.fromkeys((*STEP_TIMES, "step (sec)", "step (min)", "step (hr)"), STEP_TIME)
    | {
        "rec#": "record_index",
        "rec": "record_index",
        "cyc#": "cycle_count",
        "cycle c": "cycle_count",
        "step": "step_id",
        "amps": CURRENT,
        "current": CURRENT,
        "volts": VOLTAGE,
        "voltage": VOLTAGE,
        "state": STATE,
        "md": STATE,
        "amp-hr": "step_cumulative_capacity_ah",
        "cap.": "step_cumulative_capacity_ah",
        "capacity": "step_cumulative_capacity_ah",
        "acimp": "ac_internal_resistance_ohm",
        "dcir": "dc_internal_resistance_ohm",
        "watt-hr": "step_cumulative_energy_wh",
        "ener.": "step_cumulative_energy_wh",
        "energy": "step_cumulative_energy_wh",
    }
    | {f"temp {n}": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)},
    needs=(CLOCK, "aux #", "units"),
    repeated=("units",),
)


def _recognises(file: RawFile) -> bool:
    return is_impedance(file) or text.find(file, DIALECT) is not None


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if is_impedance(file):
        return [read_impedance(file, ask)]
    layout = text.require(text.find(file, DIALECT), file)
    dates = DAY_FIRST if layout.decimal_comma else MONTH_FIRST
    frame, notes = text.parse(file, layout, DIALECT)
    units, timing = _units_of_time(frame, dates)
    table, lost = text.translate(frame, replace(DIALECT, units=units), file.file)
    table, signs = signed(count_steps(table, ["cycle_count", "step_id"]), file)
    table = split_counters(table, {"charging": pl.col(CURRENT) > 0, "discharging": pl.col(CURRENT) < 0})
    table, probes = _auxiliaries(table)
    table, resistances = without_zeros(table)
    head = _head(layout)
    channel = head.get("Tester Channel") or head.get("Channel")
    draft = Draft(table, "txt", channel=channel, notes=(*notes, *timing, *lost, *signs, *probes, *resistances), metadata=head)
    return [dated(draft, _clock(table), dates, ask)]


def _clock(table: pl.DataFrame) -> str:
    return next((c for c in table.columns if c.lower() == CLOCK), "")


def _units_of_time(frame: pl.DataFrame, dates: tuple[str, ...]) -> tuple[dict[str, str], list[Message]]:
    """Tell the unit of a test time whose header has none from the pace of the clock beside it."""
    name = next((c for c in frame.columns if c.lower() in TEST_TIMES), None)
    if name is None or not frame[name].dtype.is_numeric():
        return {}, []
    elapsed = float(frame[name].drop_nulls().tail(1).item()) - float(frame[name].drop_nulls().head(1).item())
    found, _ = moments(frame[_clock(frame)], dates)
    ends = found.parsed().drop_nulls() if found else pl.Series([])
    if len(ends) < 2 or elapsed <= 0:
        return {}, [message("readers.time_unit_assumed", column=name)]
    pace = (ends[-1] - ends[0]).total_seconds() / elapsed
    unit = next((u for scale, u in UNITS_OF_TIME.items() if abs(pace / scale - 1) < CLOCK_TOLERANCE), None)
    if unit is None:
        return {}, [message("readers.time_unit_assumed", column=name)]
    return dict.fromkeys((*TEST_TIMES, *STEP_TIMES), unit), [message("readers.time_unit_from_clock", column=name, unit=unit)]


def _auxiliaries(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Make temperatures of the auxiliary inputs whose unit column says C; each is followed by its unit."""
    follows = {aux: unit for aux, unit in pairwise(table.columns) if aux.startswith("Aux #") and unit.startswith("Units")}
    probes = {aux: unit for aux, unit in follows.items() if _all_celsius(table[unit])}
    table, silent = masked(table, list(probes))
    numbers = {aux: int(aux.split("#")[1]) for aux in probes if aux in table.columns and aux.split("#")[1].isdecimal()}
    table, notes = placed(table.drop(probes.values()).with_columns(pl.col(pl.Categorical).cast(pl.String)), numbers)
    return table, [*silent, *notes]


def _all_celsius(units: pl.Series) -> bool:
    texts = units.cast(pl.String).drop_nulls()
    same = (texts == texts.first()).all()
    return {text.strip() for text in (texts.head(1) if same else texts.unique())} == {"C"}


def _head(layout: text.Layout) -> dict[str, str]:
    """Read the head: pairs, but for one make of export, which strings its keys together on a single line."""
    if len(layout.preamble) != 1:
        return text.pairs(layout)
    parts = _KEYS.split(layout.preamble[0])
    return {key: value.strip(": \t") for key, value in zip(parts[1::2], parts[2::2], strict=True) if value.strip(": \t")}


COUNTERS = {
    f"{name}, {way}": f"step_{way}_{kind}"
    for names, kind in ((("Amp-hr", "Cap.", "Capacity"), "capacity_ah"), (("Watt-hr", "Ener.", "Energy"), "energy_wh"))
    for name in names
    for way in ("charging", "discharging")
}
FORMATS = (Format("text export", counters=COUNTERS), Format("impedance text"))
READER = Reader("maccor", "Maccor", FORMATS, (), _recognises, _read, version="2")
