"""Plain worlds, in which nothing happens but pushes, pulls and copies: the protocol once more, as text to be compiled.

`world` is what a deploy means, and reads like it; this says the same of the plain case, bit for bit, a few times
faster. `kernel` runs the events; `pushes`, `pulls`, `bodies`, `requests` and `holdings` are an errand's steps;
`flights`, `convoys` and `lanes` the network, as far as flows meet none of other lanes. `world/plainly` decides when it
is used.
"""
