"""Experiments: many runs of one scenario and its variants, spread over workers, reduced to an answer.

`execution` makes runs and keeps them. `compare` pairs variants into a `comparison`; `sweeps` go through the points of a
design, `searches` along one key to where something changes, or through runs to the best variant; `assumptions` asks
what could flip a verdict, and `rerun` and `gate` whether a result still comes out. All of them measure by `sample`.
Results hold numbers: what is said and drawn of them is made in `sim.report`, through `rendering`.
"""
