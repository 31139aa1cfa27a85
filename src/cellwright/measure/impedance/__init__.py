"""Impedance spectra: are they consistent, which circuit do they fit, which relaxations are in them, and what resistances follow."""
