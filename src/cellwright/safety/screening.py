"""From quantities to findings and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cellwright.core.assessment import Check, Finding, Verdict, VerdictOutcome
from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity
from cellwright.core.rules import Rules
from cellwright.safety.exceeding import confidence_beyond, finding_params
from cellwright.safety.gates import GATES, Gate
from cellwright.safety.siblings import TOO_FEW, Siblings, compare_with_siblings

LOAD_C_RATE = 0.2

Screened = tuple[Check, tuple[Finding, ...]]


def screen(
    battery: Battery,
    quantities: Mapping[str, tuple[Quantity, ...]],
    siblings: Siblings,
    rules: Rules,
) -> tuple[tuple[Finding, ...], Verdict]:
    """Put a used battery through the safety gates.

    Parameters
    ----------
    battery
        Its level decides which checks apply; its voltage limits [V], cells in series, rated capacity and energy scale limits.
    quantities
        From `cellwright.measure`: ``maximum_voltage``, ``minimum_voltage`` [V], ``maximum_current`` [A], ``temperature_rise`` [K],
        ``maximum_temperature`` [degC], ``rest_sag`` [V/h, falling is positive], ``dc_resistance`` [ohm]; of modules and packs also
        ``cell_maximum_voltage``, ``cell_minimum_voltage``, ``cell_voltage_spread`` [V] and ``isolation_resistance`` [ohm].
    siblings
        The batteries of the same kind; this one may be among them.
    rules
        Of the kind ``safety``.

    Returns
    -------
    The findings, and the verdict: ``reject`` or ``hold`` where a finding says so, else ``insufficient`` where an essential check
    was not performed, else ``pass``, which says only that the checks performed found nothing.

    Notes
    -----
    A voltage limit is passed where the value is beyond it by more than its expanded uncertainty U = k·u: with U = 1 mV, 1.9997 V has
    not fallen below 2.0 V. Heat, sag and spread are held at their limit whatever their U, and reject beyond it by more than U. A lone
    reading that its neighbours do not bear out is held for the probe's sake, and rejects nothing. Every check needs its evidence, so
    taking quantities away never turns another verdict into a pass.
    """
    screened = [_hold_against(gate, battery, quantities, rules) for gate in GATES if battery.level in gate.levels]
    screened.append(compare_with_siblings(battery, quantities, siblings, rules))
    checks = tuple(check for check, _ in screened)
    findings = tuple(finding for _, found in screened for finding in found)
    return findings, Verdict(_outcome(checks, findings), checks)


def essential(check: Check) -> bool:
    """Tell whether there is no pass without this check: all but the comparison with siblings where too few were pulsed at all."""
    return check.reason is None or check.reason.code != TOO_FEW


def _outcome(checks: Sequence[Check], findings: Sequence[Finding]) -> VerdictOutcome:
    effects = {finding.effect for finding in findings}
    if "reject" in effects:
        return "reject"
    if "hold" in effects:
        return "hold"
    return "insufficient" if any(c.status == "not_performed" and essential(c) for c in checks) else "pass"


def _hold_against(gate: Gate, battery: Battery, quantities: Mapping[str, tuple[Quantity, ...]], rules: Rules) -> Screened:
    code, scale = f"safety.check.{gate.quantity}", gate.scale(battery)
    limits = [name for name in (f"{gate.limit}_reject", f"{gate.limit}_hold") if name in rules.limits]
    rule = rules.cite(limits[-1])
    measured = quantities.get(gate.quantity, ())
    known = [q for q in measured if q.value is not None]
    if not scale or not known:
        return Check(code, "not_performed", _missing(gate, measured, scale), rule), ()
    if gate.loaded and not _was_loaded(battery, quantities):
        return Check(code, "not_performed", message("safety.never_loaded"), rule), ()
    scaled = [(name, rules.limits[name].value * scale) for name in limits]
    found = [(q, f) for q in known if (f := _finding(gate, battery, q, scaled, rules))]
    settled = sorted((f for q, f in found if not q.conditions.get("relaxing")), key=lambda finding: finding.effect == "hold")
    if settled:
        return Check(code, "finding", None, settled[0].rule), tuple(settled)
    if len(found) == len(known):
        return Check(code, "not_performed", message("safety.still_relaxing"), rule), ()
    return Check(code, "clear", None, rule), ()


def _was_loaded(battery: Battery, quantities: Mapping[str, tuple[Quantity, ...]]) -> bool:
    """Whether it was under a load that heats: C/5 where the rated capacity is known, else any current at all."""
    least = LOAD_C_RATE * (battery.rated_capacity_ah or 0.0)
    return any((q.value or 0.0) > 0.0 and (q.value or 0.0) >= least for q in quantities.get("maximum_current", ()))


def _finding(gate: Gate, battery: Battery, measured: Quantity, limits: Sequence[tuple[str, float]], rules: Rules) -> Finding | None:
    for name, limit in limits:
        rejects = name.endswith("_reject")
        confidence = confidence_beyond(measured, limit, gate.direction, doubt=gate.doubt or rejects)
        if confidence is None:
            continue
        if measured.conditions.get("isolated"):
            return replace(
                _told(gate, battery, measured, limit), code="safety.finding.implausible_reading", confidence=0.5, rule=rules.cite(name)
            )
        surely = rejects and "ambient_moved_kelvin" not in measured.conditions
        effect = "reject" if surely else "hold"
        return replace(_told(gate, battery, measured, limit), effect=effect, confidence=confidence, rule=rules.cite(name))
    return None


def _told(gate: Gate, battery: Battery, measured: Quantity, limit: float) -> Finding:
    cell = measured.conditions.get("cell")
    return Finding(
        f"safety.finding.{gate.quantity}",
        {**finding_params(measured, limit), "check": f"safety.check.{gate.quantity}"},
        where=battery.id if cell is None else f"{battery.id}, cell {cell}",
        effect="hold",
        confidence=0.5,
        evidence=measured.evidence,
    )


def _missing(gate: Gate, quantities: Sequence[Quantity], scale: float | None) -> Message:
    if not scale:
        return message("safety.not_stated", columns=list(gate.columns))
    reasons = (q.reason for q in quantities if q.reason)
    return next(reasons, message(f"safety.missing.{gate.quantity}"))
