"""Quantities, a safety verdict and dated rules become a decision with its reasons, and an answer on names that law reserves."""

from cellwright.grading.remanufactured import remanufactured
from cellwright.grading.resistance import decisive_resistance
from cellwright.grading.routing import grade

__all__ = ["decisive_resistance", "grade", "remanufactured"]
