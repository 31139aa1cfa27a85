"""How fast and in how much memory testers' files are read, against bare libraries and, with ``--peers``, against other programs.

Each program is imported once in a process of its own and then reads in turn with ours, so that no import is counted and a machine that
gets busy treats all alike; a ratio is the median over the rounds. Text exports are made long first: the head once, the rows again and
again with time going on, 100 MB against Polars' own ``read_csv`` and 20 MB against batterydf. Memory is that of a fresh process over
what it has after the import.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from shutil import which
from statistics import median

from _bench import Row, arguments, in_turn, show
from peers.environments import REQUIREMENTS, python_of
from reading.children import Child, Unreadable, compiled, read_once
from reading.lengthened import Long, lengthened
from reading.samples import BINARY, Sample, by_format, find_samples

from cellwright import readers

LONG = 100 << 20
PEER_LONG = 20 << 20
ROUNDS = 5
FIRST_READ_S = 0.2
LARGE_TABLE_MB = 16

Groups = Mapping[tuple[str, str], list[Sample]]


class Bench:
    """Processes that stay, and the rows that they gave."""

    def __init__(self, stack: ExitStack, folder: Path, seed: int, *, peers: bool) -> None:
        self.stack, self.folder, self.seed, self.peers = stack, folder, seed, peers
        self.children: dict[str, Child | None] = {}

    def child(self, program: str) -> Child | None:
        """Return the process of a program; None where it cannot be had."""
        if program not in self.children:
            self.children[program] = self._started(program)
        return self.children[program]

    def _started(self, program: str) -> Child | None:
        python = python_of(program) if program in REQUIREMENTS else sys.executable
        if python is None or (program == "mdbtools" and not which("mdb-export")):
            return None
        child = Child(program, python)
        self.stack.callback(child.stop)
        return child

    def ratio(self, case: str, other: str, path: Path, options: dict[str, object] | None = None) -> list[float] | None:
        """Our time over another program's, a value a round; None, and why on stderr, where one of them cannot read it."""
        theirs, ours = self.child(other), self.child("cellwright")
        if theirs is None or ours is None:
            return None
        try:
            for warm in (partial(ours.read, path), partial(theirs.read, path, options)):
                warm()
            mine, others = in_turn(partial(ours.seconds, path), partial(theirs.seconds, path, options), times=ROUNDS)
        except Unreadable as error:
            return told(case, error)
        return [a / b for a, b in zip(mine, others, strict=True)]

    def at_most(self, case: str, other: str, ratios: Sequence[float] | None, target: float, metric: str = "time") -> Row:
        value = median(ratios) if ratios else None
        met = None if value is None else value <= target
        return Row(case, f"{metric} over {other}'s", value, "1", target, met, len(ratios or ()), self.seed)

    def at_least(self, case: str, other: str, ratios: Sequence[float] | None, target: float) -> Row:
        value = median(1 / r for r in ratios) if ratios else None
        met = None if value is None else value >= target
        return Row(case, f"times as fast as {other}", value, "1", target, met, len(ratios or ()), self.seed)

    def memory(self, case: str, path: Path, *, target: float = 4.0) -> Row:
        """Rise of memory over the size of the table that it gave."""
        try:
            found = [read_once("cellwright", path) for _ in range(ROUNDS)]
        except Unreadable as error:
            return self.at_most(case, "its table", told(case, error), target, "memory")
        return self.at_most(case, "its table", [f["rise_mb"] / f["table_mb"] for f in found], target, "memory")

    def memory_ratio(self, case: str, other: str, path: Path, target: float) -> Row:
        try:
            rises = in_turn(*(partial(rise_mb, program, path) for program in ("cellwright", other)), times=ROUNDS)
        except Unreadable as error:
            return self.at_most(case, other, told(case, error), target, "memory")
        return self.at_most(case, other, [a / b for a, b in zip(*rises, strict=True)], target, "memory")


def told(case: str, error: Unreadable) -> None:
    """Say why there will be no value."""
    print(f"{case}: {error}", file=sys.stderr)


def rise_mb(program: str, path: Path) -> float:
    return read_once(program, path)["rise_mb"]


def main() -> None:
    asked = arguments(__doc__)
    groups = by_format(find_samples(asked.data))
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="cellwright-bench-") as folder:
        bench = Bench(stack, Path(folder), asked.seed, peers=asked.peers)
        rows: list[Row] = []
        for part in (text_exports, neware, biologic, arbin, workbooks, binary_memory, first_reads):
            for row in part(bench, groups):
                print(f"{row.case}: {row.metric} {'—' if row.value is None else f'{row.value:.3g}'} {row.unit}", file=sys.stderr)
                rows.append(row)
    show(rows, as_json=asked.json)


def named(sample: Sample) -> str:
    return f"{sample.make} {sample.format} ({sample.path.name[:40]}, {sample.size / 1e6:.2g} MB)"


def text_exports(bench: Bench, groups: Groups) -> Iterator[Row]:
    """Each make's largest text export, made long: against bare Polars, against batterydf, and in memory."""
    for (make, form), samples in groups.items():
        sample = next((s for s in samples if s.is_text and s.size > 1000), None)
        if sample is None:
            continue
        case = f"{make} {form} text"
        long = lengthened(sample.path, LONG, bench.folder)
        if long is None:
            yield Row(case, "time over polars's", None, "1", 2.0, None, 0, bench.seed)
            continue
        case = f"{case} ({long.path.stat().st_size / 1e6:.0f} MB)"
        yield from against_polars(bench, case, long)
        yield bench.memory(case, long.path)
        long.path.unlink()
        if bench.peers and (shorter := lengthened(sample.path, PEER_LONG, bench.folder)):
            yield bench.at_least(case, "batterydf", bench.ratio(case, "batterydf", shorter.path), 4.0)
            shorter.path.unlink()


def against_polars(bench: Bench, case: str, long: Long) -> Iterator[Row]:
    ours = bench.child("cellwright")
    assert ours is not None
    options = {**long.options, "encoding": "utf8-lossy", "infer_schema_length": 10_000, "ignore_errors": True}
    ratios = bench.ratio(case, "polars", long.path, options)
    yield bench.at_most(case, "polars", ratios, 2.0)
    if ratios is not None:
        times = [ours.seconds(long.path) for _ in range(3)]
        yield Row(case, "speed", long.path.stat().st_size / 1e6 / median(times), "MB/s", None, None, len(times), bench.seed)


def neware(bench: Bench, groups: Groups) -> Iterator[Row]:
    for form in ("nda", "ndax"):
        for sample in largest(groups, "neware", form, 2) or [None]:
            if sample is None:
                yield Row(f"neware {form}", "time over fastnda's", None, "1", 1.15, None, 0, bench.seed)
                continue
            case = named(sample)
            yield bench.at_most(case, "fastnda", bench.ratio(case, "fastnda", sample.path), 1.15)
            yield bench.memory_ratio(case, "fastnda", sample.path, 1.3)


def biologic(bench: Bench, groups: Groups) -> Iterator[Row]:
    if not bench.peers:
        return
    for sample in largest(groups, "biologic", "mpr", 3) or [None]:
        case = named(sample) if sample else "biologic mpr"
        ratios = {peer: bench.ratio(case, peer, sample.path) if sample else None for peer in ("yadg", "galvani")}
        yield bench.at_least(case, "yadg", ratios["yadg"], 5.0)
        yield bench.at_most(case, "galvani", ratios["galvani"], 1.5)


def arbin(bench: Bench, groups: Groups) -> Iterator[Row]:
    if not bench.peers:
        return
    for sample in largest(groups, "arbin", "res", 3) or [None]:
        case = named(sample) if sample else "arbin res"
        ratios = {peer: bench.ratio(case, peer, sample.path) if sample else None for peer in ("cellpy", "mdbtools")}
        yield bench.at_least(case, "cellpy", ratios["cellpy"], 3.0)
        yield bench.at_most(case, "mdbtools", ratios["mdbtools"], 1.0)


def workbooks(bench: Bench, groups: Groups) -> Iterator[Row]:
    for (_, form), samples in groups.items():
        if form == "xlsx":
            case = named(samples[0])
            yield bench.at_most(case, "fastexcel", bench.ratio(case, "fastexcel", samples[0].path), 1.5)
            yield bench.memory_ratio(case, "fastexcel", samples[0].path, 1.5)


def binary_memory(bench: Bench, groups: Groups) -> Iterator[Row]:
    """The largest table of each binary format; a small one says nothing, since every process needs some memory to work at all."""
    for (make, form), samples in groups.items():
        if form not in BINARY:
            continue
        largest_mb, path = max((read_once("cellwright", s.path)["table_mb"], s.path) for s in samples[:3])
        if largest_mb >= LARGE_TABLE_MB:
            yield bench.memory(f"{make} {form} ({path.name[:40]}, a table of {largest_mb:.0f} MB)", path)
        else:
            yield Row(f"{make} {form}", "memory over its table's", None, "1", 4.0, None, 0, bench.seed)


def first_reads(bench: Bench, groups: Groups) -> Iterator[Row]:
    """A small file of every format in a fresh process, over a fresh process that imports Polars."""
    for reader in readers.formats():
        if not any(make == reader.name for make, _ in groups):
            yield Row(reader.name, "first read over polars's import", None, "s", FIRST_READ_S, None, 0, bench.seed)
    for samples in groups.values():
        small = min(samples, key=lambda s: abs(s.size - 20_000))
        program = f"from cellwright import readers; readers.read_all({str(small.path)!r}, rate_hz=1.0)"
        try:
            bare, ours = in_turn(partial(fresh, "import polars"), partial(fresh, program), times=ROUNDS)
        except Unreadable as error:
            told(named(small), error)
            continue
        over = median(a - b for a, b in zip(ours, bare, strict=True))
        yield Row(named(small), "first read over polars's import", over, "s", FIRST_READ_S, over <= FIRST_READ_S, ROUNDS, bench.seed)


def fresh(program: str) -> float:
    """Wall time of a program in a fresh process [s]."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, env=compiled())
    if done.returncode:
        raise Unreadable(done.stderr.strip().splitlines()[-1])
    return time.perf_counter() - began


def largest(groups: Groups, make: str, form: str, count: int) -> list[Sample]:
    return [s for s in groups.get((make, form), []) if s.path.suffix == f".{form}"][:count]


if __name__ == "__main__":
    main()
