"""Exact weighted max-min fair shares, and flows over time under them.

In order of reading: `maxmin` says who gets what; `simulate` when each of many flows ends, `fluid` the same one event at
a time; `kernel`, `sharing`, `active`, `solution` and `pairing` over the rows of `state` say how, in one text that runs
plain or `compiled`; `monitor` sees what links carried and what held flows back.
"""
