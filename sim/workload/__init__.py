"""Demand as data: which deploys are asked for, when, by whom and of what, sorted by time, before the world starts.

It is synthetic (`synthetic`, drawn from a scenario's figures), a list that somebody made (`deploylist`), or a
registry's access log (`logs`), replayed as it was (`replay`) or as deploys that go by the policies (`redeployed`).
`outages` is what breaks, in the same form.
"""
