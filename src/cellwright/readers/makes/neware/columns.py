"""Columns of Neware's text and spreadsheet exports: of BTSDA in English and in Chinese, and of the BTS client before it."""

from collections.abc import Sequence
from dataclasses import replace

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.readers.engine import text
from cellwright.readers.engine.names import split_unit
from cellwright.readers.engine.steps import STEP_TIME
from cellwright.readers.opening import RawFile

SENSORS = 5
INDEX = "record_index"
DATES = ("%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f")
CLOCKS = ("date", "absolute time", "realtime", "绝对时间", "日期")

_ENGLISH = {
    "datapoint": INDEX,
    "cycle index": "cycle_count",
    "step index": "step_id",
    "step type": "step_type",
    "time": STEP_TIME,
    "cumulative time": TIME,
    "total time": TIME,
    "current": CURRENT,
    "voltage": VOLTAGE,
    "power": "power_watt",
    "capacity": "step_cumulative_capacity_ah",
    "chg. cap.": "step_charging_capacity_ah",
    "dchg. cap.": "step_discharging_capacity_ah",
    "energy": "step_cumulative_energy_wh",
    "chg. energy": "step_charging_energy_wh",
    "dchg. energy": "step_discharging_energy_wh",
}
_CHINESE = {
    "数据序号": INDEX,
    "循环号": "cycle_count",
    "工步号": "step_id",
    "工步类型": "step_type",
    "时间": STEP_TIME,
    "总时间": TIME,
    "电流": CURRENT,
    "电压": VOLTAGE,
    "功率": "power_watt",
    "容量": "step_cumulative_capacity_ah",
    "充电容量": "step_charging_capacity_ah",
    "放电容量": "step_discharging_capacity_ah",
    "能量": "step_cumulative_energy_wh",
    "充电能量": "step_charging_energy_wh",
    "放电能量": "step_discharging_energy_wh",
}
_BEFORE = {
    "record id": INDEX,
    "cycle id": "cycle_count",
    "step id": "step_id",
    "step name": "step_type",
    "temperature": "temperature_t1_celsius",
    "capacitance_chg": "step_charging_capacity_ah",
    "capacitance_dchg": "step_discharging_capacity_ah",
    "engy_chg": "step_charging_energy_wh",
    "engy_dchg": "step_discharging_energy_wh",
}
_PROBES = {f"t{n}": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)}

DIALECT = text.Dialect(
    tells=frozenset({"datapoint", "cycle index", "step index"}), columns=_ENGLISH | _CHINESE | _BEFORE | _PROBES, needs=CLOCKS
)
DIALECTS = (
    DIALECT,
    replace(DIALECT, tells=frozenset({"数据序号", "循环号", "工步号"})),
    replace(DIALECT, tells=frozenset({"cycle id", "step id", "record id", "voltage", "current"})),
)
_COUNTERS = {"Ah": ("Capacity", "Chg. Cap.", "DChg. Cap."), "Wh": ("Energy", "Chg. Energy", "DChg. Energy")}
_CHINESE_COUNTERS = {"Ah": ("容量", "充电容量", "放电容量"), "Wh": ("能量", "充电能量", "放电能量")}
_COUNTERS_BEFORE = {"mAh": ("Capacitance_Chg", "Capacitance_DChg"), "mWh": ("Engy_Chg", "Engy_DChg")}
COUNTERS = {
    f"{name}({unit})": DIALECT.columns[name.lower()]
    for group in (_COUNTERS, _CHINESE_COUNTERS, _COUNTERS_BEFORE)
    for unit, names in group.items()
    for name in names
}


def is_header(cells: Sequence[str]) -> bool:
    """Tell a row of these columns' names that has a record's current and voltage."""
    names = {split_unit(cell)[0] for cell in cells}
    columns = {DIALECT.columns.get(name) for name in names}
    return {CURRENT, VOLTAGE} <= columns and any(dialect.tells <= names for dialect in DIALECTS)


def layout(file: RawFile) -> text.Layout | None:
    """Find the header of a flat text export; None where there is none."""
    return next((found for dialect in DIALECTS if (found := text.find(file, dialect)) and is_header(found.header)), None)
