"""What is valid and may still be the wrong question: each kind on a scenario small enough to see it in the head."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.scenario import Scenario

_FOLDER = Path(__file__).parents[3] / "scenarios"
SHIPPED = sorted((*_FOLDER.glob("*.toml"), *(_FOLDER / "published").glob("*.toml")))

#: Two nodes and a client on a star; nothing in it is doubtful.
SMALL: Mapping[str, Any] = {
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 2}},
    "clients": {"dev": {}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}},
}


def reported(overrides: Mapping[str, Any] | None = None, variants: Mapping[str, Any] | None = None) -> list[str]:
    """The line of each warning about the small scenario, changed, with variants if any."""
    document = {**SMALL, "variants": dict(variants or {})}
    return [str(warning) for warning in Scenario.from_document(document, "small.toml", overrides).warnings]


def warned(overrides: Mapping[str, Any] | None = None, variants: Mapping[str, Any] | None = None) -> list[str]:
    """`CODE at WHERE` of each warning about the small scenario, changed, with variants if any."""
    document = {**SMALL, "variants": dict(variants or {})}
    scenario = Scenario.from_document(document, "small.toml", overrides)
    return [f"{warning.code} at {warning.where}" for warning in scenario.warnings]


def test_nothing_is_doubtful_in_a_plain_question() -> None:
    """A plain scenario, and one that compares two routes, have no warnings."""
    assert warned() == []
    assert warned(variants={"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}}) == []


def test_shares_are_off_where_round_trips_are_long_or_queues_short() -> None:
    """Two hosts 25 ms from the hub are 100 ms there and back from each other: even shares are off, and windows where
    queues are below 25 ms. A scenario that does not say how long queues are has no windows to choose."""
    far = {"clients.dev.rtt": "50 ms", "central.rtt": "50 ms", "nodes.n.rtt": "50 ms"}
    queue = {**far, "tcp.queue": "60 ms"}
    assert warned(far) == []
    assert [line for line in warned(queue) if "shares-off" in line] == ["shares-off at small.toml: tcp.shares"]
    assert warned({**queue, "tcp.shares": "windows"}) == []
    short = {**far, "tcp.queue": "20 ms", "tcp.shares": "windows"}
    assert warned(short) == ["shares-off at small.toml: tcp.queue"]
    assert "100 ms" in reported(short)[0]


def test_a_rom_has_no_kernel() -> None:
    """An image that is called a ROM and has a kernel is none; a `prom` or a ROM without a kernel is all right."""
    kernel = {"kernel": "10 MB", "rootfs": "1 MB"}
    assert warned({"images": {"web-rom": kernel, "prom": kernel, "rom": {"rootfs": "1 MB"}}}) == [
        "rom-with-kernel at small.toml: images.web-rom.kernel"
    ]


def test_variants_that_ask_the_same() -> None:
    """A variant that resolves to the same question as one before it is reported, by its name."""
    variants = {"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}, "c": {}}
    assert reported(variants=variants) == ["small.toml: variants.c: asks the same as variant a"]


def test_variants_that_differ_in_keys_without_effect() -> None:
    """With one node a deploy two fan-outs ask the same, and the key that shows them apart is named; not with two."""
    variants = {name: {"policies.route": "node-direct", "policies.fanout": name} for name in ("peer", "push-each")}
    assert reported(variants=variants)[-1] == (
        "small.toml: variants.push-each: asks the same as variant peer but for policies.fanout, without effect"
    )
    assert warned({"demand.nodes": 2}, variants) == []


def test_a_key_without_effect_is_reported_where_it_is_chosen() -> None:
    """A fan-out is for nothing where each deploy starts on one node; the default, written out, asks for nothing."""
    direct = {"policies.route": "node-direct"}
    assert reported(direct | {"policies.fanout": "peer"}) == [
        "small.toml: policies.fanout: has no effect: each deploy starts on one node, the one that was pushed to"
    ]
    assert reported(direct | {"policies.fanout": "sync-then-pull"}) == []
    assert reported(direct | {"policies.fanout": "peer", "demand.nodes": 2}) == []


def test_a_key_with_effect_in_one_variant_is_not_for_nothing() -> None:
    """What the file has for its node-direct variant is no doubt in its central one; what that writes itself is."""
    variants: dict[str, Any] = {"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}}
    shared = {"policies.fanout": "peer", "demand.nodes": 2}
    assert reported(shared, variants) == []
    variants["a"] |= shared
    variants["b"] |= shared
    assert reported(None, variants) == [
        "small.toml: variant a: policies.fanout: has no effect: every push goes to central"
    ]


def test_keys_that_need_another_are_reported_with_it() -> None:
    """An eviction rule without storage, garbage keys without `every`, a backoff where nothing breaks."""
    direct = {"policies.route": "node-direct"}
    assert reported(direct | {"policies.eviction": "lfu"}) == [
        "small.toml: policies.eviction: has no effect: no registry has a storage that could be full"
    ]
    assert reported({"policies.garbage.pause": "1 min"}) == [
        "small.toml: policies.garbage.pause: has no effect: policies.garbage.every is not given"
    ]
    assert reported(direct | {"policies.sync.backoff": "9 s"}) == [
        "small.toml: policies.sync.backoff: has no effect: no copy can break: nothing fails and no registry is limited"
    ]
    assert reported({"policies.sync.workers": 3}) == [
        "small.toml: policies.sync.workers: has no effect: no registry copies from another"
    ]


def test_a_fault_reads_the_keys_of_its_kind() -> None:
    """A link that is down keeps nothing of its capacity, whatever `to` says."""
    fault = {"kind": "link-down", "target": "hub-central", "at": "1 h", "to": 0.5}
    assert reported({"faults.cut": fault}) == [
        "small.toml: faults.cut.to: has no effect: a fault of kind link-down does not read it"
    ]
    assert reported({"faults.cut": {**fault, "kind": "link-degraded"}}) == []


def test_policies_of_a_replay() -> None:
    """Two routes under a replay ask the same: its pushes go where the log says."""
    replay = {"demand.replay.log": "access.log"}
    variants = {"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}}
    assert reported(replay, variants) == [
        "small.toml: variant b: policies.route: has no effect: "
        "a replay pushes to central and pulls from there as its log says",
        "small.toml: variants.b: asks the same as variant a but for policies.route, without effect",
    ]
    assert reported(replay | {"demand.rate": "9/h"}) == [
        "small.toml: demand.rate: has no effect: demand is what the log has"
    ]


@pytest.mark.parametrize(
    ("sync", "at", "begins"),
    [
        ({"delay": "61 s"}, "delay", "61 s"),
        ({"to_central": {"name": "poll", "every": "2 h"}}, "to_central", "2 h"),
        ({"to_central": {"name": "poll", "every": "2 min"}}, "to_central", "2 min"),
        ({"to_central": {"name": "window", "opens": "1 h", "lasts": "1 h"}}, "to_central", "23 h"),
    ],
)
def test_a_delay_beyond_patience(sync: dict[str, Any], at: str, begins: str) -> None:
    """The second node waits 60 s for the image to be at central; a copy that begins later than that is too late."""
    direct = {"policies.route": "node-direct", "demand.nodes": 2, "policies.sync": sync}
    assert reported(direct) == [
        f"small.toml: policies.sync.{at}: starts wait 1 min (policies.patience) for their image to be at central, "
        f"but a copy begins up to {begins} after its publish; those that wait longer fail"
    ]
    assert warned(direct | {"policies.patience": "1 d"}) == []
    assert warned(direct | {"policies.fanout": "push-each"}) == []  # nobody waits


def test_nothing_brings_what_starts_wait_for() -> None:
    """Where central is never sent anything the second node waits in vain; with a lazy sync it has but to ask."""
    direct = {"policies.route": "node-direct", "demand.nodes": 2, "policies.sync.to_central": "never"}
    assert warned(direct) == ["beyond-patience at small.toml: policies.sync.to_central"]
    assert warned(direct | {"policies.sync.to_central": "lazy"}) == []
    polls = {"policies.create": "poll", "policies.sync.to_nodes": {"name": "poll", "every": "2 min"}}
    assert warned(polls) == ["beyond-patience at small.toml: policies.sync.to_nodes"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("images.app.rootfs", "100 Mb", '"100 Mb" is 12.5 MB; b is bits, write MB for bytes'),
        ("images.app.rootfs", "8 kbit", '"8 kbit" is 1 kB; bit is bits, write kB for bytes'),
        ("prices.disk_month", "0.5 USD/Gb", '"0.5 USD/Gb" is 4 USD/GB; b is bits, write GB for bytes'),
    ],
)
def test_sizes_in_bits(key: str, value: str, words: str) -> None:
    """A size in bits is an eighth of what most people mean; what was read is said."""
    assert reported({key: value}) == [f"small.toml: {key}: {words}"]


def test_rates_in_bits_or_bytes_are_no_slip() -> None:
    """Links carry bits and disks bytes a second; both are written, and so is a size in bytes."""
    assert warned({"central.capacity": "1 Gbit/s", "central.disk": "0.2 GB/s", "images.app.rootfs": "1 MB"}) == []


def test_times_after_the_end() -> None:
    """A fault that begins when demand has stopped, and a warm-up that is never over."""
    late = {"run.duration": "1 h", "faults.cut": {"kind": "link-down", "target": "hub-central", "at": "1 h"}}
    assert warned(late) == ["late-fault at small.toml: faults.cut.at"]
    assert warned({"run.duration": "1 h", "run.warm_up": "1 h"}) == ["all-warm-up at small.toml: run.warm_up"]


#: Sites in a row, a node and a client at `a`, central at `b`; `c` lies beyond.
ROW: Mapping[str, Any] = {
    "sites": {"a": {}, "b": {}, "c": {}},
    "links": {
        "ab": {"between": ["a", "b"], "capacity": "1 Gbit/s", "rtt": "10 ms"},
        "bc": {"between": ["b", "c"], "capacity": "1 Gbit/s", "rtt": "10 ms"},
    },
    "central": {"site": "b"},
    "nodes": {"n": {"site": "a"}},
    "clients": {"dev": {"site": "a"}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}},
}


def row(overrides: Mapping[str, Any]) -> list[str]:
    """The warnings of the row, changed."""
    return [str(each) for each in Scenario.from_document(ROW, "row.toml", overrides).warnings]


def test_a_site_that_no_deploy_passes() -> None:
    """Nothing stands at `c`, and no route leads over it; with central there `b` is passed, though empty."""
    assert row({}) == [
        "row.toml: sites.c: no deploy passes it: nothing stands there, and no route that is used leads over it"
    ]
    assert row({"central.site": "c"}) == []


def test_nodes_that_no_deploy_reaches() -> None:
    """Nodes at `c` are for nothing unless a client that asks for something deploys there, or `a` has too few nodes."""
    there = {"nodes.m.site": "c"}
    unreached = "row.toml: nodes.m: no deploy starts there: no client that asks for any deploys to c"
    assert row(there) == [unreached]
    assert row(there | {"clients.ops.site": "c"}) == []
    assert row(there | {"clients.ops.site": "c", "clients.ops.share": 0}) == [unreached]
    assert row(there | {"clients.ops.site": "a", "clients.ops.metro": "c"}) == []
    assert row(there | {"demand.nodes": 2}) == []
    assert row(there | {"policies.sync.to_nodes": "on-push", "policies.sync.targets": "all"}) == []


def test_a_client_without_nodes_near() -> None:
    """A client at `c`, which has no node, deploys to nodes of all sites; no doubt where one site has all nodes."""
    assert row({"clients.ops.site": "c"}) == []
    assert row({"clients.ops.site": "c", "nodes.m.site": "b", "clients.qa.site": "b"}) == [
        "row.toml: clients.ops: there is no node at c, so its apps start on nodes of all sites"
    ]


def test_links_that_carry_nothing() -> None:
    """Of two links between the same ends the faster carries all; a price on what no route crosses costs nothing."""
    apart = {"sites.c": {}, "central.site": "c"}
    beside = {"links.slow": {"between": ["b", "a"], "capacity": "1 Gbit/s", "rtt": "20 ms"}}
    assert row(apart | beside) == [
        "row.toml: links.slow: carries nothing beside ab, which joins the same ends: "
        "no route that is used crosses it; routes are those of least delay"
    ]
    around = {"links.ac": {"between": ["a", "c"], "capacity": "1 Gbit/s", "rtt": "50 ms", "price": "0.1 USD/GB"}}
    assert [line.split(": ")[1:3] for line in row(apart | around)] == [["links.ac.price", "carries nothing"]]


@pytest.mark.parametrize("kind", ["link-down", "link-degraded", "swizzle"])
def test_a_link_that_takes_the_place_of_a_broken_one_is_not_there_for_nothing(kind: str) -> None:
    """No route crosses the link from a to c, but for the time in which that from a to b is broken."""
    around = {"sites.c": {}, "central.site": "c"} | {
        "links.ac": {"between": ["a", "c"], "capacity": "1 Gbit/s", "rtt": "50 ms", "price": "0.1 USD/GB"}
    }
    assert row(around | {"faults.f": {"kind": kind, "target": "ab", "at": "1 min", "lasts": "1 min", "to": 0}}) == []


def test_a_link_that_is_changed_for_nothing() -> None:
    """Whoever sets a link's rate, for all or in a variant, hears that no route crosses it."""
    around = {**ROW, "central": {"site": "c"}, "links": {**ROW["links"], "ac": {**ROW["links"]["ab"], "rtt": "50 ms"}}}
    around["links"]["ac"]["between"] = ["a", "c"]
    why = "carries nothing: no route that is used crosses it; routes are those of least delay"

    def lines(overrides: Mapping[str, Any], variants: Mapping[str, Any]) -> list[str]:
        document = {**around, "variants": variants}
        return [str(each) for each in Scenario.from_document(document, "row.toml", overrides).warnings]

    assert lines({}, {}) == []
    assert lines({"links.ac.capacity": "2 Gbit/s"}, {}) == [f"row.toml: links.ac: {why}"]
    assert lines({"links.ab.capacity": "2 Gbit/s"}, {}) == []
    wide = {"thin": {}, "wide": {"links.ac.capacity": "2 Gbit/s"}}
    assert lines({}, wide) == [f"row.toml: variant wide: links.ac: {why}"]


#: Warnings about scenarios that ship, and why they are left as they are.
ABOUT_SHIPPED = {
    # Two platforms of ten are known by the same figures: nodes that pull when an instance starts.
    "systems.toml": ["variants.zot-on-demand: asks the same as variant unikraft-lazy-pull"],
}


@pytest.mark.parametrize("path", SHIPPED, ids=[path.name for path in SHIPPED])
def test_scenarios_that_ship_are_without_doubt(path: Path) -> None:
    """What ships asks what it means to ask, but for what is listed with its reason."""
    lines = [str(each).removeprefix(f"{path}: ") for each in sim.load(path).warnings]
    assert lines == ABOUT_SHIPPED.get(path.name, [])


def test_a_doubt_of_all_variants_is_reported_once() -> None:
    """What the file has is reported without a variant, what one variant has is reported with its name."""
    rom = {"images.rom.kernel": "1 MB", "images.rom.rootfs": "1 MB"}
    variants: dict[str, Any] = {"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}}
    assert warned(rom, variants) == ["rom-with-kernel at small.toml: images.rom.kernel"]
    variants["b"] |= rom
    assert warned(None, variants) == ["rom-with-kernel at small.toml: variant b: images.rom.kernel"]


def test_an_override_that_every_variant_overrules() -> None:
    """A route set over two variants that each write their own counts for none of them; for one of them it counts."""
    two = {"a": {"policies": {"route": "central"}}, "b": {"policies.route": "node-direct"}}
    set_ = {"policies.route": "both", "demand.rate": "9000/day"}
    assert reported(set_, two) == [
        "small.toml: policies.route: is set, but each variant writes it itself and none has it; "
        "set variants.NAME.policies.route"
    ]
    assert warned(set_, {**two, "b": {"demand.nodes": 2}}) == []
    assert warned({"variants.a.policies.route": "both"}, two) == []
    changed = Scenario.from_document({**SMALL, "variants": two}).with_(set_)
    assert [each.code for each in changed.warnings] == ["overruled"]
    assert changed.variant("a").warnings == ()


def test_a_stream_that_never_comes_in_the_run_is_reported() -> None:
    """A day from Sunday on has no work day, 25 hours have an hour of one; 02:00 has passed, but not further west."""
    sunday = {"demand.weekdays": "Mon-Fri", "run.start": "Sun 00:00"}
    assert reported(sunday) == [
        "small.toml: demand: never comes: by its hours and days none is within 1 d from run.start, Sun 00:00, on"
    ]
    assert reported(sunday | {"demand.outside": 0.1}) == []
    assert reported(sunday | {"run.duration": "25 h"}) == []
    late = {"demand.streams.nightly": {"at": "02:00"}, "run.start": "Mon 03:00", "run.duration": "12 h"}
    assert warned(late) == ["never-comes at small.toml: demand.streams.nightly"]
    sites = {"topology.shape": "metros", "sites.here": {"timezone": "-02:00"}, "central.site": "here"}
    placed = {"nodes.n.site": "here", "clients.dev.site": "here"}
    assert warned(late | sites | placed) == []


def test_scale_outs_beyond_the_nodes_there_are_are_reported() -> None:
    """Of two nodes an app has one, so of two more instances one starts where the image is."""
    more = {"demand.streams.apps": {}, "demand.streams.more": {"kind": "starts", "of": "apps", "nodes": 2}}
    assert reported(more) == [
        "small.toml: demand.streams.more.nodes: starts on 2 more nodes, but beside those of an app there are 1; "
        "others have it"
    ]
    assert reported(more | {"demand.streams.more.nodes": 1}) == []


def test_lines_and_links_that_one_image_keeps_busy_for_years(tmp_path: Path) -> None:
    """11 MB are 88 million bits: at 1 bit/s 2.8 years, on a line or on a link; a table may list an image of 1 GB."""
    slow = {"clients.dev.up": "1 bit/s", "demand.rate": "1/day", "run.duration": "1 d"}
    years = "is so slow that the deploys' images keep it busy for up to about 2.8 years, all simulated"
    assert reported(slow) == [f"small.toml: clients.dev.up: {years}"]
    link = {"links.ab.capacity": "1 bit/s"}
    assert "row.toml: links.ab.capacity: is so slow that one image keeps it busy for about" in " ".join(row(link))
    table = tmp_path / "deploys.csv"
    table.write_text("time,client,app,image,rootfs\n0,dev,a,app,1 GB\n")
    listed = {"demand.table": str(table), "clients.dev.up": "100 bit/s"}
    assert [line for line in reported(listed) if "2.5 years" in line]  # 8e9 bits at 100 bit/s
