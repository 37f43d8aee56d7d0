"""The steps of programs, each once, and what they are made of. A module here is kernel code, and part of both engines.

An op is a function `(w, p, a, b)`: of a state, for task number `p`, with two numbers that its program gives it. It
returns what its task does next (`sim.protocol.codes`): GO, WAIT until the clock is where the timeline is, BLOCKED until
another task makes it ready, or the number of a failure. An op that has to wait in the middle sets `pc` back to itself
and keeps in `stage` how far it is.
"""
