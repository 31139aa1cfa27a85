"""Every disagreement beyond the target on the files at hand: who is right, and why, as the raw rows show it.

The first entry that fits a file and whom it is held against counts. Nothing here makes a difference smaller: it says where to look.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from _sides import Pairs, What

Right = Literal["ours", "theirs", "both", "neither"]

COUNTER, PYPROBE, CELLPY, AMPWORKS = "its own counter", "PyProBE", "cellpy", "ampworks"


@dataclass(frozen=True)
class Explanation:
    """Why two differ.

    Parameters
    ----------
    file
        Pattern of the file's name.
    other, what
        Whom it is held against, and of what.
    right
        Whose value is nearer to what happened; ``both`` where they speak of different stretches or of nothing but rounding.
    why
        What the rows show.
    """

    file: str
    other: str
    what: What
    right: Right
    why: str


def explanation(pairs: Pairs) -> Explanation | None:
    """Find what explains the disagreement of a file; None where nothing does, or there is none."""
    if not pairs.above:
        return None
    return next((e for e in EXPLAINED if (e.other, e.what) == (pairs.other, pairs.what) and fnmatchcase(pairs.file, e.file)), None)


SEVERAL_HALVES = (
    "a cycle of the tester with more than one charge or discharge: PyProBE takes the greatest less the smallest running charge in all of "
    "them together"
)
FIRST_INTERVAL = (
    "a step's first record comes one interval after its beginning: PyProBE begins with that record and loses the interval's charge"
)
THROUGH_GAPS = "the integral that cellpy is given runs through gaps of the record: "
TWO_AS_ONE = "a pulse that another current follows without a rest: PyProBE takes both for one, and divides by the current of the longer"
HALFWAY = "PyProBE counts from the last record at rest, and takes the voltage halfway between two records, whatever the time between them"

EXPLAINED = (
    Explanation(
        "*HPPC*",
        COUNTER,
        "capacity",
        "ours",
        "the counter is printed to 0.01 Ah; the half is the one pulse of 0.14 Ah before the first rest",
    ),
    Explanation(
        "biol.mpr",
        COUNTER,
        "capacity",
        "theirs",
        "discharges of microamperes, which are offsets of the current while spectra were taken: the counter stood still",
    ),
    Explanation(
        "250116_*_01_GCPL_CD8.mpr",
        COUNTER,
        "capacity",
        "theirs",
        "a charge of 4 s; its edges lie between records 0.5 s apart and are not told",
    ),
    Explanation("MB-1.mpr", COUNTER, "capacity", "theirs", "a step of two records 4 s apart, in which the current falls two thousandfold"),
    Explanation(
        "Sample_data_biologic_timestamped.txt",
        COUNTER,
        "capacity",
        "theirs",
        "a charge of 6 s; the edge lies at its first record, we take it up to 0.5 s before",
    ),
    Explanation(
        "c[ap].issue_149.*",
        COUNTER,
        "capacity",
        "theirs",
        "charges of 9 s with the edge at their first record; we take it half an interval before",
    ),
    Explanation("coc.issue_185.*", COUNTER, "capacity", "theirs", "the current rises by half within the first of twelve intervals of 5 s"),
    Explanation(
        "cov.issue_185.*",
        COUNTER,
        "capacity",
        "theirs",
        "the counter has 5.0 s of current before the first record that shows it; we take the edge 4.5 s before, as uncertain as that",
    ),
    Explanation(
        "gcpl.issue_149.*",
        COUNTER,
        "capacity",
        "theirs",
        "the first record of a discharge of 10 s shows its current not yet settled: half an interval in ten",
    ),
    Explanation(
        "gcpl.issue_226.*",
        COUNTER,
        "capacity",
        "theirs",
        "the first record of a charge of 60 s shows no current yet, the next comes 10 s later: half an interval in six",
    ),
    Explanation(
        "mb.issue_149.*",
        COUNTER,
        "capacity",
        "theirs",
        "steps of 4 to 16 s in turn with spectra: between a step's last record and the next one's first, 2 s, the counter saw no current",
    ),
    Explanation(
        "indigo_test_sample.h5*",
        COUNTER,
        "capacity",
        "theirs",
        "a current that swings between 20 and 150 A, read at one moment every 0.5 to 150 s: the rows do not have the charge, and the "
        "uncertainty of a capacity says so (14 %); the counter has it, and repeats from cycle to cycle. Not so in the charges of cycles "
        "32, 63 and 70, where it starts anew just before the end or stands still, and in the last half cycle, where it jumps by "
        "18.4 Ah while the energy does not: there ours is the better one",
    ),
    Explanation(
        "SINTEF__LiGrR2032_*Landt.csv",
        COUNTER,
        "capacity",
        "theirs",
        "currents of 0.18 mA printed as 0.2 mA; the counter is printed to 0.1 mAh, a step in 13 to 63, and is the better one",
    ),
    Explanation(
        "PredictionDiagnostics_000109_*",
        COUNTER,
        "capacity",
        "theirs",
        "the file begins 120 s into a charge, of which the counter has the beginning as well: there both are right. In two "
        "more charges the first record "
        "of the constant voltage shows a third of the current that flowed until the next one, 30 s later",
    ),
    Explanation(
        "PredictionDiagnostics_000151_*",
        COUNTER,
        "capacity",
        "both",
        "the file begins 14.25 s into a step of 17.6 s, of which the counter has the beginning as well",
    ),
    Explanation(
        "sample_data_maccor.csv", COUNTER, "capacity", "ours", "the counter is printed to 0.001 Ah, 0.024 Ah in all, of a charge of 3 s"
    ),
    Explanation(
        "2-1-6_61*",
        COUNTER,
        "capacity",
        "theirs",
        "a pulse train of 1.7 A and 0.1 A in which only the last record of each level is kept, so that it looks like a ramp "
        "from one to the other",
    ),
    Explanation(
        "SIM.nda*", COUNTER, "capacity", "theirs", "recorded currents end at ±200 A; the counter grew at up to 610 A between two records"
    ),
    Explanation(
        "new_nda_file.nda*", COUNTER, "capacity", "theirs", "51 records a step, the first still at rest: half an interval in fifty"
    ),
    Explanation(
        "nw4-120-1-6-53.ndax",
        COUNTER,
        "capacity",
        "theirs",
        "charges at constant voltage of three records in which the current falls to a tenth: a line between two records "
        "lies above the curve",
    ),
    Explanation(
        "test_2.ndax",
        COUNTER,
        "capacity",
        "both",
        "the counter is 0.300 s ahead of the step's time in each step, which shows in steps of 2 s; the rows cannot tell "
        "which clock is right",
    ),
    Explanation("ca.mpr", COUNTER, "capacity", "theirs", "nanoamperes of either sign throughout: we call it a rest"),
    Explanation("arbin_example.*", PYPROBE, "capacity", "ours", FIRST_INTERVAL),
    Explanation(
        "mb.mpr",
        PYPROBE,
        "capacity",
        "ours",
        "spectra in the same cycles, with rows of either sign: the greatest less the smallest running charge spans them",
    ),
    Explanation(
        "indigo_test_sample.h5*",
        PYPROBE,
        "capacity",
        "neither",
        "rows of either sign, at rest as well: the greatest less the smallest running charge spans other halves",
    ),
    *(
        Explanation(file, PYPROBE, "capacity", "ours", SEVERAL_HALVES)
        for file in (
            "NissanLeaf-cell-Cycling-*",
            "20160805_*.res",
            "20210210_*.res",
            "PredictionDiagnostics_000109_*",
            "xTESLADIAG_*",
            "BTS85-*.ndax",
            "neware_uio.csv",
            "nw4-120-1-6-53.ndax",
            "test_2.ndax",
        )
    ),
    Explanation(
        "NissanLeaf-cell-Cycling-*",
        CELLPY,
        "capacity",
        "ours",
        "cellpy counts the display's 4 mA at rest as charge, 0.22 Ah in each rest of two days; the tester's counter does not",
    ),
    Explanation(
        "p492-13-raw.csv", CELLPY, "capacity", "ours", THROUGH_GAPS + "240 to 360 s between rest and discharge, minutes apart in the record"
    ),
    Explanation("gcpl.issue_149.mpr", CELLPY, "capacity", "ours", THROUGH_GAPS + "170 s after each discharge of 10 s, not in the file"),
    Explanation(
        "indigo_test_sample.h5*",
        CELLPY,
        "capacity",
        "ours",
        "a rest of noise in one sign and the other, which cellpy counts",
    ),
    *(Explanation(file, PYPROBE, "resistance", "ours", TWO_AS_ONE) for file in ("NissanLeaf-cell-Low-Current-HPPC-*", "mb.issue_149.*")),
    Explanation("p492-13-raw.csv", PYPROBE, "resistance", "ours", TWO_AS_ONE + "; " + HALFWAY),
    *(Explanation(file, PYPROBE, "resistance", "ours", HALFWAY) for file in ("sample_data_basytec.txt", "sample_data_maccor.csv")),
    Explanation(
        "test_2.ndax", PYPROBE, "resistance", "ours", "at 2 s two pulses of 1.8 s are over; PyProBE reads a voltage of the rest after them"
    ),
    Explanation("20200624_*.h5*", AMPWORKS, "resistance", "neither", "a “pulse” of 2 nA, which is noise; ampworks drops the sign"),
    Explanation(
        "p492-13-raw.csv",
        AMPWORKS,
        "resistance",
        "ours",
        "ampworks divides by the mean of the samples' currents, of which one in four was read as the pulse began",
    ),
    Explanation(
        "mb.issue_149.*",
        AMPWORKS,
        "resistance",
        "ours",
        "two steps without a rest between them are one pulse to ampworks, whose mean current it divides by",
    ),
    Explanation(
        "SIM.nda*",
        AMPWORKS,
        "resistance",
        "ours",
        "a drive cycle: what ampworks takes for one pulse is several currents, ours the first of them, 20 ms long",
    ),
    Explanation(
        "TESTCELL0001-*.ndax",
        AMPWORKS,
        "resistance",
        "ours",
        "the last reading at rest and the first under current have the same time; ampworks takes the second one for the voltage at rest",
    ),
)
