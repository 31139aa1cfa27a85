"""Made-up recordings whose every figure can be worked out by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from cellwright.core.recording import Recording, Source
from cellwright.core.tester import Range, Tester

SHA = "ab" * 32
SOURCE = Source("made-up.csv", SHA, "made-up", "csv", "tests", "1")


@dataclass(frozen=True)
class Part:
    """A stretch of a test: current [A] from first to last, over seconds, voltage [V] from first to last, both on straight lines."""

    seconds: float
    volts: tuple[float, float]
    amperes: tuple[float, float] = (0.0, 0.0)
    label: str = ""


def rest(seconds: float, volt: float, end: float | None = None) -> Part:
    return Part(seconds, (volt, volt if end is None else end), label="静置")


def constant(seconds: float, ampere: float, start: float, end: float) -> Part:
    return Part(seconds, (start, end), (ampere, ampere), "充电 CC" if ampere > 0 else "放电 DC")


def held(seconds: float, volt: float, start_ampere: float, end_ampere: float) -> Part:
    return Part(seconds, (volt, volt), (start_ampere, end_ampere), "充电 CV")


def series(parts: Sequence[Part], interval: float = 1.0, *, counted: bool = True, timed: bool = True, **columns: float) -> Recording:
    """Sample each part every interval, from one interval after its beginning to its end; the first part from its beginning."""
    rows: list[pl.DataFrame] = []
    start = 0.0
    for number, part in enumerate(parts, start=1):
        count = round(part.seconds / interval)
        within = np.arange(0 if number == 1 else 1, count + 1) * interval
        share = within / part.seconds
        rows.append(
            pl.DataFrame(
                {
                    "test_time_second": np.round(start + within, 9),
                    "current_ampere": part.amperes[0] + share * (part.amperes[1] - part.amperes[0]),
                    "voltage_volt": part.volts[0] + share * (part.volts[1] - part.volts[0]),
                    "step_count": np.full(len(within), number),
                    "step_time_second": np.round(within, 9),
                }
            )
        )
        start += part.seconds
    table = pl.concat(rows).with_row_index("record_index", offset=1).with_columns(pl.lit(v).alias(k) for k, v in columns.items())
    gone = ([] if counted else ["step_count"]) + ([] if timed else ["step_time_second"])
    return Recording(table.drop(gone), SOURCE)


def sheet(parts: Sequence[Part], gap: float = 0.3, celsius: float | None = 25.0) -> Recording:
    """Record only the two ends of each part, and what the tester counted in it, to four digits; a gap between steps is on no record."""
    rows: list[dict[str, object]] = []
    start = 0.0
    for number, part in enumerate(parts, start=1):
        charge = round(abs(sum(part.amperes)) / 2 * part.seconds / 3600, 4)
        energy = round(charge * sum(part.volts) / 2, 4)
        way: Literal["charging", "discharging"] = "charging" if sum(part.amperes) > 0 else "discharging"
        for at_end in (0, 1):
            rows.append(
                {
                    "test_time_second": start + at_end * part.seconds,
                    "current_ampere": part.amperes[at_end],
                    "voltage_volt": part.volts[at_end],
                    "step_count": number,
                    "record_index": number + 1,
                    "step_time_second": at_end * part.seconds,
                    "step_type": part.label,
                    "step_charging_capacity_ah": 0.0,
                    "step_discharging_capacity_ah": 0.0,
                    "step_charging_energy_wh": 0.0,
                    "step_discharging_energy_wh": 0.0,
                    "temperature_t1_celsius": celsius,
                }
                | ({f"step_{way}_capacity_ah": charge, f"step_{way}_energy_wh": energy} if at_end else {})
            )
        start += part.seconds + gap
    return Recording(pl.DataFrame(rows), SOURCE, sampling="step")


# 5 Ah in: 10 A for 1620 s are 4.5 Ah, and 360 s in which 10 A fall to 0 are 0.5 Ah. 5 Ah out: 10 A for 1800 s.
CHARGE = constant(1620, 10.0, 3.2, 4.2)
HOLD = held(360, 4.2, 10.0, 0.0)
DISCHARGE = constant(1800, -10.0, 4.1, 3.0)
CYCLE = (rest(600, 3.2), CHARGE, HOLD, rest(600, 4.18), DISCHARGE)

# One range, round limits: what each contributes can be worked out by hand.
TESTER = Tester(
    make="t",
    model="m",
    voltage=(Range(maximum=5.0, gain=0.001, offset=0.002, resolution=0.0001),),
    current=(Range(maximum=50.0, gain=0.002, offset=0.01, resolution=0.001),),
    temperature=(Range(maximum=100.0, gain=0.01, offset=1.0, resolution=0.1),),
    time_resolution_s=0.1,
)
