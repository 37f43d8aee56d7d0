"""Write the pages and drawings that are read off the code: `python -m sim.docs`."""

from __future__ import annotations

from sim.docs import generated

for name in generated.write():
    print(f"wrote {name}")
