"""The one door from results to the room that renders them.

Results hold numbers. Their `verdict`, `plot()`, `table` and the like are made in `sim.report`, which stands above this
room and imports what it renders. So a result names the function that renders it, whose module is loaded when somebody
asks: whoever only wants numbers loads neither pandas nor matplotlib, and no modules import each other. Nothing else in
this room knows of `sim.report`; a test holds that, and that every function that is named here is there.
"""

from __future__ import annotations

import importlib
from typing import Any


def render(renderer: str, result: Any, *about: Any) -> Any:
    """What a function of `sim.report`, named `MODULE.FUNCTION`, makes of a result."""
    module, _, function = renderer.rpartition(".")
    return getattr(importlib.import_module(f"sim.report.{module}"), function)(result, *about)
