"""A small truckload of made-up but realistic files, in real testers' formats, with the truth beside them."""

from cellwright.demo.truckload import write_truckload

__all__ = ["write_truckload"]
