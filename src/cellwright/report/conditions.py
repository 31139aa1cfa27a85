"""Under which conditions a value holds, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cellwright.core.quantity import Quantity
from cellwright.report.numbers import SPACE, fixed, general, percent
from cellwright.report.words import Words

Writer = Callable[[Any, Mapping[str, Any], Words], str | None]
_HOUR = 3600


def main(quantity: Quantity, words: Words) -> list[str]:
    """Return the conditions without which a value means nothing: direction, rate, temperature, SOC, time, window, conditioning."""
    given = quantity.conditions
    written = (_WRITERS[name](given[name], given, words) for name in _MAIN if given.get(name) is not None)
    return [text for text in written if text]


def described(quantity: Quantity, words: Words) -> list[str]:
    """Return all conditions of a quantity, each a few words, in the order people give them; unknown ones by their own name."""
    given = {k: v for k, v in quantity.conditions.items() if v is not None and not k.startswith("rated_")}
    known = [write(given[name], given, words) for name, write in _WRITERS.items() if name in given]
    others = [f"{words.label('condition', k)} {_plain(v)}" for k, v in given.items() if k not in _WRITERS and k not in _SPOKEN_FOR]
    return [text for text in (*known, *others) if text]


def definition(quantity: Quantity, words: Words) -> str | None:
    """Return what a state of health is a share of: the rated value and the conditions it was rated under."""
    given = quantity.conditions
    rated = given.get("rated_capacity_ah") or given.get("rated_energy_wh")
    if rated is None:
        return None
    unit = "Ah" if given.get("rated_capacity_ah") else "Wh"
    under = [
        rate(given["rated_c_rate"]) if given.get("rated_c_rate") else None,
        celsius(given["rated_temperature_celsius"]) if given.get("rated_temperature_celsius") is not None else None,
        window(given["rated_voltage_window_volt"]) if given.get("rated_voltage_window_volt") else None,
    ]
    text = f"{rated:g}{SPACE}{unit}"
    if any(under):
        text += f" ({', '.join(filter(None, under))})"
    return words("report.definition.share_of_rated", rated=text)


def seen_in(quantity: Quantity, words: Words) -> str:
    """Return in which step, and under which current, a reading was taken: ``step 12, charge at 25 A``; empty where not known."""
    step, current = quantity.conditions.get("step_count"), quantity.conditions.get("current_ampere")
    told = [] if step is None else [words("report.condition.step", value=step)]
    if current:
        ampere = _ampere(current)
        told.append(words(f"report.condition.{'charge' if current > 0 else 'discharge'}_at", current=ampere))
    return ", ".join(told)


def rate(value: float) -> str:
    """Return a rate as people say it: ``1C``, ``0.33C``."""
    return f"{abs(value):.2g}C"


def celsius(value: float) -> str:
    """Return a temperature."""
    return f"{general(value, 3)}{SPACE}°C"


def window(limits: Sequence[float | None]) -> str | None:
    """Return a voltage window; None where a limit is not known."""
    low, high = limits
    return None if low is None or high is None else f"{general(low)}–{general(high)}{SPACE}V"


def duration(seconds: float, words: Words) -> str:
    """Return a length of time in the unit that suits it."""
    if seconds < 1:
        return f"{1e3 * seconds:.3g}{SPACE}ms"
    if seconds < 120:
        return f"{seconds:.3g}{SPACE}s"
    return f"{seconds / 60:.3g}{SPACE}min" if seconds < _HOUR else f"{seconds / _HOUR:.3g}{SPACE}{words('report.unit.hour')}"


def _temperature(value: float, given: Mapping[str, Any], words: Words) -> str:
    start = given.get("start_temperature_celsius")
    if start is None:
        return celsius(value)
    return words("report.condition.temperatures", start=_tenths(start), mean=_tenths(value))


def _tenths(value: float) -> str:
    return f"{fixed(value, 1)}{SPACE}°C"


def _start_temperature(value: float, given: Mapping[str, Any], words: Words) -> str | None:
    """Said together with the mean where there is one."""
    told = given.get("temperature_celsius") is not None
    return None if told else words("report.condition.start_temperature", value=_tenths(value))


def _soc(value: float, given: Mapping[str, Any], words: Words) -> str:
    basis = given.get("soc_basis")
    text = f"SOC{SPACE}{general(100 * value, 3)}{SPACE}%"
    return f"{text} ({words.label('soc_basis', str(basis))})" if basis else text


def _time(value: float, given: Mapping[str, Any], words: Words) -> str:
    nominal = given.get("nominal_time_s")
    if nominal is None or duration(nominal, words) == duration(value, words):
        return words("report.condition.after_edge", time=duration(value, words))
    return words("report.condition.after_edge_nominal", time=duration(value, words), nominal=duration(nominal, words))


def _current(value: float, given: Mapping[str, Any], _: Words) -> str | None:
    return None if given.get("c_rate") is not None else _ampere(value)


def _ampere(value: float) -> str:
    return f"{general(abs(value), 3)}{SPACE}A"


def _where_true(code: str) -> Writer:
    return lambda value, _, words: words(code) if value else None


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return general(value)
    if isinstance(value, list | tuple):
        return "–".join(_plain(v) for v in value)  # pyright: ignore[reportUnknownVariableType]
    return str(value)


def _in_words(code: str, unit: str = "") -> Writer:
    """Writer of a condition that is a number with its unit, or a name, inside a few words."""

    def write(value: Any, _: Mapping[str, Any], words: Words) -> str:
        return words(code, value=f"{_plain(value)}{SPACE}{unit}".rstrip())

    return write


def _shares(code: str) -> Writer:
    """Writer of states of charge as per cent."""

    def write(value: Any, _: Mapping[str, Any], words: Words) -> str:
        return words(code, value=f"{'–'.join(fixed(100 * share, 0) for share in value)}{SPACE}%")

    return write


def _labelled(code: str, group: str) -> Writer:
    """Writer of a name, or several, that have labels of their own."""

    def write(value: Any, _: Mapping[str, Any], words: Words) -> str:
        names = [value] if isinstance(value, str) else value
        return words(code, value=", ".join(words.label(group, str(name)) for name in names))

    return write


def _lasting(code: str) -> Writer:
    return lambda value, _, words: words(code, time=duration(value, words))


_UNITS = {
    "activation_energy_joule_per_mole": "J/mol",
    "amplitude_volt": "V",
    "arcs": "",
    "assumed_drift_kelvin": "K",
    "at_least_ah": "Ah",
    "between_ah": "Ah",
    "between_volt": "V",
    "bounded": "",
    "branch": "",
    "cells": "",
    "circuit": "",
    "corrected_to_celsius": "°C",
    "cycle_count": "",
    "exponent": "",
    "frequency_hertz": "Hz",
    "highest_frequency_hertz": "Hz",
    "limit_volt": "V",
    "lowest_frequency_hertz": "Hz",
    "negative": "",
    "ocv_slope_volt": "V",
    "offset_volt": "V",
    "open_circuit_voltage_volt": "V",
    "parallel": "",
    "peukert_exponent": "",
    "positive": "",
    "readings": "",
    "reference_cell": "",
    "reference_celsius": "°C",
    "residual_volt": "V",
    "resistance_ohm": "Ω",
    "samples": "",
    "scatter_volt": "V",
    "start_voltage_volt": "V",
    "taken_as_full_volt": "V",
    "temperature_coefficient_per_kelvin": "1/K",
    "temperature_drift_kelvin": "K",
    "uncorrected": "",
    "unfinished_volt": "V",
    "voltage_step_volt": "V",
    "voltage_volt": "V",
}
"""Conditions that are a number, or a name, and the unit it is printed with."""

_WRITERS: dict[str, Writer] = {
    "direction": lambda value, _, words: words.label("direction", str(value)),
    "c_rate": lambda value, _, __: rate(value),
    "current_ampere": _current,
    "temperature_celsius": _temperature,
    "soc": _soc,
    "time_s": _time,
    "voltage_window_volt": lambda value, _, __: window(value),
    "unconditioned": _where_true("report.condition.unconditioned"),
    "relaxing": _where_true("report.condition.relaxing"),
    "isolated": _where_true("report.condition.isolated"),
    "ambient_moved_kelvin": _in_words("report.condition.ambient_moved", "K"),
    "cell": _in_words("report.condition.cell"),
    "c_rate_basis": lambda value, _, words: words.label("c_rate_basis", str(value)),
    "window_basis": lambda value, _, words: words.label("window_basis", str(value)),
    "end_voltage_volt": _in_words("report.condition.end_voltage", "V"),
    "charge_mode": _labelled("report.condition.charge_mode", "charge_mode"),
    "charge_end_current_ampere": _in_words("report.condition.charge_end_current", "A"),
    "counter_ah": _in_words("report.condition.counter", "Ah"),
    "counter_efficiency": lambda value, _, words: words("report.condition.counter", value=percent(value, 2)),
    "rest_before_s": _lasting("report.condition.rest_before"),
    "duration_s": _lasting("report.condition.duration"),
    "pause_s": _lasting("report.condition.pause"),
    "start_temperature_celsius": _start_temperature,
    "probe": _in_words("report.condition.probe"),
    "highest_cell": _in_words("report.condition.highest_cell"),
    "lowest_cell": _in_words("report.condition.lowest_cell"),
    "step_count": _in_words("report.condition.step"),
    "tested_current_ampere": lambda value, _, words: words("report.condition.tested_current_ampere", value=_ampere(value)),
    "kramers_kronig": lambda value, _, words: words(f"report.condition.kramers_kronig_{'true' if value else 'false'}"),
    "levels_soc": _shares("report.condition.levels_soc"),
    "soc_window": _shares("report.condition.soc_window"),
    "corrected_to_c_rate": lambda value, _, words: words("report.condition.corrected_to_c_rate", value=rate(value)),
    "source": _labelled("report.condition.source", "ocv_source"),
    "excluded": _labelled("report.condition.excluded", "excluded"),
    **{
        name: _where_true(f"report.condition.{name}")
        for name in ("reached_upper", "reached_lower", "includes_polarisation", "on_window_edge")
    },
    **{name: _lasting(f"report.condition.{name}") for name in ("trusted_after_s", "window_s", "first_sample_s", "interval_s")},
    **{name: _in_words(f"report.condition.{name}", unit) for name, unit in _UNITS.items()},
}
_MAIN = (
    "direction",
    "c_rate",
    "current_ampere",
    "temperature_celsius",
    "start_temperature_celsius",
    "soc",
    "time_s",
    "voltage_window_volt",
    "frequency_hertz",
    "circuit",
    "limit_volt",
    "tested_current_ampere",
    "taken_as_full_volt",
    "unconditioned",
)
_SPOKEN_FOR = {"soc_basis", "nominal_time_s", "start_temperature_uncertainty_kelvin"}
