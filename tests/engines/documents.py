"""Whole scenarios at random, as a file has them: the worlds of `worlds`, with what only a document says.

Their demand is drawn from `[demand]` or listed in a table, in streams, batches and ramps, at one instant or not at all;
sizes reach from 1 byte to 1 TB; sites are joined in any shape; nodes are of any kind; traffic has a price. Everything
is written at once and most of it is then left out again, key by key, so that hypothesis makes what fails small: a
scenario with as few keys as still fail. Left out: logs (`[demand.replay]`), maps and sizes from files, rules of users.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import strategies as st

from sim.errors import InputError
from sim.scenario import Scenario
from sim.scenario.tomltext import toml, toml_key
from tests.engines import worlds
from tests.engines.worlds import Document

#: What a scenario has no default for; all other keys may be left out.
NEEDED = frozenset({
    "site", "between", "kind", "target", "at", "lasts", "rootfs", "shape", "name", "share", "size", "n", "every",
    "duration", "rate", "burst", "wire", "from", "until", "capacity", "delay", "rtt", "seed", "price", "to", "over",
    "apps", "count", "queue", "references", "reference", "chunk", "changed", "places", "list", "most",
    "window", "disk",
})  # fmt: skip
#: Deploys that a scenario's rate makes on average.
DEPLOYS = (8, 1, 0, 25)
#: What may be left out whole, and what has to stay if anything in it does.
TABLES, WHOLE = ("faults", "policies", "prices", "tcp"), ("sites", "links", "formats", "nodes", "clients", "images")
_KEPT = st.sampled_from([False, True, True, True, True])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A scenario that the checks accept, or one that they refuse in so many words."""
    made = whole(draw(st.randoms(use_true_random=False)))
    for path in [*_optional(made, ())]:
        if not draw(_KEPT):
            _leave_out(made, path)
    return made


def whole(r: Random) -> Document:
    """A scenario with all that this room draws."""
    made = worlds.document(r)
    if made["tcp"]["parallel"] == "shared":  # which knows of no faults, no windows and no rates of jobs
        made["tcp"]["shares"] = "even"
        made["policies"]["sync"].pop("job_rate", None)
    else:
        made["faults"] = worlds.faults_of(r, made)
    if made["tcp"]["shares"] == "windows":  # which need to know when queues are full
        made["tcp"]["queue"] = "20 ms"
    if "job_rate" in made["policies"]["sync"]:
        made["policies"]["sync"]["references"] = "series"
    made["run"] |= {"audit": True, "start": "Mon 08:00"}
    _demand(r, made)
    _extremes(r, made)
    _hosts(r, made)
    _shape(r, made)
    _prices(r, made)
    if r.random() < 0.15:
        _huge(r, made)
    return made


def text(made: Document) -> str:
    """The document as a file."""
    return "".join(f"{toml_key(key)} = {toml(value)}\n" for key, value in made.items())


def read(made: Document) -> Scenario | None:
    """The scenario that its file has, or None where it is refused."""
    try:
        return Scenario.from_document(tomllib.loads(text(made)))
    except InputError:
        return None


def _optional(table: Document, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths that may be left out, tables before what they hold."""
    for key, value in table.items():
        if key not in NEEDED and path not in {(name,) for name in WHOLE} and (path or key in TABLES):
            yield (*path, key)
        if isinstance(value, dict):
            yield from _optional(value, (*path, key))


def _leave_out(made: Document, path: tuple[str, ...]) -> None:
    """Without one key; what stood in a table that is gone is gone already."""
    table: Any = made
    for key in path[:-1]:
        table = table.get(key, {})
    table.pop(path[-1], None)


def _rate(r: Random, duration_s: float) -> str:
    return f"{max(r.choice(DEPLOYS) / duration_s * 3600, 1e-6):g}/h"


def _demand(r: Random, made: Document) -> None:
    """What is drawn or listed, in one stream or more."""
    duration_s = {"60 s": 60.0, "200 s": 200.0}[made["run"]["duration"]]
    nodes = sum(group["count"] for group in made["nodes"].values()) - (made["policies"]["elsewhere"] > 0)
    if not nodes:
        nodes, made["policies"]["elsewhere"] = 1, 0.0
    demand: Document = made["demand"] | {"rate": _rate(r, duration_s), "apps": r.choice([4, 9, 30])} | _stream(r, nodes)
    if r.random() < 0.2:
        demand["table"] = _listed(r, nodes)
    elif r.random() < 0.3:
        demand["kernel_release"] = {"at": r.choice(["0 s", "10 s"]), "over": r.choice(["30 s", "0 s"])}
    if r.random() < 0.3:
        demand["streams"] = {
            "push": _stream(r, nodes) | {"kind": "deploys"},
            "up": _stream(r, nodes) | {"kind": "starts", "of": "push", "clones": r.random() < 0.5},
            "own": _stream(r, nodes) | {"kind": "starts"},
            "gone": {"kind": "replacements", "rate": "60/h"},
        }
    made["demand"] = demand


def _stream(r: Random, nodes: int) -> Document:
    made: Document = {
        "arrivals": r.choice(["poisson", "even"]), "batch": r.choice([1, 1, 5]), "updates": r.choice([0.9, 0.0, 1.0]),
        "popularity": r.choice([0.8, 0.0, 3.0]), "nodes": min(r.choice([1, 2, 3]), nodes),
        "rollbacks": r.choice([0.0, 0.5, 1.0]),
        "removals": r.choice([0.0, 0.5, 1.0]), "starts_on": r.choice(["more-nodes", "same-nodes"]),
    }  # fmt: skip
    if r.random() < 0.2:
        made |= {"every": r.choice(["1 min", "2 min"]), "spread": r.choice(["0 s", "10 s"])}
    elif r.random() < 0.2:
        made["ramp"] = {"to": r.choice(["600/h", "0.001/h"]), "at": "10 s", "over": "20 s"}
    if r.random() < 0.2:
        made |= {"hours": r.choice(["06:00-18:00", "20:00-08:00"]), "outside": r.choice([0.0, 0.5])}
    return made


def _listed(r: Random, nodes: int) -> str:
    """Deploys of which several may be asked for at one instant."""
    rows = [
        f"{r.choice([0, 0, 1, 30, 59.999])},{r.choice('xyz')},{r.choice(['', '1 B', '2 MB', '100 MB'])},"
        f"{min(r.choice([1, 1, 2]), nodes)},{r.choice(['yes', 'yes', 'no'])}"
        for _ in range(max(r.choice(DEPLOYS), 1))
    ]
    return "\n".join(["time,app,rootfs,nodes,push", *rows, ""])


def _extremes(r: Random, made: Document) -> None:
    """Sizes and rates far from all others."""
    for image in made["images"].values():
        if r.random() < 0.3:
            image["rootfs"] = r.choice(["1 B", "14600 B", "30 MB", "100 MB"])
        if "kernel" in image and r.random() < 0.3:
            image["kernel"] = r.choice(["1 B", "100 MB"])
        if r.random() < 0.2:
            image |= {"config": r.choice(["1 B", "30 MB"]), "manifest": "1 B", "index": r.choice(["1 B", "1 MB"])}
        if r.random() < 0.3:
            image["sizes"] = {"p95": "200 MB", "per": r.choice(["app", "update"]), "update_p95": 1.5, "most": "1 GB"}
        if r.random() < 0.2:
            image["boot"] = r.choice(["0 s", "1 min"])
    for host in _hosts_of(made):
        if r.random() < 0.1:
            host["capacity"] = r.choice(["100 kbit/s", "1000 Tbit/s"])
        if r.random() < 0.1:
            host["delay"] = r.choice(["0 s", "2 s"])


def _huge(r: Random, made: Document) -> None:
    """An image of 1 TB on fast lines, and nothing that comes again and again for as long as that takes."""
    image = made["images"]["app"]
    image[r.choice([key for key in ("kernel", "rootfs") if key in image])] = "1 TB"
    image.pop("sizes", None)
    made["tcp"]["shares"] = "even"
    made["policies"].pop("garbage", None)
    made["run"].pop("wire", None)  # a billion packets
    if "piece" in made["policies"].get("source", ()):  # a swarm would have a million of them
        del made["policies"]["source"]
    if "lazy" in made["policies"]:
        made["policies"]["lazy"] |= {"read": "10 GB", "least": "20 kB"}
        made["policies"]["lazy"].pop("pace", None)
    made["policies"]["sync"] |= {"to_central": "on-push", "to_nodes": r.choice(["lazy", "on-push"])}
    for key in ("job_rate", "target_rate", "leg_rate"):
        made["policies"]["sync"].pop(key, None)
    made["faults"] = {name: one for name, one in made.get("faults", {}).items() if "between" not in one}
    for line in (*_hosts_of(made), *made["links"].values()):
        line |= {key: r.choice(["10 Gbit/s", "1000 Tbit/s"]) for key in ("capacity", "disk") if key in line}
        line |= {"window": "1 GB"} if "window" in line else {}
        line.pop("commit_rate", None)


def _hosts_of(made: Document) -> list[Document]:
    return [made["central"], *made["nodes"].values(), *made["clients"].values()]


def _hosts(r: Random, made: Document) -> None:
    """What else nodes and clients may say."""
    first, pushing = (next(iter(made[table].values())) for table in ("nodes", "clients"))
    for node in made["nodes"].values():
        node["cold"] = r.random() < 0.2
        node["weight"] = r.choice([1.0, 0.0, 5.0]) if node is not first else 1.0
    for client in made["clients"].values():
        client["share"] = r.choice([1.0, 0.0, 5.0]) if client is not pushing else 1.0
        if r.random() < 0.2:
            client["metro"] = r.choice("abc")
    for site in made["sites"].values():
        site |= {"latitude": r.choice([0.0, 50.0]), "longitude": r.choice([0.0, -120.0]), "timezone": "UTC"}
    if r.random() < 0.1:
        swarm = {"piece": r.choice(["1 MB", "100 kB"]), "dials": r.choice([1, 3]), "mutual": r.random() < 0.5}
        made["policies"] |= {"source": {"name": "swarm"} | swarm, "load": "whole", "fanout": "sync-then-pull"}


def _shape(r: Random, made: Document) -> None:
    """Sites in other shapes than that of their own links."""
    shape = r.choice(["metros", "metros", "metros", "star", "ring", "mesh", "tree"])
    if shape == "metros":
        return
    broken = {"link-down", "link-degraded", "swizzle"}
    made["topology"]["shape"] = shape
    made["links"] = {}
    made["faults"] = {name: fault for name, fault in made.get("faults", {}).items() if fault["kind"] not in broken}
    if shape != "star":
        made["topology"] |= {"capacity": r.choice(["1 Gbit/s", "1 MB/s"]), "rtt": r.choice(["10 ms", "0 ms"])}
        return
    made["sites"] = {}
    for host in _hosts_of(made):
        host.pop("site", None)
        host.pop("metro", None)


def _prices(r: Random, made: Document) -> None:
    """What traffic, disks and machines cost."""
    made["prices"] = {
        "registry_hour": "0.1 USD", "disk_month": "0.02 USD/GB", "node_month": r.choice(["0 USD", "1e6 USD"]),
    }  # fmt: skip
    for link in made["links"].values():
        link["price"] = r.choice(["0 USD/GB", "0.02 USD/GB"])
