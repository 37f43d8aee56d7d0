"""A measuring rig: real clients and registries over shaped links, what was measured there, and the same simulated.

`files` reads scenarios and measurements, `checks` what must hold between them; `state`, `model`, `processes`,
`proxies`, `packetwire` and `fluid` simulate them; `score` compares, `fit` and `fitted` find the parameters,
`held_out` says how far they carry. `tests/rig` has the rig itself.
"""
