"""Impedance analysers and potentiostats."""
