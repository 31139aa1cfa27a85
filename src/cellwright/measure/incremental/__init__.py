"""How a battery's charge lies over its voltage: incremental capacity dQ/dV, differential voltage dV/dQ, and their peaks."""
