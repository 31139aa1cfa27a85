"""The dialects of testers' exports: a trace of `bench.run` as the bytes that a make writes, down to its number formats.

A layout is a row of fields, as in real exports: Maccor's text (under a line that begins with ``Today's Date``), Neware's record sheet
as CSV, and Arbin's CSV.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

_FIRST = (pl.col("step_count") != pl.col("step_count").shift(1)).fill_null(value=True)
_LAST = (pl.col("step_count") != pl.col("step_count").shift(-1)).fill_null(value=True)
_RECORD = pl.int_range(1, pl.len() + 1)
_CHARGE, _ENERGY = pl.col("step_net_capacity_ah"), pl.col("step_net_energy_wh")
_VOLT, _TIME = pl.col("voltage_volt"), pl.col("test_time_second")
_POWER = pl.col("current_ampere") * _VOLT


@dataclass(frozen=True)
class Label:
    """What the technician typed in: the battery, the channel it hangs on, and when its test began (local time)."""

    battery: str
    channel: int
    start: dt.datetime


@dataclass(frozen=True, eq=False)
class _Field:
    """A column of an export: its header, its printf form, and its value; without a value, the form stands in every row."""

    header: str
    form: str
    value: pl.Expr | None = None


def maccor(trace: pl.DataFrame, label: Label, *, finished: bool = True) -> bytes:
    """Write Maccor's text export: the counters are those of the step, and discharge has negative amperes and the state ``D``.

    A test that came to its end has a last row of state ``O``, which repeats the one before with the current off.
    """
    rows = _after_the_edge(trace, 0.03).with_columns(
        record=_RECORD,
        cycle=pl.col("cycle_count") - 1,
        state=pl.col("step_type").replace_strict({"rest": "R", "cc_charge": "C", "cccv_charge": "C", "cc_discharge": "D"}),
        status=pl.when(_FIRST).then(0).when(_LAST).then(pl.col("ended_by") + 128).otherwise(1),
    )
    if finished:
        off = [
            pl.col("record", "step_id") + 1,
            pl.lit(0.0).alias("current_ampere"),
            pl.lit("O").alias("state"),
            pl.lit(193).alias("status"),
        ]
        rows = pl.concat([rows, rows.tail(1).with_columns(off)], how="vertical_relaxed")
    fields = (
        _Field("Rec#", "%d", pl.col("record")),
        _Field("Cyc#", "%d", pl.col("cycle")),
        _Field("Step", "%d", pl.col("step_id")),
        _Field("Test (Sec)", "%.4f", _TIME),
        _Field("Step (Sec)", "%.4f", pl.col("step_time_second")),
        _Field("Amp-hr", "%.10f", _CHARGE.abs()),
        _Field("Watt-hr", "%.10f", _ENERGY.abs()),
        _Field("Amps", "%.10f", pl.col("current_ampere")),
        _Field("Volts", "%.8f", _VOLT),
        _Field("State", "%s", pl.col("state")),
        _Field("ES", "%d", pl.col("status")),
        _Field("DPt Time", "%s", _moment(label, "%m/%d/%Y %H:%M:%S")),
        _Field("ACImp/Ohms", "0.00000"),
        _Field("DCIR/Ohms", "0.00000"),
        _Field("Aux #1", "%.5f", pl.col("surface_temperature_celsius")),
        _Field(" Units", " C  "),
    )
    exported = label.start + dt.timedelta(days=4)
    above = (
        f"Today's Date {exported:%m/%d/%Y}  Date of Test:\t{label.start:%m/%d/%Y}\t Filename:\tC:\\Maccor\\Archive\\"
        f"{label.battery}.{label.channel:03d} Procedure: CRT-HPPC-60AH.000\tComment/Barcode: {label.battery}\r\n"
    )
    return above.encode() + _written(rows, fields, "\t", "\r\n")


def neware(trace: pl.DataFrame, label: Label) -> bytes:
    """Write Neware's record sheet as CSV: at most a record a second, times in whole seconds, counters of the step."""
    step_time = pl.col("step_time_second")
    slope = 1000 * _CHARGE.abs().diff() / _VOLT.diff()
    flat = _FIRST | ~slope.is_finite() | (_CHARGE == 0)
    none = "0.00"
    fields = (
        _Field("DataPoint", "%d", _RECORD),
        _Field("Cycle Index", "%d", pl.col("cycle_count")),
        _Field("Step Index", "%d", pl.col("step_id")),
        _Field("Step Type", "%s", pl.col("step_type").replace_strict(_NEWARE_STEPS)),
        _Field("Time", "%s", _hours_minutes_seconds(step_time)),
        _Field("Cumulative Time", "%s", _hours_minutes_seconds(_TIME)),
        _Field("Current(A)", "%.8f", pl.col("current_ampere")),
        _Field("Voltage(V)", "%.4f", _VOLT),
        _Field("Capacity(Ah)", "%.10g", _CHARGE.abs().round(8)),
        _Field("Spec. Cap.(mAh/g)", none),
        _Field("Chg. Cap.(Ah)", "%.8f", _into(_CHARGE)),
        _Field("Chg. Spec. Cap.(mAh/g)", none),
        _Field("DChg. Cap.(Ah)", "%.8f", _out_of(_CHARGE)),
        _Field("DChg. Spec. Cap.(mAh/g)", none),
        _Field("Energy(Wh)", "%.8f", _ENERGY.abs()),
        _Field("Spec. Energy(mWh/g)", none),
        _Field("Chg. Energy(Wh)", "%.8f", _into(_ENERGY)),
        _Field("Chg. Spec. Energy(mWh/g)", none),
        _Field("DChg. Energy(Wh)", "%.8f", _out_of(_ENERGY)),
        _Field("DChg. Spec. Energy(mWh/g)", none),
        _Field("Date", "%s", _moment(label, "%Y-%m-%d %H:%M:%S")),
        _Field("Power(W)", "%.8f", _POWER),
        _Field("dQ/dV(mAh/V)", "%.4f", pl.when(flat).then(0.0).otherwise(slope)),
        _Field("dQm/dV(mAh/V.g)", "0.0000"),
        _Field("Contact resistance(mO)", "0"),
        _Field("Module start-stop switch", "Close"),
        _Field("T1(℃)", "%.1f", pl.col("surface_temperature_celsius")),
    )
    whole_second = (step_time - step_time.round()).abs() < 1e-6
    return _written(trace.filter(whole_second | _LAST), fields, ",", "\n")


_NEWARE_STEPS = {"rest": "Rest", "cc_charge": "CC Chg", "cccv_charge": "CCCV Chg", "cc_discharge": "CC DChg"}


def arbin(trace: pl.DataFrame, label: Label) -> bytes:
    """Write Arbin's CSV: the counters run on through a cycle's steps, and numbers have as many digits as they need."""
    nothing = ""
    fields = (
        _Field("Data Point", "%d", _RECORD),
        _Field("Date Time", "\t%s", _moment(label, "%m/%d/%Y %H:%M:%S%.3f")),
        _Field("Test Time (s)", "%.10G", _TIME.round(4)),
        _Field("Step Time (s)", "%.10G", pl.col("step_time_second").round(4)),
        _Field("Cycle Index", "%d", pl.col("cycle_count")),
        _Field("Step Index", "%d", pl.col("step_id")),
        *(_Field(f"TC_Counter{n}", "0") for n in (1, 2, 3)),
        _Field("Current (A)", "%.7G", pl.col("current_ampere")),
        _Field("Voltage (V)", "%.7G", _VOLT),
        _Field("Power (W)", "%.10G", _POWER),
        _Field("Charge Capacity (Ah)", "%.9G", _of_cycle(_into(_CHARGE))),
        _Field("Discharge Capacity (Ah)", "%.9G", _of_cycle(_out_of(_CHARGE))),
        _Field("Charge Energy (Wh)", "%.9G", _of_cycle(_into(_ENERGY))),
        _Field("Discharge Energy (Wh)", "%.9G", _of_cycle(_out_of(_ENERGY))),
        _Field("Capacity (Ah)", "%.9G", _CHARGE.abs()),
        _Field("mAh/g", "0"),
        _Field("ACR (Ohm)", nothing),
        _Field("dV/dt (V/s)", "%.6G", (_VOLT.diff() / _TIME.diff()).fill_null(0.0)),
        _Field("Internal Resistance (Ohm)", nothing),
        _Field("dQ/dV (Ah/V)", nothing),
        _Field("dV/dQ (V/Ah)", nothing),
        _Field("Aux_Temperature_1 (C)", "%.7G", pl.col("surface_temperature_celsius")),
        _Field("Aux_dT/dt_1 (C/s)", "0"),
    )
    return "\ufeff".encode() + _written(_after_the_edge(trace, 0.001), fields, ",", "\n")


def _written(trace: pl.DataFrame, fields: Sequence[_Field], delimiter: str, ending: str) -> bytes:
    row = delimiter.join(f.form for f in fields) + ending
    values = trace.select(f.value.alias(f.header) for f in fields if f.value is not None)
    return (delimiter.join(f.header for f in fields) + ending + "".join(map(row.__mod__, values.rows()))).encode()


def _after_the_edge(trace: pl.DataFrame, delay_s: float) -> pl.DataFrame:
    """Move the first record of each step but the test's first to shortly after the step began, as most testers take it."""
    until_next = pl.col("step_time_second").shift(-1) / 2
    delay = pl.when(_FIRST & (_TIME > 0)).then(pl.min_horizontal(pl.lit(delay_s), until_next)).otherwise(0.0)
    return trace.with_columns(
        pl.col("test_time_second", "step_time_second") + delay,
        _CHARGE + pl.col("current_ampere") * delay / 3600,
        _ENERGY + _POWER * delay / 3600,
    )


def _into(counter: pl.Expr) -> pl.Expr:
    return pl.when(counter > 0).then(counter).otherwise(0.0)


def _out_of(counter: pl.Expr) -> pl.Expr:
    return pl.when(counter < 0).then(-counter).otherwise(0.0)


def _of_cycle(counter: pl.Expr) -> pl.Expr:
    """Turn a step's counter into its cycle's."""
    return pl.when(_FIRST).then(counter).otherwise(counter - counter.shift(1)).cum_sum().over("cycle_count")


def _hours_minutes_seconds(seconds: pl.Expr) -> pl.Expr:
    whole = seconds.round().cast(pl.Int64)
    parts = (whole // 3600, whole // 60 % 60, whole % 60)
    return pl.concat_str([part.cast(pl.String).str.zfill(2) for part in parts], separator=":")


def _moment(label: Label, form: str) -> pl.Expr:
    return (pl.lit(label.start) + pl.duration(microseconds=(_TIME * 1e6).round().cast(pl.Int64))).dt.strftime(form)
