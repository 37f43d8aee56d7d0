"""Tables as columns: what a run observes, the names of its metrics, and how both are written and read."""
