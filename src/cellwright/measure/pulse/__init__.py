"""Pulses of current and what they tell: where they are, resistance at stated times, an equivalent circuit, and power."""
