"""What can go wrong, as one tree.

::

    CellwrightError              says what, where and what to do, as a code and parameters
    ├── ReadError                a tester's file that gave no recording; ``params["file"]`` names it
    │   ├── UnknownFormat        no reader knows this content
    │   ├── DamagedFile          the format is known, the content is broken, truncated or empty
    │   ├── MissingColumn        a recording needs time, voltage and current, and one is not there
    │   ├── MissingRate          the file has no time and no sampling rate was given
    │   └── SeveralRecordings    several channels in one file and none was chosen; ``params["channels"]`` names them
    ├── ListError                a battery list, tester, procedure or rule file with a wrong key, value or reference
    ├── UsageError               the program was asked for something that cannot be
    └── UnitError                quantities of different units were added or compared
"""

from typing import Any

from cellwright.core.frozen import FrozenDict, freeze
from cellwright.core.messages import Message, render


class CellwrightError(Exception):
    """Root of every error the program raises on purpose.

    Parameters
    ----------
    code
        Key into the table of messages.
    params
        What the message speaks of; JSON scalars and lists of them.
    """

    def __init__(self, code: str, /, **params: Any) -> None:
        self.code = code
        self.params: FrozenDict = freeze(params)
        super().__init__(code)

    def __str__(self) -> str:
        return self.text()

    def text(self, lang: str = "en") -> str:
        """Return the error in words."""
        return render(self.code, self.params, lang)

    def message(self) -> Message:
        """Return the error as a value that can be stored."""
        return Message(self.code, self.params)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.code, dict(self.params))


def _rebuild(kind: type[CellwrightError], code: str, params: dict[str, Any]) -> CellwrightError:
    return kind(code, **params)


class ReadError(CellwrightError):
    """A tester's file that gave no recording."""


class UnknownFormat(ReadError):
    """No reader knows this content."""


class DamagedFile(ReadError):
    """The format is known, but the content is broken, truncated or empty."""


class MissingColumn(ReadError):
    """A recording needs time, voltage and current, and one is not there."""


class MissingRate(ReadError):
    """The file has no time, and no sampling rate was given."""


class SeveralRecordings(ReadError):
    """Several channels in one file, and none was chosen."""


class ListError(CellwrightError):
    """A battery list, tester, procedure or rule file with a wrong key, value or reference."""


class UsageError(CellwrightError):
    """The program was asked for something that cannot be."""


class UnitError(CellwrightError):
    """Quantities of different units were added or compared."""
