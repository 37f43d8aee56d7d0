"""Swarms: layers that travel in pieces from whoever has some to whoever lacks them, as in Kraken and Dragonfly.

`Swarm` is given who fetches what and when, and says when each has it and from whom. It knows nothing of deploys, and
has an event queue of its own: two million pieces are a matter of seconds. How it does so is kernel code over the rows
of `state`, run by the interpreter or `compiled`: `kernel` (pieces on their way), `peers` (who meets whom), `pieces`
(which piece next), `members`, `random`. Its figures are `Rules`.

Leaves out what else crosses the links, and trackers that fail. Sources: uber/kraken (docs/ARCHITECTURE.md and
lib/torrent/scheduler), dragonflyoss/dragonfly; each file names its own.
"""

from sim.contrib.swarm.rules import Rules
from sim.contrib.swarm.swarm import Attached, Ended, Leg, Share, Swarm

__all__ = ["Attached", "Ended", "Leg", "Rules", "Share", "Swarm"]
