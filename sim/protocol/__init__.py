"""The protocol, told once: programs of ops over rows of state, which two engines run to the same rows, bit for bit.

`programs` is all of it on one page, as data. `ops/` has each step once, as a small function over the rows that `state`
declares. A task runs a program for one timeline; it calls others, forks into branches and joins them. A failure is a
value that an op returns, a wait is a row in the event queue. `machine` says how a task goes on from op to op.
Everything observed is appended to rows.

Text of this room runs in the interpreter and compiled by numba: it touches state through `w` alone (`sim.records`).
"""
