"""Which of two publishes of one tag wins: `wins(view: Rivals, parameters) -> bool`.

It says whether a registry that holds `view.held` under a tag should take `view.publish` in its place when a copy comes.
(A client's own push always takes the tag of the registry it is sent to; who loses hears of it from the sync.) A rule
must order all publishes, so that every registry decides alike whatever it hears first: the conformance suite holds
every rule to that.
"""
