"""Each kind of source as its system writes it, with numbers that a reader checks in the head."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.imports.found import Blob, Found, Pictured
from sim.calibrate.imports.kinds import kinds_of
from sim.calibrate.imports.prometheus import Histogram, prometheus
from sim.calibrate.imports.sources import imported, source
from sim.calibrate.probes.estimate import Estimate, Evidence
from sim.errors import InputError

DATA = Path(__file__).parents[2] / "data/import"
MB = 1_000_000


def of(*names: str) -> dict[str, Any]:
    """The scenario from these files, as TOML reads it."""
    return tomllib.loads(imported([str(DATA / name) for name in names]).text)


def values(table: dict[str, Any]) -> dict[str, Any]:
    """A table's keys and values, without what they rest on."""
    return {key: each["value"] if isinstance(each, dict) and "value" in each else each for key, each in table.items()}


def estimate(found: Found, name: str) -> Estimate:
    return next(each for each in found.evidence.estimates if each.name.startswith(name))


def triple(found: Found, name: str) -> tuple[float, float, float, int]:
    one = estimate(found, name)
    return one.low, one.value, one.high, one.n


def test_a_cluster_shows_zones_nodes_images_and_pulls() -> None:
    """Two zones with two nodes and one, the control plane apart; 3 containers of shop and 2 of nginx; two owners."""
    made = of("cluster.json")
    assert list(made["sites"]) == ["eu-west-1a", "eu-west-1b"]
    assert {name: values(group)["count"] for name, group in made["nodes"].items()} == {"eu-west-1a": 2, "eu-west-1b": 1}
    shop, nginx = made["images"]["registry.example/team/shop:4.2"], made["images"]["docker.io/library/nginx:1.27"]
    assert (values(shop)["share"], values(shop)["rootfs"]) == (3, "120 MB")
    assert (values(nginx)["share"], nginx["rootfs"]["range"]) == (2, ["72 MB", "74 MB"])
    assert values(made["demand"])["apps"] == 2
    found = source(str(DATA / "cluster.json"))
    assert triple(found, "pull") == (2, 4, 6, 3)
    assert triple(found, "wait") == (0, 0, 1.5, 3)
    # 120 MB in 6 s, 120 MB in 4 s, 74 MB in 2 s
    assert triple(found, "image's size over") == (20 * MB, 30 * MB, 37 * MB, 3)
    assert (estimate(found, "starts").value, estimate(found, "starts").n) == (0.25, 4)
    # Three pulls in the hour of the events: what bounds the deploys is said to be an assumption.
    assert made["demand"]["rate"]["assumption"] is True
    assert estimate(found, "pulls").value * 3600 == pytest.approx(3)


def test_an_oci_layout_shows_what_images_share() -> None:
    """Two versions share 30 and 10 MB and have 2 and 3 MB of their own; the tool shares nothing and is one platform."""
    images = of("layout")["images"]
    shop, tool = images["registry.example/team/shop:4.2"], images["docker.io/library/tool:1"]
    assert (values(shop)["kernel"], values(shop)["rootfs"], shop["rootfs"]["range"]) == (
        "40 MB",
        "2 MB",
        ["2 MB", "3 MB"],
    )
    assert shop["sizes"]["list"] == ["2 MB", "3 MB"]
    assert (values(tool)["rootfs"], "kernel" in tool) == ("5 MB", False)
    assert any("other platforms weigh: 1 manifest" in words for words in source(str(DATA / "layout")).evidence.open)


def test_a_cluster_takes_layers_from_a_layout_beside_it() -> None:
    """One image of both has its layers from the layout and its share from the pods; what no pod runs is left out."""
    images = of("cluster.json", "layout")["images"]
    assert set(images) == {"registry.example/team/shop:4.2", "docker.io/library/nginx:1.27"}
    # Alone of its kind: the version beside it runs nowhere.
    assert values(images["registry.example/team/shop:4.2"])["rootfs"] == "42 MB"
    assert values(images["registry.example/team/shop:4.2"])["share"] == 3


def test_single_manifests_and_what_skopeo_inspects() -> None:
    """A manifest is called as its file, and has 30 + 10 + 2 MB; skopeo tells the name itself."""
    images = of("manifest.json", "inspect.json")["images"]
    assert values(images["docker.io/library/manifest:latest"])["rootfs"] == "42 MB"
    assert values(images["docker.io/library/redis:latest"])["rootfs"] == "28 MB"


def test_an_index_names_the_manifests_beside_it(tmp_path: Path) -> None:
    """A manifest's digest is of its bytes, by which an index calls it."""
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "digest": source(str(DATA / "manifest.json")).images[0].digest,
                "size": 970,
                "annotations": {"org.opencontainers.image.ref.name": "reg.example/shop:9"},
            }
        ],
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    made = imported([str(tmp_path / "index.json"), str(DATA / "manifest.json")])
    assert list(tomllib.loads(made.text)["images"]) == ["reg.example/shop:9"]


def test_a_registrys_histograms_show_requests_and_pushes() -> None:
    """100 GETs in 0.7 s and 20 PUTs in 0.14 s, all from 5 to 10 ms: a mean of 7 ms; 20 manifests put in an hour."""
    made = of("registry-metrics.json")
    request = made["central"]["request_time"]
    # 5 % and 95 % of the way from 5 to 10 ms
    assert (request["value"], request["range"]) == ("7 ms", ["5.25 ms", "9.75 ms"])
    found = source(str(DATA / "registry-metrics.json"))
    assert estimate(found, "pushes").value * 3600 == pytest.approx(20)
    assert estimate(found, "request that answers with a blob").value == pytest.approx(75 / 50)


def test_kubelets_histograms_show_pulls_by_size() -> None:
    """Eight pulls within 1 to 5 s: the median is half the way, 3 s; ten larger ones within 10 to 20 s."""
    found = source(str(DATA / "kubelet-metrics.json"))
    assert triple(found, "pull of images of 10MB-100MB") == (pytest.approx(1.2), 3, pytest.approx(4.8), 8)
    assert triple(found, "pull of images of 100MB-500MB") == (pytest.approx(10.5), 15, pytest.approx(19.5), 10)


def test_a_counter_that_falls_began_anew() -> None:
    """From 5 to 9 are 4; then the process restarts and counts 3: 7 in all. One sample alone is all since the start."""
    for values_, grown in (
        ([[0, "5"], [60, "9"], [120, "3"]], 7),
        ([[0, "5"]], 5),
        ([[0, "5"], [60, "NaN"], [90, "6"]], 1),
    ):
        series = [
            {
                "metric": {
                    "__name__": "kubelet_image_pull_duration_seconds_bucket",
                    "image_size_in_bytes": "x",
                    "le": le,
                },
                "values": values_,
            }
            for le in ("1", "+Inf")
        ]
        from_series = prometheus("metrics.json", {"data": {"resultType": "matrix", "result": series}})
        assert from_series.evidence.estimates[0].n == grown


def test_a_quantile_lies_on_a_straight_line_within_its_bucket() -> None:
    """Of ten samples from 2 to 4 the median is 3; beyond the last bound it is that bound, as in Prometheus."""
    histogram = Histogram({2.0: 0.0, 4.0: 10.0, float("inf"): 10.0})
    assert histogram.quantile_s(50) == 3
    assert Histogram({2.0: 0.0, float("inf"): 10.0}).quantile_s(50) == 2
    assert Histogram({}).quantile_s(50) is None


def test_containerds_spans_show_pulls_requests_and_layers() -> None:
    """Pulls of 6 and 4 s; manifests in 50 and 40 ms; layers with their sizes, by which the two versions share 40 MB."""
    found = source(str(DATA / "containerd-spans.json"))
    assert triple(found, "pull") == (4, 4, 6, 2)
    assert triple(found, "request for a manifest") == (pytest.approx(0.04), pytest.approx(0.04), pytest.approx(0.05), 4)
    assert triple(found, "unpacking") == (1, 1, 3, 6)
    assert any("1 span that failed" in words for words in found.evidence.open)
    shop = of("containerd-spans.json")["images"]["registry.example/team/shop:4.2"]
    assert (values(shop)["kernel"], shop["sizes"]["list"]) == ("40 MB", ["2 MB", "3 MB"])


def test_inventories_show_sites_nodes_and_links() -> None:
    """Four nodes of 10 and two of 25 Gbit/s have a median of 10; a decimal comma and units in headings are read."""
    made = of("nodes.csv", "links.csv")
    assert values(made["central"])["site"] == "Frankfurt"
    assert {name: values(group)["count"] for name, group in made["nodes"].items()} == {
        "Frankfurt": 6, "Stockholm": 3, "Singapore": 1,
    }  # fmt: skip
    assert made["nodes"]["Frankfurt"]["capacity"]["range"] == ["10 Gbit/s", "25 Gbit/s"]
    assert values(made["nodes"]["Frankfurt"])["capacity"] == "10 Gbit/s"
    assert values(made["links"]["Frankfurt-Singapore"]) == {
        "between": ["Frankfurt", "Singapore"], "rtt": "165.5 ms", "capacity": "10 Gbit/s",
    }  # fmt: skip
    assert made["topology"]["shape"] == "metros"


def test_sites_that_no_link_joins_get_one_that_is_assumed(tmp_path: Path) -> None:
    """Of three sites, two joined by a listed link, the third is joined to central's by an assumed one, and said."""
    nodes, links = tmp_path / "nodes.csv", tmp_path / "links.csv"
    nodes.write_text("site,count\na,3\nb,1\nc,1\n")
    links.write_text("from,to,delay_ms,capacity_mbps\na,b,5,100\n")
    made = imported([str(nodes), str(links)])
    table = tomllib.loads(made.text)["links"]
    assert values(table["a-b"]) == {"between": ["a", "b"], "rtt": "10 ms", "capacity": "100 Mbit/s"}
    assert table["a-c"]["rtt"]["assumption"] is True
    assert "what joins 1 site to a: links that are assumed" in made.draft.open


def test_what_calibrate_reads_stands_beside_it(tmp_path: Path) -> None:
    """A ping's round trip is that of the clients, in the place of the assumed one."""
    replies = "".join(f"64 bytes from 10.0.0.1: icmp_seq={n} ttl=64 time={20 + n} ms\n" for n in range(1, 6))
    (tmp_path / "ping.txt").write_text(f"PING a (10.0.0.1) 56(84) bytes of data.\n{replies}")
    made = imported([str(DATA / "layout"), str(tmp_path / "ping.txt")])
    rtt = tomllib.loads(made.text)["clients"]["dev"]["rtt"]
    assert (rtt["value"], "assumption" in rtt) == ("23 ms", False)


def test_kinds_are_images_that_share_the_same_layers() -> None:
    """a and b share x; c and d share x and y; e is alone: three kinds, and x is said to be of two."""

    def image(name: str, **sizes: int) -> Pictured:
        return Pictured(name, tuple(Blob(f"sha256:{key}", size) for key, size in sizes.items()))

    pictured = (
        image("a", x=10, a=1), image("b", x=10, b=2), image("c", x=10, y=5, c=3), image("d", x=10, y=5, d=4),
        image("e", e=7),
    )  # fmt: skip
    kinds = kinds_of([Found(Evidence("f", "test", (), ()), "", images=pictured)])
    assert sorted((kind.kernel_bytes, kind.rootfs_bytes) for kind in kinds.kinds) == [
        (0, (7,)), (10, (1, 2)), (15, (3, 4)),
    ]  # fmt: skip
    assert kinds.open == ("what kinds share: 1 layer (10 B) of several kinds, which each has for itself",)


def test_an_image_whose_layers_are_all_others_too_keeps_its_topmost() -> None:
    """a is the base of b: of a its one layer counts as its own, of b what it adds."""
    base, more = Blob("sha256:x", 10), Blob("sha256:y", 5)
    pictured = (Pictured("a", (base,)), Pictured("b", (base, more)))
    kinds = kinds_of([Found(Evidence("f", "test", (), ()), "", images=pictured)])
    assert [(kind.kernel_bytes, kind.rootfs_bytes) for kind in kinds.kinds] == [(0, (10, 15))]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.json", '{"a": 1}', "is JSON of no known kind (a); give kubectl"),
        ("a.json", "[" * 100_000, "is nested too deeply"),
        ("a.json", '{"kind": "Node", ', "is no JSON"),
        ("a.json", '{"kind": "List", "items": []}', "is JSON of no known kind"),
        (
            "a.json",
            '{"status": "error", "error": "bad\\n\\u001b[31m", "data": {"resultType": "x"}}',
            "is an error: bad\\n\\x1b",
        ),
        (
            "a.json",
            '{"data": {"resultType": "matrix", "result": [{"metric": {}, "values": []}]}}',
            "series without a name",
        ),
        ("a.json", '{"schemaVersion": 1, "fsLayers": []}', "is of schema 1"),
        (
            "a.json",
            '{"schemaVersion": 2, "layers": [{"digest": "x", "size": 1}]}',
            'a layer whose digest is none, got "x"',
        ),
        ("a.json", '{"resourceSpans": []}', "has no pull, layer or request of containerd's among 0 spans"),
        ("a.json", '{"kind": "Node", "status": {"images": [{"sizeBytes": -1}]}}', "sizeBytes must be bytes from 0 to"),
        ("a.csv", "site,count\nx,0\n", "a.csv:2: count: must be at least 1, got 0"),
        (
            "a.csv",
            "site,capacity\nx,100\n",
            'a.csv:2: capacity: a rate needs its unit, got "100"; write "10 Gbit/s" or 10G',
        ),
        ("a.csv", "site,latitude,longitude\nx,91,0\n", "a.csv:2: latitude: must be at most 90"),
        ("a.csv", "from,to,rtt\nx,x,1 ms\n", 'a.csv:2: joins "x" with itself'),
        ("a.csv", "site,count\n,1\n", "a.csv:2: names no site"),
        ("a.csv", "from,to\n", "has a heading and no rows"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, name: str, text: str, line: str) -> None:
    """Each fault names the file, where it can the line and the column, and what to do."""
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        imported([str(tmp_path / name)])
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_layout_leads_nowhere_else(tmp_path: Path) -> None:
    """A digest that is a path is no digest, so that no file outside the layout is read."""
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:../../../etc/passwd"}]}))
    with pytest.raises(InputError, match="a manifest whose digest is none"):
        imported([str(tmp_path)])
