"""Swarms: layers that travel in pieces from whoever has some to whoever lacks them, as in Kraken and Dragonfly.

`Swarm` is told who fetches what and when, and says when each has it and from whom. It knows nothing of deploys, and
keeps its own order of events: two million pieces are a matter of seconds. Its text is `events`, `pieces`, `peers` and
`kernel`, its state `records`, its figures `Rules`.
"""

from sim.contrib.swarm.rules import Rules
from sim.contrib.swarm.swarm import Attached, Ended, Leg, Share, Swarm

__all__ = ["Attached", "Ended", "Leg", "Rules", "Share", "Swarm"]
