"""What has to hold between the parts of a rig's files: names that agree, pulls of what was pushed, complete repeats.

`reading` reads the parts themselves. Each function yields every fault it finds; nothing is raised here. Left out:
whether measurements are plausible, which scores show.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set

from sim.calibrate.rig.files import COPIES, Host, Measured, Operation, RigScenario
from sim.errors import InputError, near
from sim.network.topology.shapes.star import HUB


def of_rig(path: str, scenarios: Sequence[RigScenario]) -> Iterator[InputError]:
    """Faults of a RIG.json whose parts are well formed."""
    for name, times in Counter(scenario.name for scenario in scenarios).items():
        if times > 1:
            yield InputError(f"{path}: {name}: name", f"{times} scenarios have it", "give each its own")
    for scenario in scenarios:
        for key, problem, remedy in _of_scenario(scenario):
            yield InputError(f"{path}: {scenario.name}: {key}", problem, remedy)


def _of_scenario(scenario: RigScenario) -> Iterator[tuple[str, str, str]]:
    hosts = {host.name: host for host in scenario.hosts}
    for name, times in Counter(host.name for host in scenario.hosts).items():
        if times > 1:
            yield "hosts", f"must have different names, got {name!r} {times} times", "give each its own"
        if name == HUB:
            yield "hosts", f"can't be named {HUB!r}, as the star's centre is", "take another name"
    yield from _of_links(scenario, hosts)
    if not scenario.steps:
        yield "steps", "must not be empty, got []", "give at least one operation"
    pushed: dict[tuple[str, str], set[str]] = defaultdict(set)
    sizes: dict[str, int] = {}
    for number, step in enumerate(scenario.steps):
        if not step:
            yield f"steps.{number}", "must not be empty, got []", "remove it, or give it an operation"
        for at, operation in enumerate(step):
            key, peer = f"steps.{number}.{at}", operation.peer
            copies = operation.op in COPIES
            source, target = operation.source or "", operation.to or ""
            ends = {"to": target} if operation.op == "push" else {"from": source}
            if copies:
                ends["to"] = target
            for field, name in (("at", operation.at), *ends.items()):
                if name not in hosts:
                    yield f"{key}.{field}", f"no host is named {name!r}", near(name, hosts)
            for field, name in ends.items():
                if name in hosts and hosts[name].registry is None:
                    yield f"{key}.{field}", f"no registry runs on {name!r}", 'give that host registry = "plain"'
            end = next(iter(ends))
            if copies and source == target:
                yield f"{key}.to", f"must be another host than `from`, got {target!r}", "name two hosts"
            if not copies and operation.at == peer:
                yield f"{key}.{end}", f"must be another host than `at`, got {peer!r}", "name two hosts"
            for layer, size_bytes in operation.layers:
                if sizes.setdefault(layer, size_bytes) != size_bytes:
                    problem = f"{layer!r} had {sizes[layer]} bytes before, got {size_bytes}"
                    yield f"{key}.layers", problem, "give another blob another key"
            holders = {source, hosts[source].upstream if source in hosts else None}
            if operation.op != "push" and not any((holder, operation.image) in pushed for holder in holders):
                problem = f"no step before pushes {operation.image!r} to {source!r}"
                yield f"{key}.image", problem, "push it first, or pull another"
            elif operation.op == "copy" and operation.tag not in pushed[source, operation.image]:
                problem = f"no step before pushes {operation.image}:{operation.tag} to {source!r}"
                yield f"{key}.tag", problem, near(operation.tag, pushed[source, operation.image])
        for operation in step:
            if operation.op != "pull":
                own = pushed[operation.source or "", operation.image] if operation.op == "sync" else {operation.tag}
                pushed[operation.peer, operation.image] |= own


def of_model(path: str, scenarios: Sequence[RigScenario]) -> Iterator[InputError]:
    """What the rig can measure and the model does not know."""
    for scenario in scenarios:
        proxies = {host.name for host in scenario.hosts if host.upstream is not None}
        for number, step in enumerate(scenario.steps):
            for problem in _unknown_to_model(proxies, step):
                yield InputError(f"{path}: {scenario.name}: steps.{number}", problem, "leave the scenario out")


def _unknown_to_model(proxies: Set[str], step: Sequence[Operation]) -> Iterator[str]:
    if any(operation.peer in proxies and operation.op == "push" for operation in step):
        yield "a registry that pulls through takes no pushes"
    copies = [operation for operation in step if operation.op in COPIES]
    if any(operation.peer in proxies or operation.source in proxies for operation in copies):
        yield "no registry that pulls through is copied from or to"
    if any(operation.at not in (operation.source, operation.to) for operation in copies):
        yield "a copy is made by a process beside one of its registries"
    if any(times > 1 for times in Counter((one.source, one.to) for one in copies).values()):
        yield "from one registry to another goes one copy at a time"


def _of_links(scenario: RigScenario, hosts: Mapping[str, Host]) -> Iterator[tuple[str, str, str]]:
    """What stands behind what, and which links break."""
    for at, host in enumerate(scenario.hosts):
        if host.upstream is not None and (host.upstream not in hosts or hosts[host.upstream].registry != "plain"):
            yield f"hosts.{at}.registry", f"no plain registry runs on {host.upstream!r}", "name the host of one"
        if host.via is not None and (host.via not in hosts or hosts[host.via].via is not None):
            yield f"hosts.{at}.via", f"must be a host that is behind no other, got {host.via!r}", near(host.via, hosts)
    for at, cut in enumerate(scenario.cuts):
        if cut.host not in hosts:
            yield f"cuts.{at}.host", f"no host is named {cut.host!r}", near(cut.host, hosts)
        if cut.step >= len(scenario.steps):
            yield f"cuts.{at}.step", f"must be 0 to {len(scenario.steps) - 1}, got {cut.step}", "name a step"


def of_measured(
    path: str, scenarios: Sequence[RigScenario], rows: dict[tuple[str, int], dict[int, list[Measured]]]
) -> Iterator[InputError]:
    """Where measurements are not those of the rig: each repeat of a step has each of its operations once."""
    known = {scenario.name: scenario for scenario in scenarios}
    for (name, number), repeats in rows.items():
        if name not in known:
            yield InputError(f"{path}: {name}", "the rig has no such scenario", near(name, known))
            continue
        steps = known[name].steps
        if not 0 <= number < len(steps):
            yield InputError(f"{path}: {name}: step", f"must be 0 to {len(steps) - 1}, got {number}")
            continue
        wanted = Counter(map(identity, steps[number]))
        for repeat, measured in repeats.items():
            found = Counter(map(identity, measured))
            where = f"{path}: {name}: step {number}, repeat {repeat}"
            for extra in found - wanted:
                yield InputError(where, f"the rig does not do this, or not so often: {' '.join(extra)}", _BOTH)
            for missing in wanted - found:
                yield InputError(where, f"lacks a row: {' '.join(missing)}", _BOTH)


_BOTH = "give both files of one rig"


def identity(one: Operation | Measured) -> tuple[str, str, str, str]:
    """What an operation and a row that measures it have in common, within a step."""
    return one.op, one.at, one.peer, one.image
