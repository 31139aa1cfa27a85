"""Whether what is measured on real files is what others say of the same rows.

Charge in and out of every cycle against the tester's own counters and, with ``--peers``, PyProBE and cellpy; resistances of pulses against
PulseBat's published voltages and, with ``--peers``, PyProBE and ampworks; capacities and rest voltages of NEBULA's sheets against its
table. A row is met where all of it is within the target, or where ``_explained.py`` says who is right, and why.
"""

from __future__ import annotations

from _agreements import agreements
from _bench import arguments, show


def main() -> None:
    asked = arguments(__doc__)
    show([found.row(asked.seed) for found in agreements(asked.data, peers=asked.peers)], as_json=asked.json)


if __name__ == "__main__":
    main()
