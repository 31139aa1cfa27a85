"""Assessments made by hand, one of each kind that a report has to show well."""

import datetime as dt
import math
from dataclasses import replace

from cellwright.core.assessment import (
    SCHEMA_VERSION,
    Assessment,
    Assessments,
    Check,
    Claim,
    Decision,
    DecisionRule,
    Failure,
    Finding,
    Reason,
    Stamp,
    Verdict,
)
from cellwright.core.battery import Battery, Identifier
from cellwright.core.messages import message
from cellwright.core.quantity import Evidence, Method, Quantity, absent, from_components
from cellwright.core.recording import Source
from cellwright.core.rules import RuleReference
from cellwright.core.tester import Calibration, Range, Tester
from cellwright.plot import Curve, Series

DAY = dt.date(2026, 11, 22)
SHA = "3fa2c97b51d0e8864a1b7c2d9e0f83b5a64d7c1e2f9b0a8d5c6e7f1029384756"
PROCEDURE = Stamp("capacity-reference", DAY, "ab" * 32)
RULES = tuple(
    Stamp(n, DAY, h * 32) for n, h in (("safety-used-battery", "1a"), ("routing-default", "2b"), ("eu-2023-1542", "3c"), ("kr-2026", "4d"))
)
SOURCE = Source("LMO_C_25_B_17.xlsx", SHA, "nebula", "step sheet", "nebula", "1", channel="3", start="2023-02-14T09:12:05")
DEFAULT = Tester(
    "default",
    "default",
    voltage=(Range(5, 0.001, 0.002, 0.001),),
    current=(Range(100, 0.001, 0.05, 0.001),),
    temperature=(Range(80, 0.0, 2.0, 0.1),),
    time_resolution_s=1,
    default=True,
)
CERTIFICATE = Calibration("KOLAS KC08-2291", dt.date(2022, 3, 1), dt.date(2023, 3, 1))
CALIBRATED = Tester(
    "Nebula",
    "NEM350",
    serial="2019-0412",
    channel="3",
    voltage=(Range(5, 0.0002, 0.0005, 0.0001, "normal", CERTIFICATE),),
    current=(Range(100, 0.0005, 0.01, 0.001, "normal", replace(CERTIFICATE, expiry=dt.date(2022, 9, 1))),),
    temperature=(Range(80, 0.0, 0.5, 0.1),),
    time_resolution_s=0.1,
)
CHECKS = ("maximum_voltage", "minimum_voltage", "temperature_rise", "maximum_temperature", "rest_sag")


def limit(rule: str, name: str, value: float, unit: str = "1") -> RuleReference:
    return RuleReference(rule, DAY, name, value, unit, "cellwright: no statutory source", "assumed")


def rows(first: int, last: int) -> tuple[Evidence, ...]:
    return (Evidence(SHA, ((first, last),)),)


def capacity(value: float, share: float = 0.004, **more: object) -> Quantity:
    inputs = {
        "default/default:current:gain": 0.9 * share * value / 2,
        "default/default:current:offset": 0.43 * share * value / 2,
        "default/default:time": 0.02 * value / 1000,
        f"{SHA[:12]}:14:current:resolution": 1e-4,
    }
    conditions = {"c_rate": -1.0, "current_ampere": -25.0, "temperature_celsius": 25.4, "voltage_window_volt": [2.7, 4.2], "step_count": 7}
    return from_components(
        "capacity",
        value,
        "Ah",
        inputs,
        method=Method("tester's step capacity", "1", "tester's counter"),
        conditions={**conditions, **more},
        evidence=rows(13, 14),
    )


def soh(measured: Quantity, rated: float) -> Quantity:
    rating = {"rated_capacity_ah": rated, "rated_c_rate": 1.0, "rated_temperature_celsius": 25.0, "rated_voltage_window_volt": [2.7, 4.2]}
    return replace(
        measured / rated,
        name="capacity_soh",
        unit="1",
        method=Method("measured over rated"),
        conditions={**measured.conditions, **rating, "rated_origin": "declared"},
        evidence=measured.evidence,
    )


def resistances(
    at_half: float = 1.84e-3, times: tuple[float, ...] = (0.1, 1.0, 5.0), rates: tuple[float, ...] = (1.0,)
) -> tuple[Quantity, ...]:
    """Rises with time, falls with state of charge, as a cell's does; the one at 50 %, 5 s, discharge first."""
    found = [
        _resistance(at_half, soc / 100, time, rate, sign)
        for soc in range(50, 0, -5)
        for sign in (-1, 1)
        for rate in rates
        for time in sorted(times, reverse=True)
    ]
    return tuple(found)


def _resistance(at_half: float, soc: float, time: float, rate: float, sign: int) -> Quantity:
    value = (
        at_half * (0.72 + 0.28 * math.log10(10 * time) / math.log10(50)) * (1 + 0.9 * math.exp(-soc / 0.06)) * (1.0 if sign < 0 else 0.96)
    )
    return from_components(
        "dc_resistance",
        value,
        "ohm",
        {"default/default:current:gain": 0.003 * value, f"{SHA[:12]}:812:voltage:resolution": 2e-5 / rate},
        method=Method("voltage step over current step", "2", "Barai et al., Sci. Rep. 8 (2018) 21"),
        conditions={
            "direction": "discharge" if sign < 0 else "charge",
            "c_rate": sign * rate,
            "current_ampere": sign * 25.0 * rate,
            "temperature_celsius": 25.1 + 0.4 * soc,
            "soc": soc,
            "soc_basis": "measured",
            "time_s": time * 1.002,
            "nominal_time_s": time,
            "rest_before_s": 600.0,
        },
        evidence=rows(810, 812),
    )


def rest_voltages() -> tuple[Quantity, ...]:
    return tuple(
        from_components("rest_voltage", 3.4 + 0.7 * soc, "V", {"t:voltage:offset": 0.0008}, conditions={"soc": soc, "rest_before_s": 600.0})
        for soc in (0.05, 0.25, 0.5)
    )


def extremes() -> dict[str, tuple[Quantity, ...]]:
    return {
        "maximum_voltage": (from_components("maximum_voltage", 4.2374, "V", {"t:voltage:gain": 0.001}),),
        "minimum_voltage": (from_components("minimum_voltage", 2.6998, "V", {"t:voltage:gain": 0.001}),),
        "temperature_rise": (from_components("temperature_rise", 11.1, "K", {"t:temperature:offset": 0.3}),),
        "coulombic_efficiency": (from_components("coulombic_efficiency", 0.9964, "1", {"t:current:offset": 0.0011}),),
    }


def verdict(outcome: str, found: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Verdict:
    rule = limit("safety-used-battery", "x_hold", 1.0)
    checks = [
        Check(f"safety.check.{name}", "not_performed", message(f"safety.missing.{name}"), rule)
        if name in without
        else Check(f"safety.check.{name}", "finding" if name in found else "clear", None, rule)
        for name in CHECKS
    ]
    siblings = Check("safety.check.dc_resistance", "not_performed", message("safety.too_few_siblings", found=3, needed=5), rule)
    return Verdict(outcome, (*checks, siblings))


def held(what: str, value: float, route: str, against: float, band: float) -> Reason:
    params = {"value": value, "route": f"grading.outcome.{route}", "limit": against, "band": band}
    rule = limit("routing-default", f"{route}_minimum_capacity_soh", against / 100)
    return Reason(f"grading.capacity.{what}", params, "capacity_soh", rule)


def decided(outcome: str, *reasons: Reason, needs: tuple = (), term: tuple[str, str] | None = None, claims: tuple = ()) -> Decision:
    word = message("grading.term", en=term[0], ko=term[1]) if term else None
    return Decision(outcome, reasons, needs, term=word, rule=DecisionRule(1.0, 2.0), claims=claims)


def battery(name: str, **more: object) -> Battery:
    rated = {
        "rated_capacity_ah": 25.0,
        "rated_capacity_c_rate": 1.0,
        "rated_temperature_celsius": 25.0,
        "minimum_voltage_volt": 2.7,
        "maximum_voltage_volt": 4.2,
    }
    return Battery(name, **{"chemistry": "LMO", "format": "pouch", "purpose": "ev", **rated, **more})


def repurposed(name: str = "515091902419", measured: float = 20.62, at_half: float = 1.84e-3) -> Assessment:
    found = capacity(measured)
    share = soh(found, 25.0)
    value = round(100 * share.value, 2)
    band = round(200 * share.standard_uncertainty, 2)
    return Assessment(
        battery=battery(name, parent="module-7", waste="no", bms_soh=0.86, identifiers=(Identifier("maker", "LG-JH3-25"),)),
        sources=(SOURCE,),
        quantities={
            "capacity": (found, capacity(measured + 0.11, unconditioned=True)),
            "energy": (from_components("energy", 3.71 * measured, "Wh", {"t:current:gain": 0.2}, conditions=found.conditions),),
            "capacity_soh": (share,),
            "bms_soh": (Quantity("bms_soh", 0.86, "1", origin="bms"),),
            "dc_resistance": resistances(at_half),
            "rest_voltage": rest_voltages(),
            **extremes(),
        },
        findings=(),
        verdict=verdict("pass"),
        decision=decided(
            "repurpose",
            held("refused", value, "remanufacture", 90.0, band),
            held("accepted", value, "repurpose", 60.0, band),
            Reason("grading.safety.pass"),
            Reason("grading.resistance.not_measured"),
            term=("use outside vehicles", "재사용"),
        ),
        deviations=(),
        tester=CALIBRATED,
        procedure=PROCEDURE,
    )


def straddling(name: str = "515092501338") -> Assessment:
    base = repurposed(name, 22.46)
    share = base.first("capacity_soh")
    value, band = round(100 * share.value, 2), round(200 * share.standard_uncertainty, 2)
    return replace(
        base,
        quantities={**base.quantities, "dc_resistance": resistances(1.61e-3, times=(0.03, 0.1, 0.5, 1.0, 3.0, 5.0), rates=(0.5, 1.0, 2.0))},
        verdict=verdict("insufficient", without=("rest_sag", "temperature_rise", "maximum_temperature")),
        decision=decided(
            "undecided",
            held("straddles", value, "remanufacture", 90.0, band),
            Reason("grading.safety.insufficient"),
            Reason("grading.unconditioned"),
            needs=(
                message("grading.need.conditioned_capacity"),
                message("grading.capacity.more_precise", uncertainty=0.16),
                message("grading.need.check", check="safety.check.rest_sag"),
                message("grading.need.check", check="safety.check.temperature_rise"),
            ),
        ),
        deviations=(message("grading.unconditioned"), message("grading.resistance.not_measured")),
        tester=DEFAULT,
    )


def held_back(name: str = "PIP15827A00221240") -> Assessment:
    base = repurposed(name, 18.1, 3.9e-3)
    rule = limit("safety-used-battery", "rest_sag_per_cell_hold", 0.005, "V/h")
    sag = {"value": 0.0124, "unit": "V/h", "uncertainty": 0.0011, "limit": 0.005}
    warm = {"value": 24.6, "unit": "K", "uncertainty": 0.9, "limit": 20}
    return replace(
        base,
        findings=(
            Finding("safety.finding.rest_sag", sag, name, "hold", 0.9999, rows(44, 45), rule),
            Finding("safety.finding.temperature_rise", warm, name, "hold", 0.998, rows(13, 14), rule),
        ),
        verdict=verdict("hold", found=("rest_sag", "temperature_rise")),
        decision=decided(
            "undecided",
            held("accepted", 72.4, "repurpose", 60.0, 0.29),
            Reason("grading.safety.hold"),
            needs=(
                message("grading.need.settle", check="safety.check.rest_sag"),
                message("grading.need.settle", check="safety.check.temperature_rise"),
            ),
        ),
        deviations=tuple(message("grading.need.check", check=f"safety.check.{c}") for c in CHECKS * 2),
    )


def recycled(name: str = "02LCC02100101A87Y0052124") -> Assessment:
    base = repurposed(name, 11.9, 5.2e-3)
    return replace(
        base,
        verdict=verdict("reject", found=("minimum_voltage",)),
        findings=(
            Finding(
                "safety.finding.minimum_voltage",
                {"value": 1.12, "unit": "V", "uncertainty": 0.002, "limit": 1.35},
                name,
                "reject",
                1.0,
                rows(3, 4),
                limit("safety-used-battery", "minimum_voltage_ratio_reject", 0.5),
            ),
        ),
        decision=decided(
            "recycle", Reason("grading.safety.reject"), held("refused", 47.6, "repurpose", 60.0, 0.19), term=("recycle", "재활용")
        ),
    )


def unmeasured(name: str = "shelf-4/cell 12") -> Assessment:
    reason = message("health.not_comparable_rating_incomplete", columns=["rated_capacity_c_rate", "rated_temperature_celsius"])
    return Assessment(
        battery=Battery(name),
        sources=(replace(SOURCE, file="pulse only.csv", start=None, channel=None),),
        quantities={
            "capacity": (absent("capacity", "Ah", message("health.no_rated_value", columns=["rated_capacity_ah"])),),
            "capacity_soh": (absent("capacity_soh", "1", reason),),
            "bms_soh": (absent("bms_soh", "1", message("health.no_bms_soh"), origin="bms"),),
        },
        findings=(),
        verdict=verdict("insufficient", without=CHECKS),
        decision=decided(
            "undecided",
            needs=(message("grading.need.reference_capacity"), message("grading.need.rated_values", columns="rated_capacity_ah")),
        ),
    )


def module(name: str = "module-7") -> Assessment:
    base = repurposed(name, 23.9, 22.4e-3)
    spread = from_components("cell_voltage_spread", 0.0184, "V", {"t:voltage:offset": 0.0008})
    return replace(
        base,
        battery=battery(
            name, level="module", series=12, parallel=1, minimum_voltage_volt=32.4, maximum_voltage_volt=50.4, rated_energy_wh=1110.0
        ),
        quantities={**base.quantities, "cell_voltage_spread": (spread,)},
        decision=decided(
            "remanufacture",
            held("accepted", 95.6, "remanufacture", 90.0, 0.38),
            term=("remanufacture", "재제조"),
            claims=(
                Claim(
                    "remanufactured",
                    None,
                    (Reason("grading.every_cell", {"expected": 12}),),
                    (message("grading.need.bench_capacity_of_battery"),),
                ),
            ),
        ),
    )


def several(*batteries: Assessment, failed: tuple[Failure, ...] = ()) -> Assessments:
    moment = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC)
    return Assessments(SCHEMA_VERSION, "0.1.0", moment, RULES, batteries, failed)


def truckload() -> Assessments:
    failure = Failure("cell 9.ndax", "assess.cannot_open", {"path": "cell 9.ndax", "detail": "Permission denied"})
    return several(repurposed(), straddling(), held_back(), recycled(), unmeasured(), module(), failed=(failure,))


def made_curve(points: int = 1000, sha256: str = SHA) -> Curve:
    """A rest, a discharge and a charge, over ten hours."""
    time = [10 * n / (points - 1) for n in range(points)]
    current = [0.0 if t < 2 else -25.0 if t < 3 else 12.5 if t < 5 else 0.0 for t in time]
    voltage = [round(3.7 + 0.4 * math.sin(t) + 0.004 * i, 4) for t, i in zip(time, current, strict=True)]
    warmth = [round(25 + 3 * math.exp(-((t - 3) ** 2)), 2) for t in time]
    series = (Series("voltage", "V", voltage), Series("current", "A", current), Series("temperature", "degC", warmth))
    return Curve("LMO_C_25_B_17.xlsx", sha256, "series", 36000, tuple(round(t, 5) for t in time), tuple(range(points)), series)
