"""Exact weighted max-min fair shares, and flows over time under them.

In order of reading: `maxmin` says who gets what; `simulate` when each of many flows ends, `fluid` the same one event at
a time; `monitor` sees what links carried and what held flows back. How they do it is kernel code over the rows of
`state`, run by the interpreter or `compiled`: `kernel` (what an event does), `sharing` (what holds a class back),
`active` (which links matter), `solution` and `filling` (who gets what after a change), `pairing` (heaps). `classes`
makes the rows of a network.
"""
