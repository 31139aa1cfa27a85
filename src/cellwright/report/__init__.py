"""An assessment as a page people read."""

from cellwright.report.writing import write

__all__ = ["write"]
