"""The world that waits: the only room that knows SimPy, and it reads like the protocol.

`deploy` brings an image to life; `push`, `pull` and `sync` move it; `wire` turns fluid flows into events (`sharing`,
`convoy`); `places` holds what stands where; `path` is one deploy's own clock; `build` makes a world from a scenario.
Decisions are asked of `sim.registry` and `sim.policies`; everything observed goes to `log`. Large worlds in which
nothing else happens need not wait: `plainly` has them run as compiled text.
"""
