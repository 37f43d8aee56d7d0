"""Why deploys took so long: one deploy second by second, or the slowest of a run together, and what would have helped.

`answer` asks and holds what was found, `sentences` writes it for a terminal, `spans`, `traceevents` and `trackevent`
for viewers of traces.
"""
