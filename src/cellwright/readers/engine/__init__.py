"""What every make has in common: delimited text, units, clocks, steps, sheets and sensors."""
