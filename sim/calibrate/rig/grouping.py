"""Which steps of a rig's scenario are scored, in which group an operation counts, and which steps repeat another.

A step repeats another where other hosts like the first's do the same pulls in the same order: Linux remembers how a
path was for a while, so that one host can't repeat its own first pull, and others like it can. Their seconds are
repeats of one figure. Left out: pulls through a registry that fetches what it lacks, which a pull changes.
"""

from __future__ import annotations

from sim.calibrate.rig.files import COPIES, Operation, RigScenario


def counted(kind: str, scenario: RigScenario) -> frozenset[int]:
    """The steps that count: all of a pair, and of others those of their kind, side by side where any are."""
    if kind == "pair":
        return frozenset(range(len(scenario.steps)))
    op = {"fanout": "pull", "crowd": "push"}.get(kind, "copy")
    own = {number: len(step) for number, step in enumerate(scenario.steps) if any(one.op == op for one in step)}
    several = any(size > 1 for size in own.values())
    return frozenset(number for number, size in own.items() if size > 1 or not several)


def group_of(scenario: RigScenario, step: int, operation: Operation) -> str:
    """Where an operation that runs alone counts."""
    if any(cut.step == step for cut in scenario.cuts):
        return f"cut-{operation.op}"
    if operation.op in COPIES:
        number = "pair" if operation.op == "copy" else "many"
        return f"{number}-{'sync' if operation.at == operation.source else 'fetch'}"
    proxies = {host.name for host in scenario.hosts if host.upstream is not None}
    return f"{'proxy' if operation.peer in proxies else 'pair'}-{operation.op}"


def first_alike(scenario: RigScenario) -> list[int]:
    """For each step the first that it repeats, which is itself where it repeats none."""
    hosts = {host.name: host.model_copy(update={"name": ""}) for host in scenario.hosts}
    found: list[int] = []
    last_change, first_of, pulled = 0, dict[object, int](), set[str]()
    for number, step in enumerate(scenario.steps):
        cut = any(one.step == number for one in scenario.cuts)
        if cut or any(one.op != "pull" or hosts[one.peer].upstream is not None for one in step):
            last_change = number
            found.append(number)
            continue
        at = [one.at for one in step]
        key = (last_change, *((at.index(one.at), hosts[one.at], one.peer, one.image, one.tag) for one in step))
        found.append(number if pulled.intersection(at) else first_of.setdefault(key, number))
        pulled.update(at)
    return found
