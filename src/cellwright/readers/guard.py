"""Libraries that meet damaged content throw whatever they like; here it becomes one error of ours."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from cellwright.core.errors import CellwrightError, DamagedFile


@contextmanager
def guarded(code: str = "readers.damaged", /, **params: Any) -> Generator[None]:
    """Turn any failure of what runs inside, a Rust panic included, into `DamagedFile`, with the ``cause`` among its parameters."""
    try:
        yield
    except CellwrightError:
        raise
    except Exception as error:
        raise DamagedFile(code, cause=_cause(error), **params) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedFile(code, cause=_cause(error), **params) from error


def _cause(error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0][:200]
    return first or type(error).__name__
