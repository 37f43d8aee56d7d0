"""The table `[run]`: how long is simulated, from which seed, how often, and what counts.

Left out: how a run is made (engine, workers, where results go), which is said where it is started.
"""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool, StrictStr

from sim.figures import Count, Duration, Packets, Period, Size, Table, WholeNumber, figure, setting
from sim.scenario.model.timeofweek import RunStart


class Run(Table):
    """What is asked of the simulator: how long, from which seed, how often, against which variant.

    An `audit` checks the world's invariants while it runs. Deploys asked for within `warm_up` count in no latency; for
    a question about a steady state as much more is left out as MSER-5 says. Bytes, counts and costs are of all of it.
    """

    title: StrictStr = setting("title", "", about="The question in a few words, which heads tables and figures.")
    duration_s: Period = setting(
        "duration", "24 h",
        about="For how long deploys are asked for; the run goes on until the last of them has ended.",
    )  # fmt: skip
    start_s: RunStart = figure(
        "start", "Mon 00:00", assumption=True,
        about="When the run begins, in UTC: a weekday with a time, or a date with a time.",
    )  # fmt: skip
    seed: WholeNumber = setting(
        "seed", 1, about="The number from which all random draws come: the same one gives the same rows."
    )
    runs: Count = setting(
        "runs", 10, about="How many runs, each with draws of its own, stand behind a mean and its interval."
    )
    baseline: StrictStr | None = setting(
        "baseline", None, about="The variant that the others are compared with; the first one unless it is named."
    )
    detail: Literal["phases", "requests"] = setting(
        "detail", "phases",
        about="Whether requests in a row with nothing to decide between them are one wait (phases), or each one.",
    )  # fmt: skip
    wire: Literal["fluid", "packets"] = setting(
        "wire", "fluid",
        about="How bodies of bytes cross links: as flows that share them, or packet by packet, which takes far longer.",
    )  # fmt: skip
    max_packets: Packets = setting(
        "max_packets", 50_000_000,
        about="The packets that a run on packets may take by an estimate; a larger one is refused before it begins.",
    )  # fmt: skip
    memory_bytes: Size = figure(
        "memory", "16 GiB", assumption=True, range=("4 GiB", "512 GiB"),
        about="The memory that a run may take by an estimate; a larger one is refused before it begins.",
    )  # fmt: skip
    policies_path: StrictStr | None = setting(
        "policies_path", None,
        about="A folder with rules of your own, KIND/NAME.py, from the scenario's folder; without it, those that ship.",
    )  # fmt: skip
    audit: StrictBool = setting("audit", False, about="Whether the world's invariants are checked while it runs.")
    warm_up_s: Duration = setting("warm_up", "0 s", about="Deploys asked for before this time count in no latency.")
    steady_state: StrictBool = setting(
        "steady_state", False,
        about="Whether the question is about a steady state, so that more of the beginning is left out as MSER-5 says.",
    )  # fmt: skip
