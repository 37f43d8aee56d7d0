"""What a user asks: a TOML file as typed, frozen tables, with overrides, variants and figures that name their source.

`tables` and `lines` hold the keys, units and defaults, `checks` what must hold between tables, `scenario` loading and
variants, `show` the resolved text, `schema` the JSON Schema for editors.
"""

from __future__ import annotations

from sim.scenario.describe.show import canonical
from sim.scenario.document import parse_setting
from sim.scenario.model.choices import Choice
from sim.scenario.model.hosts import ClientGroup, Host, NodeGroup, Site
from sim.scenario.model.images import Image
from sim.scenario.model.links import Link
from sim.scenario.scenario import Scenario, load

__all__ = [
    "Choice",
    "ClientGroup",
    "Host",
    "Image",
    "Link",
    "NodeGroup",
    "Scenario",
    "Site",
    "canonical",
    "load",
    "parse_setting",
]
