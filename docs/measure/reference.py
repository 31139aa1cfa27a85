"""Write ``reference.md``: every public name of `cellwright.measure` and every quantity that it gives.

``python docs/measure/reference.py`` from the project's root. Docstrings and messages are read off the code; what they do not say stands in
``reference.yaml``; a test holds that the page is what this writes.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from cellwright import measure
from cellwright.core import resources
from cellwright.core.files import write_whole

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# Reference of `measure`

Every public name of `cellwright.measure`, and every quantity that they give. Which of them answers which question stands in the
[index](README.md).

Arguments are alike everywhere. A *recording* is what `cw.read` gives: a series over time, a step sheet (only the ends of steps), or a
spectrum. A `Battery` has ratings and limits, a `Tester` the instrument's errors; without a tester an uncertainty is not known, and no
number stands in for it.

What comes back is a table in documented columns, or a `Quantity`: `value`, `unit`, `standard_uncertainty` u, `expanded_uncertainty` U = k·u
(k = 2), `components` (its budget), `method`, [`conditions`](#conditions), `evidence` (the file and its rows) and `origin`. What could not
be had has no `value`, and a [`reason`](#reasons). Wrong use raises `UsageError`.

A source that is a *definition* says that the equation is what the word means here. [How sure a figure is](uncertainty.md) explains the
budgets; `cellwright explain assessment.json --battery ID --quantity NAME` prints them.

This page is written by `python docs/measure/reference.py`.
"""


def contents() -> dict[str, Any]:
    """What the page's own file says: groups of names, and conditions."""
    return yaml.safe_load(PAGE.with_suffix(".yaml").read_text("utf-8"))


def page() -> str:
    """Write the whole page."""
    told = contents()
    groups = (line for group in told["groups"] for line in _group(group))
    written = "\n".join(
        (HEAD, _overview(told["groups"]), "", *groups, _conditions(told["conditions"]), _reasons(told["groups"]), _sources())
    )
    return re.sub(r"\n{3,}", "\n\n", written).rstrip("\n") + "\n"


def _overview(groups: list[dict[str, Any]]) -> str:
    rows = (
        (
            _link(group["title"]),
            ", ".join(_link(heading(name), name) for name in group["functions"]),
            ", ".join(_link(_title(family)) for family in group.get("quantities", [])),
        )
        for group in groups
    )
    return table(("subject", "in `cellwright.measure`", "quantities"), rows)


def _group(group: dict[str, Any]) -> Iterator[str]:
    yield f"## {group['title']}\n"
    tutorial = f"Tutorial: [{group['page']}]({group['page']})."
    yield f"{tutorial} Measured by the procedures {_code(group['procedures'])}.\n" if group.get("procedures") else f"{tutorial}\n"
    families = group.get("quantities", [])
    for name, told in group["functions"].items():
        yield from _public(name, told, [family for family in families if name in family["by"]])
    for family in families:
        yield from _family(family)


def _public(name: str, told: dict[str, str], gives: list[dict[str, Any]]) -> Iterator[str]:
    value = getattr(measure, name)
    yield f"### {heading(name)}\n"
    yield f"```text\n{_signature(name, value)}\n```\n"
    yield markdown(inspect.getdoc(value) or "")
    if inspect.isclass(value):
        yield from _members(value)
    yield ""
    if told.get("equation"):
        yield f"- *Equation*: {told['equation']}\n- *Source*: {told['source']}"
    if gives:
        yield f"- *Gives*: {', '.join(_link(_title(family)) for family in gives)}"
    if told.get("plot"):
        yield f"- *Plot*: `cw.plot.{told['plot']}`"
    yield ""


def _signature(name: str, value: Any) -> str:
    """One line; annotations are in the description where they say anything, and full of modules."""
    parameters = inspect.signature(value).parameters.values()
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return f"{name}{inspect.Signature(bare)}"


def _members(value: type) -> Iterator[str]:
    for name, member in vars(value).items():
        doc = None if name.startswith("_") else inspect.getdoc(getattr(member, "func", member))
        if doc and (inspect.isfunction(member) or hasattr(member, "func") or isinstance(member, property)):
            call = f"{name}{_arguments(member)}" if inspect.isfunction(member) else name
            yield f"- **`.{call}`**: {_inline(' '.join(doc.split()))}"
    yield ""


def _arguments(method: Any) -> str:
    return "(" + ", ".join(name for name in inspect.signature(method).parameters if name != "self") + ")"


def _family(family: dict[str, Any]) -> Iterator[str]:
    yield f"### {_title(family)}\n"
    yield table(("quantity", "unit", "what it is"), ((f"`{name}`", *told) for name, told in family["names"].items()))
    yield f"\n- *Equation*: {family['equation']}"
    if family.get("budget"):
        yield f"- *Uncertainty*: {family['budget']}"
    yield f"- *Source*: {family['source']}"
    yield f"- *From*: {', '.join(_link(heading(name), 'measure.' + name) for name in family['by'])}"
    if family["conditions"]:
        yield f"- *Conditions*: {_code(family['conditions'])}"
    if family["absent"]:
        yield f"- *Absent* for one of these [reasons](#reasons): {_code(family['absent'])}"
    yield ""


def _title(family: dict[str, Any]) -> str:
    return family.get("title", ", ".join(family["names"]))


def anchor(where: str) -> str:
    """Return what a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", where.lower()).replace(" ", "-")


def heading(name: str) -> str:
    """Heading of a public name; a class says so, since some differ from a function by their first letter only."""
    return f"{'class ' if inspect.isclass(getattr(measure, name)) else ''}measure.{name}"


def _link(where: str, text: str = "") -> str:
    return f"[{text or where}](#{anchor(where)})"


def _conditions(told: dict[str, str]) -> str:
    rows = ((f"`{name}`", meaning) for name, meaning in sorted(told.items()))
    return f"## Conditions\n\n{table(('condition', 'what it says'), rows)}\n"


def _reasons(groups: list[dict[str, Any]]) -> str:
    """What each reason says; in braces what it fills in."""
    codes = sorted({code for group in groups for family in group.get("quantities", []) for code in family["absent"]})
    messages = resources.messages()
    rows = ((f"`{code}`", messages[f"measure.{code}"]["en"]) for code in codes)
    return (
        f"## Reasons\n\nOf the codes `measure.…`; in braces what stands there in a message.\n\n{table(('reason', 'what it says'), rows)}\n"
    )


def _sources() -> str:
    """Every DOI that the code names, and where: method and docstrings stand beside it."""
    folder = Path(inspect.getfile(measure)).parent
    named: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        found = {doi.rstrip(".:") for doi in re.findall(r"doi:(10\.\d+/[^\s\",;)`]+)", path.read_text("utf-8"))}
        for doi in found:
            named.setdefault(doi, []).append(path.relative_to(folder).with_suffix("").as_posix())
    rows = ((f"[doi:{doi}](https://doi.org/{doi})", _code(where)) for doi, where in sorted(named.items()))
    return f"## Sources\n\nEvery DOI that the code names, and where.\n\n{table(('source', 'named in `cellwright/measure`'), rows)}\n"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def markdown(doc: str) -> str:
    """Turn a docstring's sections into Markdown: terms become a list, the rest stays as it is."""
    parts = re.split(r"^(\w+)\n-+\n", doc, flags=re.M)
    written = [_inline(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        text = _terms(body) if title in {"Parameters", "Raises"} else body.strip("\n")
        written.append(f"**{title}**\n\n{_inline(text)}\n")
    return "\n".join(written)


def _terms(body: str) -> str:
    """``name`` on a line and what it is on indented ones, as a list."""
    lines = [f"- *{line}*:" if line[0].strip() else f"  {line.strip()}" for line in body.strip("\n").splitlines() if line.strip()]
    return "\n".join(lines)


def _inline(text: str) -> str:
    """``code`` of a docstring as Markdown has it."""
    return text.replace("``", "`")


def main() -> None:
    """Write the page."""
    write_whole(PAGE, page().encode())


if __name__ == "__main__":
    main()
