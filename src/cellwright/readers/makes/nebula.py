"""NEBULA step sheets: one row a step, Chinese headers; only the two ends of each step are known."""

import polars as pl

from cellwright.core.columns import CURRENT, STEP_MAXIMUM_TEMPERATURE, STEP_MAXIMUM_VOLTAGE, TIME, VOLTAGE
from cellwright.core.errors import DamagedFile, UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine.clock import iso, moments, unix
from cellwright.readers.engine.durations import seconds
from cellwright.readers.engine.sheets import mentions, sheet, sheet_names
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

ROW = "record_index"
BEGAN = "绝对时间"
ENDED = "结束时间"
LASTED = "相对时间(h:min:s.ms)"
CHANNEL = "通道"
RESULT = "结果"
JUMPED = "手动跳转"
DATES = ("%Y-%m-%d %H:%M:%S%.3f",)
LONG_PAUSE_S = 60.0
CLOCK_RESOLUTION_S = 0.0015

# BDF column: the sheet's column for the step's start, and for its end.
ENDS = {
    VOLTAGE: ("起始电压(V)", "结束电压(V)"),
    CURRENT: ("起始电流(A)", "结束电流(A)"),
    "temperature_t1_celsius": ("开始温度1(℃)", "结束温度1(℃)"),
    "temperature_t2_celsius": ("开始温度2(℃)", "结束温度2(℃)"),
    "temperature_t3_celsius": ("开始温度3(℃)", "结束温度3(℃)"),
}
WHOLE = {STEP_MAXIMUM_VOLTAGE: "最大电压(V)", STEP_MAXIMUM_TEMPERATURE: "最大温度1(℃)"}
LABELS = {"step_id": "原始步次", "cycle_count": "循环", "step_type": "状态"}
COUNTERS = {
    "step_charging_capacity_ah": "充电容量(Ah)",
    "step_discharging_capacity_ah": "放电容量(Ah)",
    "step_charging_energy_wh": "充电能量(Wh)",
    "step_discharging_energy_wh": "放电能量(Wh)",
}


def _recognises(file: RawFile) -> bool:
    return mentions(file, BEGAN, LASTED, *ENDS[VOLTAGE])


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    for name in sheet_names(file):
        steps = sheet(file, name)
        if {BEGAN, LASTED} <= set(steps.columns):
            steps = steps.with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))
            return [_draft(part, file, ask) for part in _by_channel(steps)]
    raise UnknownFormat("readers.no_header", file=file.file)


def _by_channel(steps: pl.DataFrame) -> list[pl.DataFrame]:
    if CHANNEL in steps.columns and steps[CHANNEL].dtype.is_float():
        steps = steps.with_columns(pl.col(CHANNEL).cast(pl.Int64, strict=False))
    if CHANNEL not in steps.columns or steps[CHANNEL].drop_nulls().n_unique() < 2:
        return [steps]
    return steps.drop_nulls(CHANNEL).partition_by(CHANNEL, maintain_order=True)


def _draft(sheet_rows: pl.DataFrame, file: RawFile, ask: Ask) -> Draft:
    steps = sheet_rows.drop_nulls(BEGAN)
    if steps.is_empty():
        raise DamagedFile("readers.no_rows", file=file.file)
    empty = sheet_rows.filter(pl.col(BEGAN).is_null())[ROW].to_list()
    notes = [message("readers.empty_sheet_rows", count=len(empty), rows=empty)] if empty else []
    found, _ = moments(steps[BEGAN], DATES)
    local = found.parsed() if found else None
    if local is None or local.null_count():
        raise DamagedFile("readers.unreadable_dates", file=file.file, column=BEGAN)
    steps, timing = _timed(steps.with_columns(local.alias(BEGAN)))
    steps, silent = _without_silent_sensors(steps)
    table = _two_rows_a_step(steps)
    if ask.timezone:
        zoned, doubtful = unix(table[BEGAN], ask.timezone)
        table = table.with_columns((zoned + table["step_time_second"]).alias("unix_time_second"))
        notes += doubtful
    channel = steps[CHANNEL].drop_nulls() if CHANNEL in steps.columns else pl.Series([])
    return Draft(
        table.drop(BEGAN),
        "xlsx",
        channel=str(channel[0]) if len(channel) else None,
        start=iso(local[0]),
        sampling="step",
        notes=(*notes, *timing, *silent),
    )


def _timed(steps: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Add each step's start and length [s]; a length that reaches past the next start ends there."""
    began = pl.col(BEGAN).dt.epoch("ms")
    steps = steps.with_columns(
        ((began - began.first()) / 1000).alias("start"),
        seconds(steps[LASTED]).fill_null(0).alias("length"),
        pl.int_range(1, pl.len() + 1).alias("step_count"),
    ).with_columns((pl.col("start").shift(-1) - pl.col("start")).alias("room"))
    gaps = steps["room"] - steps["length"]
    late = int((gaps < -CLOCK_RESOLUTION_S).sum())
    steps = steps.with_columns(pl.min_horizontal("length", pl.col("room").clip(lower_bound=0)))
    return steps.drop("room"), _timing_notes(steps, gaps, late)


def _timing_notes(steps: pl.DataFrame, gaps: pl.Series, late: int) -> list[Message]:
    notes: list[Message] = []
    pauses = gaps.filter(gaps > LONG_PAUSE_S)
    if len(pauses):
        notes.append(message("readers.pauses_between_steps", count=len(pauses), longest_s=float(pauses.max())))  # pyright: ignore[reportArgumentType]
    if late:
        notes.append(message("readers.steps_overlap", count=late))
    ended = moments(steps[ENDED], DATES)[0] if ENDED in steps.columns else None
    if ended is not None:
        held = (ended.parsed() - steps[BEGAN]).dt.total_milliseconds() / 1000 - steps["length"]
        rows = steps.filter(held > CLOCK_RESOLUTION_S)[ROW].to_list()
        notes += [message("readers.steps_interrupted", count=len(rows), rows=rows)] if rows else []
    if RESULT in steps.columns and (jumps := int((steps[RESULT] == JUMPED).sum())):
        notes.append(message("readers.manual_jumps", count=jumps))
    return notes


def _without_silent_sensors(steps: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Drop the sensors that show zero throughout: nothing is connected there."""
    silent: list[str] = []
    for sensor in (1, 2, 3):
        shown = [c for c in steps.columns if c.endswith(f"温度{sensor}(℃)")]
        if shown and all((steps[c].cast(pl.Float64, strict=False).fill_null(0) == 0).all() for c in shown):
            silent += shown
    return steps.drop(silent), [message("readers.sensors_not_connected", columns=silent)] if silent else []


def _two_rows_a_step(steps: pl.DataFrame) -> pl.DataFrame:
    used = {BEGAN, LASTED, "start", "length", "step_count", ROW, *WHOLE.values(), *LABELS.values(), *COUNTERS.values()}
    used |= {name for pair in ENDS.values() for name in pair}
    others = [c for c in steps.columns if c not in used]
    both = [ROW, BEGAN, "step_count", *_labels(steps), *_numbers(steps, WHOLE)]
    at_start = steps.select(
        *both,
        pl.col("start").alias(TIME),
        pl.lit(0.0).alias("step_time_second"),
        *_numbers(steps, {k: v[0] for k, v in ENDS.items()}),
        *(pl.lit(0.0).alias(k) for k, v in COUNTERS.items() if v in steps.columns),
    )
    at_end = steps.select(
        *both,
        (pl.col("start") + pl.col("length")).alias(TIME),
        pl.col("length").alias("step_time_second"),
        *_numbers(steps, {k: v[1] for k, v in ENDS.items()}),
        *(n.abs() for n in _numbers(steps, COUNTERS)),
        *(_number_or_text(steps[c]) for c in others),
    )
    return pl.concat([at_start, at_end], how="diagonal").sort("step_count", TIME, maintain_order=True)


def _labels(steps: pl.DataFrame) -> list[pl.Expr]:
    labels = [pl.col(v).alias(k) for k, v in LABELS.items() if v in steps.columns]
    return [e if e.meta.output_name() == "step_type" else e.cast(pl.Int64, strict=False) for e in labels]


def _numbers(steps: pl.DataFrame, names: dict[str, str]) -> list[pl.Expr]:
    return [pl.col(v).cast(pl.Float64, strict=False).alias(k) for k, v in names.items() if v in steps.columns]


def _number_or_text(column: pl.Series) -> pl.Series:
    numbers = column.cast(pl.Float64, strict=False)
    return numbers if numbers.null_count() == column.null_count() else column


READER = Reader("nebula", "NEBULA", (Format("xlsx step sheet"),), (), _recognises, _read)
