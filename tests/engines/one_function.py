"""One function, compiled by several processes at once: run as `python one_function.py`."""

from __future__ import annotations

import sys
from typing import Any

from sim.records import ArrayState, Layout


class Globals:
    count: int


def add_one(w: Any) -> None:
    """All that is compiled."""
    w.g.count += 1


def main() -> None:
    """Say whether the machine code came from disk, and what it did."""
    from sim.records.compiling import compile_kernel  # noqa: PLC0415 - what is timed begins here

    layout = Layout(Globals, {})
    made = compile_kernel(layout, (sys.modules["__main__"],), "add_one", {})
    state = ArrayState(layout, {})
    kept = made.is_kept
    made(state.address)
    print(int(kept), sum(made._made.stats.cache_hits.values()), int(state.g["count"]), int(made.is_kept))


if __name__ == "__main__":
    main()
