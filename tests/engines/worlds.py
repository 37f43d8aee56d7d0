"""Small worlds at random, over everything that a scenario may ask for: what both engines must agree on.

Three sites with up to six nodes and four clients, up to 25 deploys within minutes. What the scenario's own checks
refuse is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.scenario import Scenario
from sim.workload.demand import Demand
from tests.protocol.small import App, Deploy, demand

Document = dict[str, Any]
_LINES = "abc"
_RETRIES = 50


def world(r: Random, faults: bool | None = None) -> tuple[Scenario, Demand]:
    """A scenario and a demand for it; with `faults`, without, or either."""
    for _ in range(_RETRIES):
        made = document(r)
        if r.random() < 0.6 if faults is None else faults:
            made["faults"] = faults_of(r, made)
        try:
            scenario = Scenario.from_document(made)
        except InputError:
            continue
        return scenario, asked(r, made)
    raise AssertionError("the checks refuse every world")


def document(r: Random) -> Document:
    """A scenario without faults, as it is written."""
    sites = r.sample(_LINES, r.choice([1, 2, 3]))
    topology: Document = {"shape": "metros", "convergence": r.choice(["0.5 s", "2 s", "10 s"])}
    links = [*["ab", "ac", "cb"][: r.choice([3, 3, 2])]]
    made: Document = {
        "topology": topology | {"reroute": r.random() < 0.7},
        "sites": {name: {} for name in _LINES},
        "links": {name: {"between": [*name], "capacity": _rate(r, -0.5, 1), "delay": _delay(r)} for name in links},
        "central": {**_registry(r), "site": "c", "propagation": r.choice(["0 s", "0 s", "3 s"])},
        "nodes": {f"n{name}": {**_registry(r), "site": name, "count": r.choice([1, 1, 2])} for name in sites},
        "clients": {f"d{name}": _clients(r, name) for name in r.sample("ab", r.choice([1, 2]))},
        "images": {"app": _image(r) | {"kernel": "3 MB"}, "rom": _image(r) | {"rom": True}},
        "tcp": {
            "congestion": r.choice(["cubic", "bbr"]), "queue": r.choice(["0 s", "20 ms"]),
            "shares": r.choice(["even", "even", "windows"]), "parallel": r.choice(["open", "opened"] * 2 + ["shared"]),
            "retries": r.choice([2, 5, 15]), "syn_retries": r.choice([2, 6]),
        },
        "run": {
            "duration": r.choice(["60 s", "200 s"]), "seed": r.randrange(1 << 20), "audit": r.random() < 0.5,
            "detail": r.choice(["phases", "phases", "requests"]),
        },
        "demand": _demand(r),
        "policies": _policies(r),
    }  # fmt: skip
    _limits(r, made)
    if r.random() < 0.4:
        _formats(r, made)
    if r.random() < 0.4:
        _lazy(r, made)
    _rate_limits(r, made)
    if r.random() < 0.15:
        from_s = r.randint(0, 100)
        hours = {"from": f"{from_s} s", "until": f"{from_s + r.randint(1, 60)} s", "capacity": _rate(r, -0.5, 1)}
        made["links"][r.choice(links)]["schedule"] = {"w": hours}
    if r.random() < 0.3:
        _caches(r, made)
    if r.random() < 0.06:
        on_packets(r, made)
    if r.random() < 0.25:
        _platforms(r, made)
    if r.random() < 0.1:
        made["central"]["host"] = "elsewhere.example"
        made["images"]["index.unikraft.io/rom"] = made["images"].pop("rom")
    return made


def _platforms(r: Random, made: Document) -> None:
    """Images for two or three architectures, and nodes that have one of these each."""
    built_for = r.choice([["amd64", "arm64"], ["arm64", "riscv64", "amd64"]])
    for image in r.choice([["app"], ["rom"], ["app", "rom"]]):
        made["images"][image]["architectures"] = built_for
    for node in made["nodes"].values():
        node["architecture"] = r.choice(built_for)
        node.pop("storage", None)
    for client in made["clients"].values():
        client.pop("kernels", None)
    made["policies"]["sync"]["platforms"] = r.choice(["all", "node"])


def on_packets(r: Random, made: Document) -> None:
    """Bodies go packet by packet, of images that are not too large for that."""
    made["run"]["wire"] = "packets"
    made["tcp"]["queue"] = r.choice(["20 ms", "100 ms"])
    for image in made["images"].values():
        image["rootfs"] = "1 MB" if image["rootfs"] == "30 MB" else image["rootfs"]


def _rate(r: Random, low: float, high: float) -> str:
    return f"{round(10 ** r.uniform(low, high), 3)} MB/s"


def _delay(r: Random) -> str:
    return r.choice(["0 ms", "5 ms", "20 ms", "50 ms"])


def _line(r: Random) -> Document:
    return {"capacity": _rate(r, 0, 2), "delay": _delay(r), "window": r.choice(["1 GB", "64 kB", "4 MB"])}


def _registry(r: Random) -> Document:
    return _line(r) | {
        "workers": r.choice([1, 2, 100]), "request_time": r.choice(["1 ms", "10 ms", "100 ms"]),
        "disk": _rate(r, 0.5, 3), "tls": r.random() < 0.5, "first_byte": r.choice(["0 ms", "20 ms"]),
        "service": r.choice(["fixed", "fixed", "fixed", "exponential"]), "list_lag": r.choice(["0 s", "3 s", "120 s"]),
        **({"dedup": r.choice(["none", "repository", "account", "registry"])} if r.random() < 0.2 else {}),
        "anonymous": r.random() < 0.5, "store": r.choice(["0 ms", "0 ms", "20 ms"]),
        **({"token_life": r.choice(["1 s", "3 s"])} if r.random() < 0.2 else {}),
    }  # fmt: skip


def _clients(r: Random, site: str) -> Document:
    profile = r.choice(["kraftkit", "unikraft", "docker", "skopeo", "oras", "podman", "crane", "buildkit"])
    account = {"account": "shared"} if r.random() < 0.3 else {}
    return _line(r) | {"site": site, "profile": profile, "count": r.choice([1, 2])} | account


def _image(r: Random) -> Document:
    return {
        "rootfs": r.choice(["1 MB", "4 MB", "10 kB", "30 MB"]), "config": r.choice(["1 kB", "1 kB", "1 MB"]),
        "manifest": "3 kB", "index": "6 kB", "boot": "100 ms", "layers": r.choice([1, 1, 1, 2, 7, 40]),
    }  # fmt: skip


def _demand(r: Random) -> Document:
    made: Document = {"reference": r.choice(["tag", "client", "digest"]), "warm": r.random() < 0.7}
    made["nodes"] = r.choice([1, 1, 2, 3])
    if r.random() < 0.4:
        made |= {"runs_for": r.choice(["3 s", "20 s"]), "sleeps_for": "5 s", "wakes": r.choice([0, 1, 3])}
    return made | {"removed_after": r.choice(["0 s", "5 s", "30 s"])}


def _policies(r: Random) -> Document:
    mix = [{"name": "central"}, {"name": "node-direct", "share": 2}, {"name": "both"}]
    routes: list[Any] = ["central", "node-direct", "both", mix, {"name": "direct-below", "size": "2 MB"}]
    placements: list[Any] = [
        "sticky", "sticky", "spread", "nearest", "one-per-site", {"name": "n-per-site", "n": 2},
        {"name": "weighted", "drawn": "deploy"},
    ]  # fmt: skip
    sources: list[Any] = ["upstream", "upstream", "upstream", "peers-first", {"name": "pieces", "parents": 2}]
    chunks = {"name": "content-defined", "changed": "25 %", "places": 2, "chunk": "64 KiB"}
    return {
        "route": r.choice(routes), "placement": r.choice(placements), "elsewhere": r.choice([0.0, 0.0, 0.5]),
        "create": r.choice(["at-once", "at-once", "client", "poll"]), "configs": r.choice(["first", "beside"]),
        "kernels": r.choice(["image", "image", "image", "node"]),
        "patience": r.choice(["20 s", "120 s", "10 min"]),
        "fanout": r.choice(["sync-then-pull", "peer", "push-each"]), "source": r.choice(sources),
        "chunking": r.choice(["whole", "whole", "whole", chunks]), "coalesce": r.random() < 0.7,
        "eviction": r.choice(["lru", "lfu", "size-aware"]), "keep_unsynced": r.random() < 0.4,
        "conflict": r.choice(["last-writer", "last-writer", "central-wins", "registry-order"]),
        "dedup": r.choice(["repository", "repository", "account", "registry", "fleet", "none"]),
        "tags": {"check": r.choice(["upstream", "absent"]), "look": r.choice(["registries"] * 3 + ["host"])},
        "sync": _sync(r),
    }  # fmt: skip


def _sync(r: Random) -> Document:
    triggers: list[Any] = [
        "on-push", "on-push", "lazy", "never", {"name": "poll", "every": "20 s"},
        {"name": "poll", "every": "3 s", "overlap": r.random() < 0.7, "again": True},
        {"name": "window", "every": "60 s", "lasts": "20 s"},
    ]  # fmt: skip
    made: Document = {
        "to_central": r.choice(triggers), "to_nodes": r.choice(triggers), "targets": r.choice(["all", "holders"]),
        "delay": r.choice(["0 s", "1 s", "5 s"]), "resume": r.random() < 0.5, "workers": r.choice([1, 2, 10]),
        "references": r.choice(["series", "parallel"]), "retries": r.choice([0, 1, 4]),
        "queue": r.choice(["shared", "per-target"]), "backoff": r.choice(["0 s", "2 s"]),
        "deletions": r.random() < 0.4,
    }  # fmt: skip
    if r.random() < 0.3:
        made["client"] = r.choice(["dregsy", "ocync", "regsync", "skopeo"])
    for key in ("job_rate", "target_rate", "leg_rate"):
        if r.random() < 0.2:
            made[key] = _rate(r, 0, 0.7)
    if r.random() < 0.2:
        made["target_workers"] = r.choice([1, 2])
    return made


def _limits(r: Random, made: Document) -> None:
    """What bounds what registries hold."""
    for node in made["nodes"].values():
        if r.random() < 0.25:
            node["storage"] = r.choice(["5 MB", "9 MB", "40 MB"])
        if r.random() < 0.2:
            node["ttl"] = r.choice(["5 s", "30 s"])
    if r.random() < 0.2:
        made["central"]["storage"] = r.choice(["9 MB", "40 MB"])
    if r.random() < 0.2:
        made["central"]["quota"] = r.choice(["3 MB", "9 MB", "40 MB"])
    if r.random() < 0.3:
        pause = r.choice(["0 s", "2 s", "15 s"])
        made["policies"]["garbage"] = {
            "every": r.choice(["10 s", "30 s"]),
            "untagged": r.random() < 0.5,
            "pause": pause,
        }


def _formats(r: Random, made: Document) -> None:
    """What images travel as, and what nodes do with that."""
    own = {"wire": r.choice([0.3, 0.5, 1.0]), "rate": _rate(r, 0, 1.5), "written": r.choice([0.0, 1.0, 2.5])}
    made["formats"] = {"own": own | {"cores": r.choice([0.5, 1, 3])}}
    for image in made["images"].values():
        if r.random() < 0.7:
            image["format"] = r.choice(["own", "own", "gzip", "zstd", "tar", "cpio", "erofs-lz4hc"])
    made["formats"]["own"]["compress"] = _rate(r, 0, 1.5)
    for client in made["clients"].values():
        client |= {"cores": r.choice([1, 4])} if r.random() < 0.5 else {}
        client["kernels"] = r.choice(["cached", "once", "always"])
    for node in made["nodes"].values():
        node["unpack"] = r.choice(["in-order", "parallel", "streamed"])
        node["cores"], node["ranges"] = r.choice([1, 1, 2, 8]), r.choice([1, 1, 2, 5])


def _lazy(r: Random, made: Document) -> None:
    """How nodes load layers lazily, where none serves others."""
    if made["policies"]["source"] != "upstream" or made["policies"]["fanout"] == "peer":
        return
    made["policies"]["load"] = "lazy"
    made["policies"]["lazy"] = {
        "read_share": r.choice([0.05, 0.3, 1.0]), "read": r.choice(["100 kB", "1 MB"]), "at_once": r.choice([1, 4]),
        "least": r.choice(["20 kB", "2 MB"]), "rest": r.choice(["background", "on-demand"]), "bursts": r.choice([1, 3]),
        "rest_after": r.choice(["0 s", "7 s"]), "later_share": 0.5, "later_for": "20 s",
    } | ({"pace": _rate(r, -1, 1)} if r.random() < 0.5 else {})  # fmt: skip


def _rate_limits(r: Random, made: Document) -> None:
    """How many requests registries answer, how soon, and how many pulls nodes make."""
    for registry in (made["central"], *made["nodes"].values()):
        if r.random() < 0.2:
            limit = {"rate": r.choice(["1/s", "20/min", "10/s", "1/day"]), "burst": r.choice([1, 4, 20])}
            scopes = r.sample(["registry", "account", "address", "site"], r.choice([1, 1, 2]))
            registry["limits"] = {scope: limit | {"counts": r.choice(["requests", "pulls"])} for scope in scopes}
    if r.random() < 0.25:
        for registry in (made["central"], *made["nodes"].values()):
            registry["commit_rate"] = r.choice(["0.1 MB/s", "1 MB/s", "100 MB/s"])
        for clients in made["clients"].values():
            clients["answer_timeout"] = r.choice(["0.5 s", "5 s", "30 s"])
    for node in made["nodes"].values():
        if r.random() < 0.15:
            node["parallel_pulls"] = r.choice([1, 2])
        if r.random() < 0.1:
            node |= {"pull_rate": r.choice(["5/s", "6/min"]), "pull_burst": r.choice([1, 10])}


def _caches(r: Random, made: Document) -> None:
    """One cache or two, whom some nodes or all ask, and the one the other."""
    made["caches"] = {f"k{number}": _cache(r) for number in range(r.choice([1, 2]))}
    if len(made["caches"]) == 2 and r.random() < 0.7:
        made["caches"]["k1"]["upstream"] = "k0"
    for node in made["nodes"].values():
        node["upstream"] = r.choice(["central", *made["caches"], *made["caches"]])


def _cache(r: Random) -> Document:
    return {
        **_registry(r), "site": r.choice(_LINES), "coalesce": r.random() < 0.6,
        "check": r.choice(["upstream", "absent"]), "cold": r.random() < 0.5,
        **({"storage": r.choice(["5 MB", "40 MB"])} if r.random() < 0.3 else {}),
        **({"ttl": r.choice(["5 s", "30 s"])} if r.random() < 0.3 else {}),
    }  # fmt: skip


_KINDS = (
    *["link-down"] * 4, "link-degraded", "registry-down", "registry-down", "registry-slow", "node-lost", "clock-skew",
    "swizzle", "tokens-refused",
)  # fmt: skip


def faults_of(r: Random, made: Document) -> Document:
    nodes = [
        name if group["count"] == 1 else f"{name}{number}"
        for name, group in made["nodes"].items()
        for number in range(1, group["count"] + 1)
    ]
    nodes += made.get("caches", {})
    return {f"f{number}": _fault(r, [*made["links"]], nodes) for number in range(r.choice([1, 2, 4, 8, 15]))}


def _fault(r: Random, links: list[str], nodes: list[str]) -> Document:
    kind = r.choice(_KINDS)
    runs_until_s = r.choice([0.3, 1, 3, 5, 20, round(r.uniform(0.05, 60), 3), 400, 2000])
    made: Document = {"kind": kind, "lasts": f"{runs_until_s} s"}
    if r.random() < 0.2:
        made["between"] = f"{r.choice([5, 20, 60])} s"
    else:
        made["at"] = f"{r.choice([round(r.uniform(0, 60), r.choice([0, 2])), round(r.uniform(0, 10), 2)])} s"
    targets: dict[str, Callable[[], Any]] = {
        "link-down": lambda: r.choice(links), "link-degraded": lambda: r.choice(links), "swizzle": lambda: links,
        "node-lost": lambda: r.choice(nodes),
    }  # fmt: skip
    made["target"] = targets.get(kind, lambda: r.choice([*nodes, "central"]))()
    if kind in ("link-degraded", "swizzle"):
        made["to"] = r.choice([0.0, 0.0, 0.5, 0.1, 0.3])
    elif kind == "registry-slow":
        made["times"] = r.choice([2.0, 3.0, 7.0, 10.0])
    elif kind == "clock-skew":
        made[r.choice(["ahead", "behind"])] = "3 s"
    return made


def asked(r: Random, made: Document) -> Demand:
    """Deploys of a few apps: new ones and updates, again what was there, starts, scale-outs, removals."""
    clients = sum(group["count"] for group in made["clients"].values())
    apps = [App(r.randrange(clients), r.choice([0, 0, 1]), r.random()) for _ in range(r.randint(1, 5))]
    known = r.choice([0, len(apps)])
    own = r.random() < 0.3
    at_s, deploys = 0.0, []
    for number in range(r.randint(1, 25)):
        at_s += r.choice([0.0, 0.01, 0.5, r.uniform(0, 8)])
        starts = r.random() < 0.2 and number > 0
        app = r.randrange(len(apps))
        again = [at for at, deploy in enumerate(deploys) if deploy.app == app and deploy.pushes]
        deploys.append(
            Deploy(
                round(at_s, 3), app, r.choice([0, 0, 1]), r.random(),
                image=r.choice(again) if again and not own and not starts and r.random() < 0.15 else None,
                client=r.randrange(clients) if own and r.random() < 0.5 else None,
                kind=r.choice([0, 1]) if own and r.random() < 0.3 else None,
                rootfs_bytes=r.choice([20_000, 700_000, 3_000_000]) if own and not starts else None,
                nodes=r.choice([1, 1, 2]), pushes=not starts,
                beside=r.choice([0, 1, 2]) if starts else 0, by_digest=r.random() < 0.2,
            )
        )  # fmt: skip
    known_nodes = [r.choice([1, 2]) for _ in apps] if known and r.random() < 0.3 else []
    found = demand(deploys, apps, known_apps=known, known_nodes=known_nodes)
    found.place_draw[:] = [r.random() for _ in deploys]
    if r.random() < 0.3:
        found = replace(found, removed=np.array([r.random() < 0.4 and deploy.pushes for deploy in deploys]))
    if r.random() < 0.4:
        found = replace(found, cloned=np.array([r.random() < 0.5 and not deploy.pushes for deploy in deploys]))
    if made["policies"]["elsewhere"]:
        found = replace(found, elsewhere=np.array([r.random() < 0.5 for _ in deploys]))
    return found
