"""Vehicles and their battery management systems: logs, CAN and diagnostics."""
