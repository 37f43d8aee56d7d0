"""The model against measurements: figures from logs and probes, scores against a rig and against published results.

`probes` reads what planners have (ping, iperf3, k6, access logs, pull logs) and `calibration` makes a scenario's
figures of it; `rig` simulates what a measuring rig did, fits its parameters and scores the difference; `published` and
`replayed` put others' results and logs beside runs; `selftest` holds the simulator against theory.
"""
