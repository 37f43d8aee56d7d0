"""The protocol, written once: programs of ops over rows of state, which two engines run to the same rows, bit for bit.

`programs` is all of it on one page, as data. `ops/` has each step once, as a small function over the rows that `state`
declares; `codes` says what their numbers mean. A task runs a program on a timeline; it calls other programs, forks into
branches and joins them. A failure is a number that an op returns, a wait is an event in the queue. `machine` has how a
task goes from op to op, `events` what each event does. Everything that is observed is appended to rows.

What runs compiled, too (`machine`, `tasks`, `events` and `ops/`), is kernel code: plain functions in the subset of
Python that numba's nopython mode compiles, which touch state through `w` alone (`sim.records`). The rest of the room
prepares a run: `build` makes the state of a scenario at time 0, with `images`, `placing`, `routes`, `rules` and `logs`.
"""
