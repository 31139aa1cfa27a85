"""Impedance: circuits of a thousand spectra against impedance.py, relaxation times against pyDRTtools, verdicts on drifting spectra."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from _bench import Row
from numpy.typing import NDArray
from peers.environments import python_of
from scipy.signal import find_peaks

from cellwright import measure
from cellwright.core.coverage import coverage_interval
from cellwright.measure.impedance.quantities import charge_transfer_resistances

SPECTRA, PEER_EVERY = 1_000, 4
FASTER, AS_GOOD, DRT_FASTER = 20.0, 0.95, 5.0
DISTRIBUTIONS, VERDICTS, VERDICTS_RIGHT = 40, 500, 0.95
INTERVALS, LOW, HIGH = 500, 0.93, 0.97
CIRCUITS = ("L0-R0-p(R1,CPE1)-p(R2,CPE2)-W3", "L0-R0-p(R1,CPE1)-W2", "R0-p(R1,C1)-p(R2,C2)", "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3")
EXAMPLE, PUBLISHED = "R0-p(R1,C1)-p(R2-Wo1,C2)", (1.65e-2, 8.68e-3, 3.32, 5.39e-3, 6.31e-2, 233.0, 0.22)
SAME = 1 + 1e-6
NEAR_DECADES, LEAST_SHARE = 0.25, 0.005

Peaks = list[tuple[float, float]]


def rows(asked: argparse.Namespace) -> list[Row]:
    """All cases; peers in turn with ours where asked."""
    return [
        *circuits(asked.seed, peers=asked.peers),
        *(example(asked.seed) if asked.peers else []),
        *distributions(asked.seed, peers=asked.peers),
        *verdicts(asked.seed),
        *intervals(asked.seed),
    ]


def circuits(seed: int, *, peers: bool) -> list[Row]:
    """Time of a thousand fits of four circuits without starting values; over impedance.py's time and residual on every fourth of them."""
    given = {c: [_cell(np.random.default_rng([seed, k, n]), c)[0] for n in range(SPECTRA // len(CIRCUITS))] for k, c in enumerate(CIRCUITS)}
    case = f"circuits of {SPECTRA} spectra"
    seconds, fits = [], dict[str, Sequence[measure.CircuitFit]]()
    for _ in range(3):
        began = perf_counter()
        fits = {circuit: measure.fit_circuits(spectra, circuit) for circuit, spectra in given.items()}
        seconds.append(perf_counter() - began)
    found = [Row(case, "time", median(seconds), "s", None, None, 3, seed)]
    if not peers or not (python := python_of("impedance")):
        return found
    theirs = [t for circuit, spectra in given.items() for t in _asked(python, "circuit_fits.py", spectra[::PEER_EVERY], circuit=circuit)]
    ours = [fit for each in fits.values() for fit in each[::PEER_EVERY]]
    times = SPECTRA * float(np.mean([t["seconds"] for t in theirs])) / median(seconds)
    share = float(np.mean([t["residual"] is None or f.residual <= SAME * t["residual"] for f, t in zip(ours, theirs, strict=True)]))
    return [
        *found,
        Row(case, "impedance.py's time/ours", times, "1", FASTER, times >= FASTER, len(theirs), seed),
        Row(case, "equal or lower residual", share, "1", AS_GOOD, share >= AS_GOOD, len(theirs), seed),
    ]


def example(seed: int) -> list[Row]:
    """Residual of impedance.py's example spectrum with its published parameters over ours, without weights, as it was fitted."""
    if not (python := python_of("impedance")):
        return []
    run = subprocess.run([python, _script("circuit_fits.py"), "example"], capture_output=True, text=True, check=True)
    spectrum = json.loads(run.stdout)
    f, z = np.array(spectrum["frequency"]), np.array(spectrum["real"]) + 1j * np.array(spectrum["imaginary"])
    f, z = f[z.imag < 0], z[z.imag < 0]
    ours = measure.fit_circuit(measure.Spectrum(f, z), EXAMPLE, weighting="unit").impedance(f)
    ratio = float(np.linalg.norm(_published(f) - z) / np.linalg.norm(ours - z))
    return [Row("impedance.py's example", "published residual/ours", ratio, "1", 1.0, ratio >= 1, 1, seed)]


def distributions(seed: int, *, peers: bool) -> list[Row]:
    """Time of a distribution of relaxation times, and how far its peaks lie from what was put in; pyDRTtools' beside."""
    rng = np.random.default_rng(seed)
    cases = [_arcs(rng) for _ in range(DISTRIBUTIONS)]
    seconds, ours = [], list[Peaks]()
    for spectrum, _ in cases:
        began = perf_counter()
        found = measure.relaxation_times(spectrum)
        seconds.append(perf_counter() - began)
        ours.append([(p.time_constant.value or 0.0, p.resistance.value or 0.0) for p in found.peaks])
    truths = [truth for _, truth in cases]
    place, size, right = _recovered(ours, truths)
    case = "DRT of one spectrum"
    result = [Row(case, "time", median(seconds), "s", None, None, DISTRIBUTIONS, seed)]
    if not peers or not (python := python_of("pydrttools")):
        return [*result, Row(case, "error of resistances", size, "1", None, None, DISTRIBUTIONS, seed)]
    theirs = _asked(python, "relaxation_times.py", [spectrum for spectrum, _ in cases])
    their_place, their_size, their_right = _recovered([_peaks(np.array(t["tau"]), np.array(t["gamma"])) for t in theirs], truths)
    times = median(t["seconds"] for t in theirs) / median(seconds)
    return [
        *result,
        Row(case, "pyDRTtools' time/ours", times, "1", DRT_FASTER, times >= DRT_FASTER, DISTRIBUTIONS, seed),
        Row(case, "error of log10 tau", place, "1", their_place, place <= their_place, DISTRIBUTIONS, seed),
        Row(case, "error of resistances", size, "1", their_size, size <= their_size, DISTRIBUTIONS, seed),
        Row(case, "right number of peaks", right, "1", their_right, right >= their_right, DISTRIBUTIONS, seed),
    ]


def verdicts(seed: int) -> list[Row]:
    """Shares of clean spectra accepted and of drifting ones rejected, at 0.1 % noise and 2 % drift, up or down, over the whole sweep.

    The drift goes on from reading to reading, or with time, as many periods at each frequency, swept downwards or upwards. The wider family
    has few readings, narrow and wide sweeps, single relaxations, blocking electrodes and inductive loops; it has no target.
    """
    found = list[Row]()
    for case, draw, target in (("Kramers-Kronig test", _any, VERDICTS_RIGHT), ("Kramers-Kronig, wider family", _wider, None)):
        rng, right = np.random.default_rng(seed), dict.fromkeys(("clean accepted", *_courses(np.ones(2))), 0)
        for n in range(VERDICTS):
            f, z = draw(rng)
            right["clean accepted"] += measure.kramers_kronig(measure.Spectrum(f, _noisy(z, 1e-3, rng))).consistent
            for name, course in _courses(f).items():
                drifting = z * (1 + 0.02 * (-1) ** n * course)
                right[name] += not measure.kramers_kronig(measure.Spectrum(f, _noisy(drifting, 1e-3, rng))).consistent
        for name, count in right.items():
            share = count / VERDICTS
            found.append(Row(case, name, share, "1", target, None if target is None else share >= target, VERDICTS, seed))
    return found


def intervals(seed: int) -> list[Row]:
    """Shares of 95 % intervals that hold the truth: the crossing of the real axis, and the resistance of all arcs."""
    cells = [_cell(np.random.default_rng([seed, n]), CIRCUITS[0]) for n in range(INTERVALS)]
    case, spectra = "intervals of resistances", [spectrum for spectrum, _, _ in cells]
    ohmic = [(measure.ohmic_resistance(spectrum), truth) for spectrum, truth, _ in cells]
    transfer = [(q, truth) for q, (_, _, truth) in zip(charge_transfer_resistances(spectra), cells, strict=True)]
    found = list[Row]()
    for name, pairs in (("ohmic", ohmic), ("charge transfer", transfer)):
        given = [(coverage_interval(q, None), truth) for q, truth in pairs if q.value is not None]
        held = float(np.mean([span is not None and span.low <= truth <= span.high for span, truth in given]))
        found.append(Row(case, f"{name}, truth within 95 %", held, "1", LOW, LOW <= held <= HIGH, len(given), seed))
    return found


def _courses(f: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Course of a drift, from 0 to 1."""
    down, up = np.cumsum(1 / f), np.cumsum((1 / f)[::-1])[::-1]
    return {
        "drift by reading rejected": np.linspace(0, 1, len(f)),
        "drift in time rejected": down / down[-1],
        "drift in time upwards rejected": up / up[0],
    }


def _script(name: str) -> Path:
    return Path(__file__).parent / "peers" / name


def _asked(python: Path, script: str, spectra: Sequence[measure.Spectrum], **more: str) -> list[dict[str, Any]]:
    given = [
        {"frequency": list(s.frequency_hertz), "real": list(s.impedance_ohm.real), "imaginary": list(s.impedance_ohm.imag)} | more
        for s in spectra
    ]
    text = "\n".join(map(json.dumps, given))
    run = subprocess.run([python, _script(script)], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def _noisy(z: NDArray[Any], share: float, rng: np.random.Generator) -> NDArray[Any]:
    return z + share * np.abs(z) * (rng.normal(size=len(z)) + 1j * rng.normal(size=len(z)))


def _arc(jw: NDArray[Any], ohm: float, second: float, exponent: float) -> NDArray[Any]:
    return ohm / (1 + (jw * second) ** exponent)


def _cell(rng: np.random.Generator, circuit: str) -> tuple[measure.Spectrum, float, float]:
    """Draw a cell of one or two arcs, with the tail and the leads that its circuit has, and 0.1 % noise; its two resistances."""
    ohm, leads, tail = 10 ** rng.uniform(-3, -1), 10 ** rng.uniform(-6, -5.2), 10 ** rng.uniform(-1.5, -0.7)
    pure, bend = "C1)" in circuit.replace("CPE", ""), rng.uniform(0.45, 0.55) if "-CPE" in circuit else 0.5
    spans = ((-0.7, 0.3, -3.5, -2.2), (-0.5, 0.5, -1.5, -0.2))[: circuit.count("p(")]
    arcs = [(ohm * 10 ** rng.uniform(a, b), 10 ** rng.uniform(c, d), 1.0 if pure else rng.uniform(0.75, 0.98)) for a, b, c, d in spans]

    def impedance(f: NDArray[Any]) -> NDArray[Any]:
        jw = 2j * np.pi * f
        z = ohm + sum(_arc(jw, *arc) for arc in arcs) + (jw * ohm * leads if "L0" in circuit else 0.0)
        return z if pure else z + ohm * tail * np.sqrt(2) * jw**-bend

    f, fine = np.logspace(4, -2, 61), np.logspace(5, 1, 40_001)
    z = impedance(fine)
    turns = np.flatnonzero((z.imag[:-1] >= 0) & (z.imag[1:] < 0))
    crossing = float(np.interp(0.0, -z.imag[turns[0] : turns[0] + 2], z.real[turns[0] : turns[0] + 2])) if len(turns) else np.nan
    return measure.Spectrum(f, _noisy(impedance(f), 1e-3, rng)), crossing, sum(ohm for ohm, _, _ in arcs)


def _arcs(rng: np.random.Generator) -> tuple[measure.Spectrum, Peaks]:
    """Draw one to three arcs at least 1.2 decades apart, with 0.2 % noise, and tell time constants and resistances."""
    f = np.logspace(5, -2, 71)
    jw, count = 2j * np.pi * f, int(rng.integers(1, 4))
    taus = np.zeros(count)
    while (count > 1 and np.diff(np.log10(np.maximum(taus, 1e-9))).min() < 1.2) or taus[0] == 0:
        taus = np.sort(10 ** rng.uniform(-4.5, 0.7, count))
    truth = [(float(tau), float(10 ** rng.uniform(-0.7, 0.3))) for tau in taus]
    z = 1 + jw * 2e-7 + sum(_arc(jw, ohm, tau, rng.uniform(0.8, 0.97)) for tau, ohm in truth)
    return measure.Spectrum(f, _noisy(z, 2e-3, rng)), truth


def _any(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw one to three arcs of any width over any usual sweep, mostly with a tail and leads."""
    low, high, density = rng.uniform(-2.5, -1), rng.uniform(3.5, 5), rng.integers(6, 13)
    f = np.logspace(high, low, int((high - low) * density) + 1)
    jw, ohm = 2j * np.pi * f, 10 ** rng.uniform(-3, 1)
    z = ohm + 0 * jw
    for _ in range(rng.integers(1, 4)):
        z = z + _arc(jw, ohm * 10 ** rng.uniform(-0.5, 0.7), 10 ** rng.uniform(-4, 0.5), rng.uniform(0.65, 1))
    if rng.random() < 0.7:
        z = z + ohm * 10 ** rng.uniform(-1, 0) * jw ** -rng.uniform(0.45, 0.6)
    if rng.random() < 0.7:
        z = z + jw * ohm * 10 ** rng.uniform(-6.5, -4.5)
    return f, z


def _wider(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw two relaxations, depressed arcs, a Warburg tail, a blocking electrode, leads or an inductive loop, over 4 to 7 decades."""
    low, high = ((-2, 4), (-1, 3), (-2, 5), (-3, 4), (0, 4))[rng.integers(5)]
    f = np.logspace(high, low, int((high - low) * rng.integers(5, 13)) + 1)
    jw, slow, fast, ohm = 2j * np.pi * f, 2 * np.pi * 10.0**low, 2 * np.pi * 10.0**high, 10 ** rng.uniform(-3, 1)
    kind = rng.integers(6)
    wide = (1.0, 0.9, rng.uniform(0.5, 0.7), 0.85, 0.9, 0.9)[kind]
    z = ohm + _arc(jw, ohm * 10 ** rng.uniform(-0.5, 0.5), 1 / (2 * np.pi * 10 ** rng.uniform(low + 0.5, high - 0.5)), wide)
    size = ohm * 10 ** rng.uniform(-0.5, 0.5)
    more = (
        _arc(jw, size, 1 / (2 * np.pi * 10 ** rng.uniform(low + 0.5, high - 0.5)), 1.0),
        0.4 * size * (jw / slow) ** -0.5,
        _arc(jw, size, 1 / (2 * np.pi * 10 ** rng.uniform(low + 0.5, high - 0.5)), rng.uniform(0.5, 0.8)),
        jw * size / fast,
        size * (jw / slow) ** -rng.uniform(0.9, 1.0),
        -_arc(jw, 0.3 * size, 1 / (3 * slow), 1.0),
    )
    return f, z + more[kind]


def _published(f: NDArray[Any]) -> NDArray[Any]:
    ohmic, r1, c1, r2, z0, tau, c2 = PUBLISHED
    jw = 2j * np.pi * f
    s = np.sqrt(jw * tau)
    return ohmic + 1 / (1 / r1 + jw * c1) + 1 / (1 / (r2 + z0 / (s * np.tanh(s))) + jw * c2)


def _peaks(tau: NDArray[Any], gamma: NDArray[Any]) -> Peaks:
    """Weigh the peaks of a distribution from valley to valley."""
    order = np.argsort(tau)
    place, height = np.log(tau[order]), np.maximum(gamma[order], 0)
    tops = find_peaks(np.concatenate([[0.0], height, [0.0]]))[0] - 1
    edges = [0, *(int(a + np.argmin(height[a : b + 1])) for a, b in pairwise(tops)), len(height)]
    parts = [slice(a, b + 1) for a, b in pairwise(edges)]
    sizes = [float(np.trapezoid(height[part], place[part])) for part in parts]
    centres = [float(np.trapezoid(height[p] * place[p], place[p])) / max(size, 1e-300) for p, size in zip(parts, sizes, strict=True)]
    return [(float(np.exp(c)), s) for c, s in zip(centres, sizes, strict=True) if s >= LEAST_SHARE * sum(sizes)]


def _recovered(found: Sequence[Peaks], truths: Sequence[Peaks]) -> tuple[float, float, float]:
    """Mean errors of log10 τ and of the resistances, relative, of the peaks nearest to each truth; share with their right number."""
    places, sizes = list[float](), list[float]()
    for peaks, truth in zip(found, truths, strict=True):
        for tau, ohm in truth:
            near = min(peaks, key=lambda p: abs(np.log(p[0] / tau)), default=(np.inf, 0.0))
            off = abs(float(np.log10(near[0] / tau)))
            places.append(min(off, NEAR_DECADES))
            sizes.append(abs(near[1] / ohm - 1) if off <= NEAR_DECADES else 1.0)
    right = np.mean([len(peaks) == len(truth) for peaks, truth in zip(found, truths, strict=True)])
    return float(np.mean(places)), float(np.mean(sizes)), float(right)
