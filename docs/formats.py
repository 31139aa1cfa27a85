"""Write ``formats.md``: what is read, what its counters mean, and every real file of a folder as it was read.

``python docs/formats.py --data ../shared/data`` from the project's root; the parts that need no data are held by a test.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import polars as pl

from cellwright import readers
from cellwright.core.columns import columns
from cellwright.core.errors import ReadError, UnknownFormat
from cellwright.core.files import write_whole
from cellwright.core.recording import Recording

PAGE = Path(__file__).with_suffix(".md")
RUNS = 3
CODES_SHOWN = 6
PROOFS = {"sample": "real files", "twin": "real files, against the maker's own export", "published": "a published description only"}


@dataclass(frozen=True)
class Outcome:
    """What became of a file: its recordings, or why it has none."""

    path: Path
    recordings: tuple[Recording, ...]
    refusal: ReadError | None
    seconds: float

    @property
    def megabytes(self) -> float:
        """Size of the file as it lies there."""
        return self.path.stat().st_size / 1e6


def table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Write a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def formats() -> str:
    """Every format, and what it was proven on."""
    rows = (
        (reader.make, form.name, PROOFS[form.proof], f"`cellwright[{form.extra}]`" if form.extra else "")
        for reader in sorted(readers.formats(), key=lambda r: r.make.lower())
        for form in reader.formats
    )
    return table(("make", "format", "known from", "needs"), rows)


def counters() -> str:
    """What each make's capacity and energy columns mean; formats that mean the same share a row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for reader in sorted(readers.formats(), key=lambda r: r.make.lower()):
        for form in reader.formats:
            for theirs, ours in form.counters.items():
                rows.setdefault((reader.make, theirs, ours), []).append(form.name)
    lines = ((make, ", ".join(names), f"`{theirs}`", f"`{ours}`", columns()[ours].meaning) for (make, theirs, ours), names in rows.items())
    return table(("make", "formats", "its column", "BDF column", "which is"), lines)


def outcome(path: Path) -> Outcome:
    """Read a file a few times; the median counts."""
    times: list[float] = []
    found: tuple[Recording, ...] = ()
    refusal = None
    for _ in range(RUNS):
        begun = perf_counter()
        try:
            found = tuple(readers.read_all(path))
        except ReadError as error:
            refusal = error
        times.append(perf_counter() - begun)
    return Outcome(path, found, refusal, median(times))


def files(data: Path) -> str:
    """Every file of the testers' folders: read, or why not."""
    paths = sorted(p for p in (data / "testers").rglob("*") if p.is_file())
    return table(("folder", "file", "make", "rows", "columns", "notes", "ms", "MB/s"), (_row(outcome(p)) for p in paths))


def _row(found: Outcome) -> tuple[str, ...]:
    where = (found.path.parent.name, f"`{found.path.name}`")
    if found.refusal is not None:
        kind = "not a test" if isinstance(found.refusal, UnknownFormat) else "damaged"
        return (*where, f"refused, {kind}: {found.refusal.text()}", "", "", "", f"{found.seconds * 1e3:.0f}", "")
    first = found.recordings[0]
    notes = list(dict.fromkeys(n.code.removeprefix("readers.") for r in found.recordings for n in r.notes))
    shown = ", ".join(notes[:CODES_SHOWN]) + (f" and {len(notes) - CODES_SHOWN} more" if len(notes) > CODES_SHOWN else "")
    several = f"{first.source.make} {first.source.format}" + (f", {len(found.recordings)} recordings" if len(found.recordings) > 1 else "")
    rows = sum(r.table.height for r in found.recordings)
    speed = f"{found.megabytes / found.seconds:.0f}" if found.megabytes > 1 else "small"
    return (*where, several, f"{rows:,}", str(first.table.width), shown, f"{found.seconds * 1e3:.0f}", speed)


def twins(data: Path) -> str:
    """Which binary BioLogic files lie beside the maker's own text export."""
    folder = data / "testers" / "biologic"
    stems = {p.stem for p in folder.glob("*.mpt")}
    paths = sorted(folder.glob("*.mpr"))
    return table(("file", "text export beside it"), ((f"`{p.name}`", "yes" if p.stem in stems else "**none**") for p in paths))


def filled(page: str, name: str, content: str) -> str:
    """Put a table between its two marks."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = page.split(begin, 1)
    return f"{before}{begin}\n{content}\n\n{end}{rest.split(end, 1)[1]}"


def main() -> None:
    """Fill every table of the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of real files, in the layout of ../shared/data")
    data: Path = parser.parse_args().data
    page = PAGE.read_text("utf-8")
    pl.DataFrame({"warm": [1]}).lazy().collect()
    for name, content in {"formats": formats(), "counters": counters(), "files": files(data), "twins": twins(data)}.items():
        page = filled(page, name, content)
    write_whole(PAGE, page.encode())


if __name__ == "__main__":
    main()
