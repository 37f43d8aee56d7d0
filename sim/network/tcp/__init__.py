"""What TCP adds to a fluid, in formulas: opening, slow start, windows, losses, and getting over an outage."""
