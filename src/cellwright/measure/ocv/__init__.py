"""The voltage at no current: its curve over the state of charge, its hysteresis, how it is reached, and what a leak makes of it."""
