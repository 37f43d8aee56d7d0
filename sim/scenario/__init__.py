"""What a user asks: a TOML file as typed, frozen tables, with overrides, variants and figures that name their source.

`document` is the raw text and what overrides it, `model` its typed tables with units and defaults, `checks` what must
hold between them, `scenario` loading and variants; `effects` and `warnings` say what a question may lack, `describe`
shows it. Left out: demand before it is drawn into deploys (`workload`), and everything that happens in a run
(`protocol`).
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
