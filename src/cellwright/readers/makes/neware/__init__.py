"""Neware: binary ``.nda`` and ``.ndax`` through fastnda, and the text export."""

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.readers.engine import text
from cellwright.readers.engine.steps import STEP_TIME, count_steps
from cellwright.readers.engine.timing import dated
from cellwright.readers.makes.neware.binary import is_binary, read_binary
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SENSORS = 5
DATES = ("%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f")

DIALECT = text.Dialect(
    tells=frozenset({"datapoint", "cycle index", "step index"}),
    columns={
        "datapoint": "record_index",
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
    | {f"t{n}": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)},
)


def _recognises(file: RawFile) -> bool:
    return is_binary(file) or text.find(file, DIALECT) is not None


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if is_binary(file) or file.encoding is None:
        return [read_binary(file, ask)]
    frame, notes = text.parse(file, text.require(text.find(file, DIALECT), file), DIALECT)
    table, lost = text.translate(frame, DIALECT, file.file)
    draft = Draft(count_steps(table, ["cycle_count", "step_id"]), "csv", notes=(*notes, *lost))
    return [dated(draft, "Date", DATES, ask)]


READER = Reader("neware", "Neware", (Format("nda"), Format("ndax"), Format("csv")), (".nda", ".ndax"), _recognises, _read)
