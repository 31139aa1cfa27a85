"""A discharge and a long rest of a cell as PyBaMM's electrochemical model (SPMe, Chen 2020) has it: what our truth is not made of.

Runs in PyBaMM's environment: ``python pybamm_cell.py OUT.csv``. Writes time and time within the step [s], current (positive charges) [A],
voltage [V] and step; prints as JSON what the model itself says was taken out, and its open-circuit voltage at the end.
"""

import json
import sys

import numpy as np
import pybamm

STEPS = (
    "Charge at C/2 until 4.2 V (30 second period)",
    "Hold at 4.2 V until C/50 (30 second period)",
    "Rest for 1 hour (60 second period)",
    "Discharge at 1C until 2.5 V (5 second period)",
    "Rest for 10 minutes (60 second period)",
    "Charge at C/2 for 1 hour (30 second period)",
    "Rest for 12 hours (60 second period)",
)


def main() -> None:
    pybamm.set_logging_level("ERROR")
    model = pybamm.lithium_ion.SPMe({"calculate discharge energy": "true"})
    parameters = pybamm.ParameterValues("Chen2020")
    solver = pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-8)  # its usual 1e-4 is more than an energy may be off here
    simulation = pybamm.Simulation(model, parameter_values=parameters, experiment=pybamm.Experiment([STEPS]), solver=solver)
    solution = simulation.solve(initial_soc=0.5)
    rows = []
    for number, step in enumerate(solution.cycles[0].steps, start=1):
        time = step["Time [s]"].entries
        columns = (time, time - time[0], -step["Current [A]"].entries, step["Voltage [V]"].entries, np.full(len(time), number))
        table = np.column_stack(columns)
        rows.append(table[1:])  # the first row of a step is the last of the one before it
    np.savetxt(sys.argv[1], np.concatenate(rows), delimiter=",", header="time,within,ampere,volt,count", comments="", fmt="%.9f")
    discharge, rest = solution.cycles[0].steps[3], solution.cycles[0].steps[6]
    spans = {name: discharge[name].entries for name in ("Discharge capacity [A.h]", "Discharge energy [W.h]")}
    said = {name.split()[1]: float(values[-1] - values[0]) for name, values in spans.items()}
    print(json.dumps(said | {"rest_voltage": float(rest["Bulk open-circuit voltage [V]"].entries[-1])}))


if __name__ == "__main__":
    main()
