"""Tables of a GB/T 32960 platform: Chinese, pinyin or English headers; the standard's numbers, or the numbers they stand for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, CURRENT, VOLTAGE
from cellwright.core.messages import Message, message
from cellwright.readers.vehicles.sentinels import counted, masked

TIME_COLUMN = "gbt_time"
LISTS = (CELL_VOLTAGES, CELL_TEMPERATURES)


@dataclass(frozen=True)
class Item:
    """A thing that the standard has cars send: ``raw × step + offset``.

    Parameters
    ----------
    names
        What tables call it, without unit, spaces and underscores, in lower case.
    step, offset
        The standard's smallest unit, in that of our column, and its offset.
    invalid
        Raw numbers for "abnormal" and "invalid".
    """

    names: tuple[str, ...]
    step: float = 1.0
    offset: float = 0.0
    invalid: tuple[int, ...] = ()

    @property
    def written(self) -> tuple[float, ...]:
        """The marks as a table of real numbers shows them."""
        return tuple(round(mark * self.step + self.offset, 6) for mark in self.invalid)


_BYTE, _WORD, _LONG = (0xFE, 0xFF), (0xFFFE, 0xFFFF), (0xFFFFFFFE, 0xFFFFFFFF)
TIMES = (
    *("数据采集时间", "采集时间", "上报时间", "数据时间", "时间", "终端时间", "shujucaijishijian", "caijishijian", "shangbaoshijian"),
    *("datatime", "collecttime", "collectiontime", "terminaltime", "reporttime", "time", "timestamp"),
)
ITEMS: Mapping[str, Item] = {
    VOLTAGE: Item(("总电压", "zongdianya", "sumvoltage", "totalvoltage", "packvoltage"), 0.1, 0.0, _WORD),
    CURRENT: Item(("总电流", "zongdianliu", "sumcurrent", "totalcurrent", "packcurrent"), 0.1, -1000.0, _WORD),
    CELL_VOLTAGES: Item(
        (
            "单体电池电压",
            "单体电池电压列表",
            "单体电压",
            "单体电压列表",
            "电池单体电压",
            "dantidianchidianya",
            "cellvoltages",
            "cellvoltage",
        ),
        *(0.001, 0.0, _WORD),
    ),
    CELL_TEMPERATURES: Item(
        ("探针温度", "探针温度列表", "温度探针温度", "电池温度列表", "单体温度", "tanzhenwendu", "probetemperatures", "celltemperatures"),
        *(1.0, -40.0, _BYTE),
    ),
    "state_of_charge_percent": Item(("soc", "剩余电量", "电池soc", "stateofcharge"), 1.0, 0.0, _BYTE),
    "isolation_resistance_ohm": Item(("绝缘电阻", "jueyuandianzu", "insulationresistance"), 1000.0, 0.0, _WORD),
    "highest_cell_voltage_volt": Item(("电池单体电压最高值", "最高单体电压", "单体电压最高值", "maxcellvoltage"), 0.001, 0.0, _WORD),
    "lowest_cell_voltage_volt": Item(("电池单体电压最低值", "最低单体电压", "单体电压最低值", "mincellvoltage"), 0.001, 0.0, _WORD),
    "highest_probe_temperature_celsius": Item(("最高温度值", "最高温度", "maxtemperature"), 1.0, -40.0, _BYTE),
    "lowest_probe_temperature_celsius": Item(("最低温度值", "最低温度", "mintemperature"), 1.0, -40.0, _BYTE),
    "speed_km_per_h": Item(("车速", "chesu", "speed", "vehiclespeed"), 0.1, 0.0, _WORD),
    "odometer_km": Item(("累计里程", "leijilicheng", "mileage", "odometer"), 0.1, 0.0, _LONG),
    "charge_status": Item(("充电状态", "chongdianzhuangtai", "chargestatus", "chargingstatus"), 1.0, 0.0, _BYTE),
    "vehicle_status": Item(("车辆状态", "cheliangzhuangtai", "vehiclestatus"), 1.0, 0.0, _BYTE),
    "warning_level": Item(("最高报警等级", "zuigaobaojingdengji", "maxalarmlevel"), 1.0, 0.0, _BYTE),
}
TELLING = 3
"""A header is the standard's where it has a time, total voltage and current, and this many more of its items."""

RAW_CURRENT = 1000.0
"""No current of a table of real numbers is above 1000 A; raw ones stand around 10000."""

_UNIT = re.compile(r"[(（\[].*?[)）\]]|[\s_\-]")
_WORDS = re.compile(r"[A-Za-z]+")
_SUBSYSTEM = r"^\s*\d{1,3}\s*:\s*"
_BRACKETS = r"[\[\]\"'{}\s]"


def named(header: Sequence[str]) -> dict[str, str]:
    """Return the header's name of each item that it has, and of the time."""
    short = {_UNIT.sub("", name).lower(): name for name in reversed(header)}
    found = {target: name for target, item in ITEMS.items() if (name := next((short[n] for n in item.names if n in short), None))}
    clock = next((short[n] for n in TIMES if n in short), None)
    return found | ({TIME_COLUMN: clock} if clock else {})


def is_standard(header: Sequence[str]) -> bool:
    """Tell whether a header is that of a GB/T 32960 table."""
    found = named(header)
    return {TIME_COLUMN, VOLTAGE, CURRENT} <= found.keys() and len(found) >= TELLING + 3


def valued(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Turn a table's items into our columns; what is not of the standard stays. The current keeps the standard's sign."""
    found = {target: name for target, name in named(table.columns).items() if target != TIME_COLUMN}
    numbers = {target: _numbers(table[name]) for target, name in found.items()}
    raw = _are_raw(numbers[CURRENT])
    notes = [message("readers.gbt_raw" if raw else "readers.gbt_real")]
    made: list[pl.Series] = []
    for target, values in numbers.items():
        if target in LISTS:
            column, told = _listed(table[found[target]], target, raw=raw)
        else:
            column, told = _scaled(values.to_frame(), target, raw=raw)
        made.append(column.to_series().alias(target))
        notes += told
    return table.drop(found.values()).with_columns(made), notes


def _numbers(column: pl.Series) -> pl.Series:
    return column.cast(pl.Float64, strict=False)


def _are_raw(current: pl.Series) -> bool:
    middle = current.median()
    return middle is not None and float(middle) > RAW_CURRENT  # pyright: ignore[reportArgumentType]


def _scaled(numbers: pl.DataFrame, target: str, *, raw: bool) -> tuple[pl.DataFrame, list[Message]]:
    """Mask the standard's marks and give the numbers our unit; a table of real numbers has isolation in kΩ as the raw one does."""
    item = ITEMS[target]
    kept, counts = masked(numbers, [float(mark) for mark in item.invalid] if raw else [*map(float, item.invalid), *_real_marks(item)])
    step, offset = (item.step, item.offset) if raw else (max(1.0, item.step), 0.0)
    return scaled(kept, step, offset), counted(target, counts)


def scaled(numbers: pl.DataFrame, step: float, offset: float) -> pl.DataFrame:
    """Scale raw numbers, and round off what a float makes of a tenth."""
    return numbers if (step, offset) == (1.0, 0.0) else numbers.select((pl.all() * step + offset).round(6))


def _real_marks(item: Item) -> list[float]:
    return [mark for mark in item.written if mark not in item.invalid] if item.step < 1 or item.offset else []


def _listed(cells: pl.Series, target: str, *, raw: bool) -> tuple[pl.DataFrame, list[Message]]:
    """Part lists such as ``3.967:3.966`` or ``1:3967_3966``; rows with another number of entries than most are emptied."""
    clean = pl.col("t").str.replace_all(_BRACKETS, "")
    alone = pl.when(clean.str.contains("[_,;|]")).then(clean.str.replace(_SUBSYSTEM, "")).otherwise(clean)
    frame = cells.cast(pl.String).to_frame("t")
    parts = frame.select(alone.str.replace_all("[_,;|]", ":").str.strip_chars(":").str.split(":")).to_series()
    sizes = parts.list.len()
    usual = sizes.filter(sizes > 0).mode().sort()
    width = int(usual[-1]) if len(usual) else 1
    odd = int(((sizes != width) & cells.is_not_null()).sum())
    even = pl.DataFrame({"p": parts, "n": sizes}).select(pl.when(pl.col("n") == width).then("p")).to_series()
    numbers = (
        even.list.eval(pl.element().cast(pl.Float64, strict=False))
        .list.to_array(width)
        .to_frame("a")
        .select(pl.col("a").arr.get(n).alias(str(n)) for n in range(width))
    )
    thousandths = target == CELL_VOLTAGES and float(numbers.to_series(0).drop_nulls().median() or 0.0) > 100.0  # pyright: ignore[reportArgumentType]
    kept, notes = _scaled(numbers, target, raw=raw if target != CELL_VOLTAGES else thousandths)
    if odd:
        notes.append(message("readers.lists_uneven", column=target, count=odd, width=width))
    return kept.select(pl.concat_arr(pl.all().cast(pl.Float32))), notes
