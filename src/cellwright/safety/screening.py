"""From quantities to findings and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cellwright.core.assessment import Check, Finding, Verdict, VerdictOutcome
from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity
from cellwright.core.rules import Rules
from cellwright.safety.exceeding import confidence_beyond, finding_params
from cellwright.safety.gates import GATES, Gate
from cellwright.safety.siblings import TOO_FEW, Siblings, compare_with_siblings

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
        From `cellwright.measure`: ``maximum_voltage``, ``minimum_voltage`` [V], ``temperature_rise`` [K],
        ``maximum_temperature`` [degC], ``rest_sag`` [V/h, falling is positive], ``dc_resistance`` [ohm]; of modules and packs
        also ``cell_voltage_spread`` [V] and ``isolation_resistance`` [ohm].
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
    A limit is passed where the value is beyond it by more than its expanded uncertainty U = k·u: with U = 1 mV, 1.9997 V has not
    fallen below 2.0 V. Every check needs its evidence, so taking quantities away never turns another verdict into a pass.
    """
    screened = [_hold_against(gate, battery, quantities.get(gate.quantity, ()), rules) for gate in GATES if battery.level in gate.levels]
    screened.append(compare_with_siblings(battery, quantities, siblings, rules))
    checks = tuple(check for check, _ in screened)
    findings = tuple(finding for _, found in screened for finding in found)
    return findings, Verdict(_outcome(checks, findings), checks)


def essential(check: Check) -> bool:
    """Tell whether there is no pass without this check: all but the comparison with siblings where there are too few of them."""
    return check.reason is None or check.reason.code != TOO_FEW


def _outcome(checks: Sequence[Check], findings: Sequence[Finding]) -> VerdictOutcome:
    effects = {finding.effect for finding in findings}
    if "reject" in effects:
        return "reject"
    if "hold" in effects:
        return "hold"
    return "insufficient" if any(c.status == "not_performed" and essential(c) for c in checks) else "pass"


def _hold_against(gate: Gate, battery: Battery, quantities: Sequence[Quantity], rules: Rules) -> Screened:
    code, scale = f"safety.check.{gate.quantity}", gate.scale(battery)
    limits = [name for name in (f"{gate.limit}_reject", f"{gate.limit}_hold") if name in rules.limits]
    rule = rules.cite(limits[-1])
    known = [q for q in quantities if q.value is not None]
    if not scale or not known:
        return Check(code, "not_performed", _missing(gate, quantities, scale), rule), ()
    found = [f for q in known if (f := _finding(gate, battery, q, [(name, rules.limits[name].value * scale) for name in limits], rules))]
    if not found:
        return Check(code, "clear", None, rule), ()
    found.sort(key=lambda finding: finding.effect == "hold")
    return Check(code, "finding", None, found[0].rule), tuple(found)


def _finding(gate: Gate, battery: Battery, measured: Quantity, limits: Sequence[tuple[str, float]], rules: Rules) -> Finding | None:
    for name, limit in limits:
        confidence = confidence_beyond(measured, limit, gate.direction)
        if confidence is not None:
            return Finding(
                f"safety.finding.{gate.quantity}",
                finding_params(measured, limit),
                where=battery.id,
                effect="reject" if name.endswith("_reject") else "hold",
                confidence=confidence,
                evidence=measured.evidence,
                rule=rules.cite(name),
            )
    return None


def _missing(gate: Gate, quantities: Sequence[Quantity], scale: float | None) -> Message:
    if not scale:
        return message("safety.not_stated", columns=list(gate.columns))
    reasons = (q.reason for q in quantities if q.reason)
    return next(reasons, message(f"safety.missing.{gate.quantity}"))
