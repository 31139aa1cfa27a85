"""Writing a report: one file that needs nothing else, or a summary and a page each where that would grow too big."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from cellwright.core.assessment import Assessments
from cellwright.core.files import whole_file, write_whole
from cellwright.plot import TEMPLATE, Curve
from cellwright.report.cover import Entry, cover, entry
from cellwright.report.environment import environment
from cellwright.report.figures import as_json
from cellwright.report.page import page
from cellwright.report.words import Words

BATTERIES_IN_ONE_FILE = 200
BYTES_IN_ONE_FILE = 30_000_000
FOLDER = "report"
PLOTLY = "plotly.min.js"


@dataclass(frozen=True)
class _Fragment:
    """A battery's own page, ready to be set, and its line on the cover."""

    entry: Entry
    html: Markup

    @property
    def file(self) -> str:
        """Name of the page where it is a file of its own."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self.entry.standing.id)[:48].strip("-.")
        return f"{self.entry.number:04d}{'-' if name else ''}{name}.html"


def write(assessments: Assessments, curves: Mapping[str, Sequence[Curve]], out: Path, lang: str = "en") -> Path:
    """Write ``report.html``.

    Parameters
    ----------
    assessments
        The content of ``assessment.json``; each battery is asked for once, so they may be read as they are needed.
    curves
        By battery id; what is drawn of its recordings.
    out
        Folder. Up to 200 batteries and 30 MB everything stands in ``report.html``; above that it is a summary, and each battery
        has a page under ``report/`` beside it.
    lang
        ``en`` or ``ko``.

    Returns
    -------
    Path of ``report.html``. Files are written beside and renamed: nobody sees half of one.

    Raises
    ------
    UsageError
        A place that cannot be written to.
    """
    words = Words(lang)
    press = environment(words)
    fragments = _fragments(assessments, curves, press, words)
    if len(assessments.assessments) <= BATTERIES_IN_ONE_FILE:
        held = list(fragments)
        if _plotly_size() + sum(len(f.html.encode()) for f in held) <= BYTES_IN_ONE_FILE:
            return _write_one(assessments, held, out, press, words)
        fragments = iter(held)
    return _write_many(assessments, fragments, out, press, words)


def _fragments(assessments: Assessments, curves: Mapping[str, Sequence[Curve]], press: Environment, words: Words) -> Iterator[_Fragment]:
    template, total = press.get_template("battery.html.j2"), len(assessments.assessments)
    number_of_report = report_number(assessments)
    for number, assessment in enumerate(assessments.assessments, start=1):
        built = page(assessment, curves.get(assessment.battery.id, ()), number, total, words, issued=assessments.created.date())
        html = Markup(template.render(page=built, report=assessments, number=number_of_report))  # noqa: S704 - rendered with autoescape on
        yield _Fragment(entry(built), html)


def _write_one(assessments: Assessments, fragments: Sequence[_Fragment], out: Path, press: Environment, words: Words) -> Path:
    links = [f"#battery-{f.entry.number}" for f in fragments]
    plotly = Markup(_plotly().decode())  # noqa: S704 - the library itself
    path = out / "report.html"
    entries = [f.entry for f in fragments]
    covered = _cover(assessments, entries, links, press, words) if len(entries) != 1 or assessments.failed else None
    _write_page(path, assessments, entries, press, cover=covered, bodies=[f.html for f in fragments], plotly=plotly, links=links)
    return path


def _write_many(assessments: Assessments, fragments: Iterator[_Fragment], out: Path, press: Environment, words: Words) -> Path:
    folder, links, entries = out / FOLDER, list[str](), list[Entry]()
    write_whole(folder / PLOTLY, _plotly())
    for fragment in fragments:
        _write_page(
            folder / fragment.file, assessments, [fragment.entry], press, bodies=[fragment.html], source=PLOTLY, home="../report.html"
        )
        links.append(f"{FOLDER}/{fragment.file}")
        entries.append(fragment.entry)
    path = out / "report.html"
    covered = _cover(assessments, entries, links, press, words)
    _write_page(path, assessments, (), press, cover=covered, source=f"{FOLDER}/{PLOTLY}", links=links)
    return path


def _cover(assessments: Assessments, entries: Sequence[Entry], links: Sequence[str], press: Environment, words: Words) -> Markup:
    template = press.get_template("cover.html.j2")
    html = template.render(cover=cover(assessments, entries, words), links=links, number=report_number(assessments))
    return Markup(html)  # noqa: S704 - rendered with autoescape on


def _write_page(
    path: Path,
    assessments: Assessments,
    entries: Sequence[Entry],
    press: Environment,
    *,
    cover: Markup | None = None,
    bodies: Sequence[Markup] = (),
    links: Sequence[str] = (),
    plotly: Markup | None = None,
    source: str | None = None,
    home: str | None = None,
) -> None:
    page = press.get_template("page.html.j2").stream(
        cover=cover,
        bodies=bodies,
        entries=entries,
        links=as_json(links),
        template=as_json(TEMPLATE),
        plotly=plotly,
        source=source,
        home=home,
        report=assessments,
        number=report_number(assessments),
    )
    with whole_file(path) as file:
        page.dump(file, encoding="utf-8")


def report_number(assessments: Assessments) -> str:
    """Return a number that identifies the report: of its moment, program and rules."""
    parts = [assessments.created.isoformat(), assessments.program_version, *(rule.sha256 for rule in assessments.rules)]
    return f"{assessments.created:%Y%m%d}-{sha256(' '.join(parts).encode()).hexdigest()[:6].upper()}"


def _plotly() -> bytes:
    return (files("plotly") / "package_data" / PLOTLY).read_bytes()


def _plotly_size() -> int:
    return len(_plotly())
