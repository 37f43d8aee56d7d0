"""Plain worlds in compiled text: the same rows as the world that waits, bit for bit, at a fraction of the cost.

`conditions` says which worlds are plain, `tables` writes one down for the text (`sim/plain`), `drive` lets it run and
keeps the fair-share engine at its side, `rows` turns what has happened into the log's rows.
"""

from sim.world.plainly.conditions import PAYS_FROM, Plan, plan
from sim.world.plainly.drive import carry_out

__all__ = ["PAYS_FROM", "Plan", "carry_out", "plan"]
