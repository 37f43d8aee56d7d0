"""A measuring rig: real clients and registries over shaped links, what was measured there, and the same simulated.

`files` reads scenarios and measurements, `checks` what must hold between them; `state`, `model`, `processes`,
`proxies`, `copies`, `packetwire` and `fluid` simulate them; `grouping` and `score` compare, `chance` says how sure what
was measured is, `fit` and `fitted` find the parameters, `held_out` says how far they carry. `tests/rig` has the rig
itself.
"""
