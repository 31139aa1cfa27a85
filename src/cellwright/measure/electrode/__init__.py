"""What is left of each electrode and of the lithium: half-cell curves fitted to the whole cell's."""
