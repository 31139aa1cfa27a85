"""Write the tables of ``agreement.md``: ``python docs/measure/agreement.py --data ../shared/data`` from the project's root."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "benchmarks")]

from _agreements import Agreement, agreements  # noqa: E402 - scripts of other folders
from _explained import Explanation  # noqa: E402
from _sides import UNITS  # noqa: E402
from formats import filled, table  # noqa: E402

from cellwright.core.files import write_whole  # noqa: E402

PAGE = Path(__file__).with_suffix(".md")


def explained(found: Sequence[Agreement]) -> str:
    """Every disagreement beyond the target, with who is right; nothing stands for what is not explained."""
    beyond = sorted((a for a in found if a.pairs.above), key=lambda a: (a.pairs.what, a.pairs.other, a.pairs.file))
    rows = ((*_where(a), *(_said(a.explained) if a.explained else ("", "**not explained**"))) for a in beyond)
    return table(("of", "file", "against", "who is right", "why"), rows)


def compared(found: Sequence[Agreement]) -> str:
    """Every comparison: how many values, the greatest difference, how many beyond the target."""
    ordered = sorted(found, key=lambda a: (a.pairs.what, a.pairs.other, a.pairs.file))
    rows = ((*_where(a), str(len(a.pairs.apart)), _greatest(a), str(a.pairs.above or "")) for a in ordered)
    return table(("of", "file", "against", "values", "greatest difference", "beyond the target"), rows)


def _said(explained: Explanation) -> tuple[str, str]:
    return explained.right, explained.why


def _where(found: Agreement) -> tuple[str, str, str]:
    return found.pairs.what, f"`{found.pairs.file}`", found.pairs.other


def _greatest(found: Agreement) -> str:
    return f"{found.pairs.greatest:.2f} {UNITS[found.pairs.what]}"


def main() -> None:
    """Fill both tables of the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of real files, in the layout of ../shared/data")
    found = list(agreements(parser.parse_args().data, peers=True))
    page = PAGE.read_text("utf-8")
    for name, content in {"explained": explained(found), "compared": compared(found)}.items():
        page = filled(page, name, content)
    write_whole(PAGE, page.encode())


if __name__ == "__main__":
    main()
