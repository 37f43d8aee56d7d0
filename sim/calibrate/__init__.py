"""The model against measurements: read what a rig measured, simulate the same, score the difference, fit parameters."""
