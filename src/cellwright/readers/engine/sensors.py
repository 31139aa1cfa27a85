"""Temperature sensors: what cannot be is masked, what is never there is left out, and the rest get their columns."""

from collections.abc import Mapping

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES
from cellwright.core.messages import Message, message

ABSOLUTE_ZERO_CELSIUS = -273.15
SENSORS = 5


def masked(table: pl.DataFrame, columns: list[str]) -> tuple[pl.DataFrame, list[Message]]:
    """Empty the temperatures below absolute zero; drop the columns that hold nothing then."""
    silent: list[str] = []
    notes: list[Message] = []
    for name in columns:
        below = int((table[name].cast(pl.Float64, strict=False) < ABSOLUTE_ZERO_CELSIUS).sum())
        if below == table.height - table[name].null_count():
            silent.append(name)
        elif below:
            value = pl.col(name).cast(pl.Float64, strict=False)
            table = table.with_columns(pl.when(value >= ABSOLUTE_ZERO_CELSIUS).then(value).alias(name))
            notes.append(message("readers.sentinels_masked", column=name, count=below))
    if silent:
        notes.append(message("readers.sensors_not_connected", columns=silent))
    return table.drop(silent), notes


def placed(table: pl.DataFrame, numbers: Mapping[str, int]) -> tuple[pl.DataFrame, list[Message]]:
    """Give temperature columns [°C] the places that BDF has for them, by their sensors' numbers.

    Sensors 1 to 5 have a column each. Up to five with other numbers take these columns in turn; more than five stand in one array.
    A note says which is which.
    """
    there = sorted((name for name in numbers if name in table.columns), key=lambda name: numbers[name])
    found = [numbers[name] for name in there]
    if len(there) > SENSORS:
        array = pl.concat_arr(pl.col(name).cast(pl.Float32, strict=False) for name in there).alias(CELL_TEMPERATURES)
        return table.with_columns(array).drop(there), [message("readers.sensors_in_array", column=CELL_TEMPERATURES, sensors=there)]
    as_numbered = all(1 <= number <= SENSORS for number in found) and len(set(found)) == len(found)
    columns = [f"temperature_t{number if as_numbered else place}_celsius" for place, number in enumerate(found, 1)]
    notes = [] if as_numbered else [message("readers.sensors_renumbered", columns=columns, sensors=there)]
    return table.rename(dict(zip(there, columns, strict=True))), notes
