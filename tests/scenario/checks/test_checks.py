"""Bad scenarios by the dozen: what is wrong, where, which value, and what to do, in one exact line each."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputErrors
from sim.network.topology import shapes
from sim.scenario import Scenario

# Changes of the small scenario by dotted path; None removes the key. Then the one line that must be reported.
#: Whose traffic has a price.
OUT = {"hosts": "central", "direction": "egress"}
ONE_FAULT: list[tuple[dict[str, Any], str]] = [
    # keys and tables
    ({"run.sed": 3}, 'run.sed: unknown key, got 3; did you mean "seed"?'),
    ({"node": {"n": {}}}, 'node: unknown table, got a table; did you mean "nodes"?'),
    ({"nodes.n.conut": 3}, 'nodes.n.conut: unknown key, got 3; did you mean "count"?'),
    ({"policies.sync.delai": 1}, 'policies.sync.delai: unknown key, got 1; did you mean "delay"?'),
    ({"faults.x": 1}, "faults.x: must be a table, got 1; write its keys under a [table] of this name"),
    ({"faults.x": {"target": "dal-was", "at": "1 s"}}, 'faults.x.kind: is missing; write kind = "link-down"'),
    (
        {"faults.x": {"kind": "link-down", "target": "dal-waz", "at": "1 s"}},
        'faults.x.target: unknown link, got "dal-waz"; did you mean "dal-was"?',
    ),
    (
        {"faults.x": {"kind": "node-lost", "target": "centrall", "at": "1 s"}},
        'faults.x.target: unknown registry, got "centrall"; did you mean "central"?',
    ),
    (
        {"faults.x": {"kind": "link-down", "target": "dal-was"}},
        'faults.x: must be once at a time or again and again; write at = "1 h", or between = "6 h"',
    ),
    ({"central": 3}, "central: must be a table, got 3; write its keys under a [table] of this name"),
    ({"nodes": "n"}, 'nodes: must be a table of named tables, got "n"; write each under a [table] of its own'),
    ({"nodes.n": 3}, "nodes.n: must be a table, got 3; write its keys under a [table] of this name"),
    ({"sites.a b": {}}, 'sites.a b: is no name for a table, got "a b"; use letters, digits, - and _ alone'),
    # units
    (
        {"links.dal-was.capacity": "10 Gbit"},
        'links.dal-was.capacity: must be a rate, got "10 Gbit", which is a size; write a rate such as "10 Gbit/s"',
    ),
    ({"links.dal-was.rtt": 31.5}, 'links.dal-was.rtt: a time needs its unit, got 31.5; write a time such as "35 ms"'),
    (
        {"images.http.rootfs": "1.3"},
        'images.http.rootfs: a size needs its unit, got "1.3"; write a size such as "36 MiB"',
    ),
    (
        {"images.http.kernel": "36 mib"},
        'images.http.kernel: unknown unit "mib", got "36 mib"; did you mean "MiB"? write a size such as "36 MiB"',
    ),
    (
        {"demand.rate": 50000},
        'demand.rate: a frequency needs its unit, got 50000; write a frequency such as "50000/day"',
    ),
    (
        {"links.dal-was.price": "0.09 USD"},
        'links.dal-was.price: must be a price, got "0.09 USD", which is a cost; write a price such as "0.09 USD/GB"',
    ),
    (
        {"central.disk": "fast"},
        'central.disk: must be a number and a unit, got "fast"; write a rate such as "10 Gbit/s"',
    ),
    (
        {"nodes.n.first_byte": {"ms": 1}},
        'nodes.n.first_byte: must be a time, got a table; write a time such as "35 ms"',
    ),
    # types and bounds
    ({"central.tls": "yes"}, 'central.tls: must be true or false, got "yes"; write true or false'),
    ({"nodes.n.site": 3}, 'nodes.n.site: must be text, got 3; write it in quotes, such as "dal"'),
    ({"nodes.n.count": 2.5}, "nodes.n.count: must be a whole number, got 2.5; write a whole number such as 20"),
    ({"nodes.n.count": True}, "nodes.n.count: must be a whole number, got true; write a whole number such as 20"),
    ({"nodes.n.count": 0}, "nodes.n.count: must be at least 1, got 0; write a whole number such as 20"),
    (
        {"nodes.n.count": 10**9},
        "nodes.n.count: must be at most 1000000, got 1000000000; write a whole number such as 20",
    ),
    ({"run.seed": -1}, "run.seed: must be at least 0, got -1; write a whole number such as 0"),
    ({"run.duration": "0 s"}, 'run.duration: must be above 0, got 0 s; write a time such as "24 h"'),
    (
        {"links.dal-was.capacity": "0 bit/s"},
        'links.dal-was.capacity: must be above 0, got 0 bit/s; write a rate such as "10 Gbit/s"',
    ),
    (
        {"links.dal-was.rtt": "-1 ms"},
        'links.dal-was.rtt: must be at least 0, got -1 ms; write a time such as "35 ms"',
    ),
    ({"demand.updates": 1.5}, "demand.updates: must be at most 1, got 1.5; write a fraction such as 0.9"),
    ({"demand.updates": "120 %"}, "demand.updates: must be at most 1, got 120 %; write a fraction such as 0.9"),
    ({"demand.popularity": float("nan")}, "demand.popularity: must be a number, got nan; write a number such as 0.8"),
    ({"images.http.share": float("inf")}, "images.http.share: must be a number, got inf; write a number such as 0.8"),
    ({"sites.dal.latitude": 91}, "sites.dal.latitude: must be at most 90, got 91; write a latitude such as 32.8"),
    ({"central.service": "fixd"}, 'central.service: unknown choice, got "fixd"; did you mean "fixed"?'),
    ({"demand.arrivals": 1}, "demand.arrivals: unknown choice, got 1; one of poisson, even"),
    (
        {"policies.dedup": "global"},
        'policies.dedup: unknown choice, got "global"; one of account, fleet, none, registry, repository',
    ),
    ({"images.http.rootfs": None}, 'images.http.rootfs: is missing; write rootfs = "36 MiB"'),
    ({"demand.kernel_release": {}}, 'demand.kernel_release.at: is missing; write at = "35 ms"'),
    # figures
    (
        {"links.dal-was.rtt": {"value": "1 ms", "sorce": "x"}},
        'links.dal-was.rtt.sorce: unknown key of a figure, got "x"; did you mean "source"?',
    ),
    (
        {"links.dal-was.rtt": {"value": "1 ms", "assumption": "yes"}},
        'links.dal-was.rtt.assumption: must be true or false, got "yes"; write assumption = true',
    ),
    (
        {"links.dal-was.rtt": {"value": "1 ms", "source": 3}},
        'links.dal-was.rtt.source: must be text, got 3; write source = "where it is from"',
    ),
    (
        {"links.dal-was.rtt": {"value": "1 ms", "range": ["1 ms"]}},
        "links.dal-was.rtt.range: must be two values, got ['1 ms']; write range = [lowest, highest]",
    ),
    (
        {"links.dal-was.rtt": {"value": "1 ms", "range": ["2 ms", "3 ms"]}},
        'links.dal-was.rtt.range: must hold the value "1 ms", got "2 ms" to "3 ms"; widen it or mend the value',
    ),
    (
        {"links.dal-was.rtt": {"value": "1 ms", "range": ["0 ms", "3"]}},
        'links.dal-was.rtt.range: a time needs its unit, got "3"; write a time such as "35 ms"',
    ),
    (
        {"central.tls": {"value": True, "range": [False, True]}},
        "central.tls.range: this value has no range, it is no number; remove the range",
    ),
    # rules and shapes
    (
        {"policies.route": "node-dirct"},
        'policies.route: unknown choice, got "node-dirct"; did you mean "node-direct"?',
    ),
    (
        {"policies.fanout": {"name": "gossip"}},
        'policies.fanout.name: unknown choice, got "gossip"; one of peer, push-each, sync-then-pull'
        "; a rule of your own is found in run.policies_path, or --policies DIR",
    ),
    (
        {"policies.placement": 3},
        "policies.placement: must name one, got 3; one of n-per-site, nearest, one-per-site, spread, sticky, weighted",
    ),
    (
        {"policies.placement": {"near": 1}},
        "policies.placement: must name one, got a table; one of "
        "n-per-site, nearest, one-per-site, spread, sticky, weighted",
    ),
    (
        {"policies.placement": {"name": "sticky", "k": 1}},
        "policies.placement.k: unknown key, got 1; remove it",
    ),
    (
        {"policies.route": {"name": "direct-below", "size": 10}},
        'policies.route.size: a size needs its unit, got 10; write a size such as "36 MiB"',
    ),
    (
        {"policies.route": []},
        "policies.route: must name at least one, got an empty list; one of both, central, direct-below, node-direct",
    ),
    (
        {"policies.route": [{"name": "central", "share": 0}, {"name": "both", "share": 0}]},
        "policies.route: all shares are 0; give one of them a share above 0",
    ),
    (
        {"policies.route": [{"name": "central"}, {"name": "both", "share": -1}]},
        "policies.route.1.share: must be at least 0, got -1; write a number such as 1.0",
    ),
    ({"topology.shape": "metro"}, 'topology.shape: unknown choice, got "metro"; did you mean "metros"?'),
    (
        {"topology": {"shape": 3}},
        f"topology.shape: must name one, got 3; one of {', '.join(shapes.names())}",
    ),
    # between tables
    ({"nodes": {}}, "nodes: there is none; add a table such as [nodes.dal-n]"),
    ({"clients": None}, "clients: there is none; add a table such as [clients.dal-dev]"),
    ({"images": {}}, "images: there is none; add a table such as [images.http]"),
    ({"nodes.n.site": "dall"}, 'nodes.n.site: unknown site, got "dall"; did you mean "dal"?'),
    ({"central.site": None}, "central.site: is missing; one of dal, was"),
    (
        {"links.dal-was.between": ["dal", "wass"]},
        'links.dal-was.between: unknown site or host, got "wass"; did you mean "was"?',
    ),
    (
        {"links.dal-was.between": ["dal", "dal"]},
        "links.dal-was.between: must name two ends, got ['dal', 'dal']; write between = [\"dal\", \"was\"]",
    ),
    ({"sites.fra": {}}, 'sites.fra: no link leads to was; add a link with between = ["fra", "was"]'),
    ({"links": None}, 'sites.dal: no link leads to was; add a link with between = ["dal", "was"]'),
    (
        {"links.n21": {"capacity": "1 Gbit/s"}},
        'links.n21: metros generates no such link to override; did you mean "n2"? or join two ends by between',
    ),
    (
        {"links.nodes/n1": {"between": ["dal", "was"], "capacity": "1 Gbit/s", "rtt": "1 ms"}},
        "links.nodes/n1: is the path of a generated link, but has ends; name it without a slash, or drop between",
    ),
    (
        {"links.n1": {"price": "1 USD/GB"}, "links.nodes/n/1": {"price": "2 USD/GB"}},
        "links.nodes/n/1: overrides the same link as links.n1; keep one of them",
    ),
    ({"links.dal-was.delay": "1 ms"}, "links.dal-was.rtt: rtt and delay are both given; keep one, delay is one way"),
    ({"links.dal-was.rtt": None}, 'links.dal-was.rtt: is missing; write rtt = "31.5 ms", or delay for one way'),
    (
        {"links.dal-was.up": "1 Gbit/s"},
        "links.dal-was.capacity: capacity and up or down are both given; keep one way",
    ),
    ({"nodes.n.up": "1 Gbit/s"}, "nodes.n.down: is missing beside its opposite; write down too, or capacity alone"),
    ({"images.http.share": 0}, "images: all shares are 0; give one of them a share above 0"),
    ({"clients.dev.share": 0.0}, "clients: all shares are 0; give one of them a share above 0"),
    ({"clients.dev.profile": "scopeo"}, 'clients.dev.profile: unknown client, got "scopeo"; did you mean "skopeo"?'),
    ({"images.http.rom": True}, "images.http.rom: a ROM has no kernel, got true beside a kernel; remove kernel or rom"),
    (
        {"images.rom": {"rootfs": "1 MB", "rom": False}},
        "images.rom.rom: an image without a kernel is a ROM, got false; add its kernel or remove rom",
    ),
    ({"demand.nodes": 21}, "demand.nodes: must be at most 20, the nodes there are, got 21; lower it or add nodes"),
    (
        {"demand": {"apps": 0, "updates": 1}},
        "demand.apps: there is no app to update, got 0; raise apps, or lower updates below 1",
    ),
    (
        {"demand.kernel_release": {"at": "24 h"}},
        "demand.kernel_release.at: must be before run.duration ends, got 1 d; lower it or lengthen the run",
    ),
    # variants
    ({"run.baseline": "centrl"}, 'run.baseline: names no variant, got "centrl"; did you mean "central"?'),
    ({"variants": None}, 'run.baseline: names no variant, got "central"; remove it'),
    (
        {"variants.odd": "both"},
        'variants.odd: must be a table, got "both"; write [variants.odd] with keys such as "policies.route"',
    ),
    (
        {"variants.big": {"nodes.n.count": "40"}},
        'variant big: nodes.n.count: must be a whole number, got "40"; write a whole number such as 20',
    ),
    (
        {"variants.big": {"nodes": {"n": {"conut": 40}}}},
        'variant big: nodes.n.conut: unknown key, got 40; did you mean "count"?',
    ),
    (
        {"prices.traffic.out": {**OUT, "tiers": [{"to": "1 GB", "price": "1 USD/GB"}]}},
        'prices.traffic.out.tiers.0.to: unknown key, got "1 GB"; did you mean "upto"?',
    ),
    (
        {"prices.traffic.out": {**OUT, "tiers": [{}]}},
        'prices.traffic.out.tiers.0.price: is missing; write price = "0.09 USD/GB"',
    ),
]


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for path, value in changes.items():
        table = document
        *above, key = path.split(".")
        for name in above:
            table = table.setdefault(name, {})
        if value is None:
            del table[key]
        else:
            table[key] = value
    return document


def reported(document: dict[str, Any]) -> list[str]:
    """The lines that loading the document shows."""
    with pytest.raises(InputErrors) as caught:
        Scenario.from_document(document, "small.toml")
    return str(caught.value).split("\n")


@pytest.mark.parametrize(("changes", "line"), ONE_FAULT, ids=[line.split(";")[0] for _, line in ONE_FAULT])
def test_one_fault_is_one_exact_line(document: dict[str, Any], changes: dict[str, Any], line: str) -> None:
    """A scenario with one fault shows that fault alone: place, problem, value and remedy."""
    assert reported(changed(document, changes)) == [f"small.toml: {line}"]


def test_three_mistakes_are_reported_together_in_the_files_order(document: dict[str, Any]) -> None:
    """A mistyped key, a figure without unit and an unknown site are all reported, in the order of the file."""
    changes = {"central.site": "wax", "nodes.n.workrs": 4, "images.http.rootfs": 1}
    assert reported(changed(document, changes)) == [
        'small.toml: central.site: unknown site, got "wax"; did you mean "was"?',
        'small.toml: nodes.n.workrs: unknown key, got 4; did you mean "workers"?',
        'small.toml: images.http.rootfs: a size needs its unit, got 1; write a size such as "36 MiB"',
    ]


def test_a_fault_hides_only_what_follows_from_it(document: dict[str, Any]) -> None:
    """A spoilt count is reported once: the hosts it would have made are not reported missing as well."""
    changes = {"nodes.n.count": "twenty", "demand.nodes": 5, "links.n7": {"capacity": "1 Gbit/s"}}
    assert reported(changed(document, changes)) == [
        'small.toml: nodes.n.count: must be a whole number, got "twenty"; write a whole number such as 20'
    ]


def test_variants_do_not_repeat_the_faults_of_their_base(document: dict[str, Any]) -> None:
    """A fault that every variant inherits is reported once."""
    assert reported(changed(document, {"run.runs": 0})) == [
        "small.toml: run.runs: must be at least 1, got 0; write a whole number such as 20"
    ]


def test_faults_in_a_mix_of_rules_name_the_rule(document: dict[str, Any]) -> None:
    """Every rule of a mix is looked at, and its place in the list is part of the path."""
    mix = [{"name": "centrl"}, {"name": "both"}, {"name": "direct-below", "size": "1 s"}]
    assert reported(changed(document, {"policies.route": mix})) == [
        'small.toml: policies.route.0.name: unknown choice, got "centrl"; did you mean "central"?',
        'small.toml: policies.route.2.size: must be a size, got "1 s", which is a time; write a size such as "36 MiB"',
    ]
