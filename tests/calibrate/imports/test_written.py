"""Whatever sources are called and hold, what is written is a scenario that `check` passes, or a line says why not."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.calibrate.imports.sources import imported
from sim.errors import InputError

DATA = Path(__file__).parents[2] / "data/import"
Ask = Callable[..., Any]
#: Text that must not reach a file unescaped: quotes, controls, halves of characters, other scripts, TOML's own marks.
HOSTILE = st.text(st.sampled_from([*"aB9-_./:@#]é $'\"\\\n\x00\x1b\u2028\ud800\U0001f600"]), max_size=12)
NAMES = st.one_of(HOSTILE, st.sampled_from(["central", "nginx", "a/b:1", "eu-1", "eu_1", "hub", "dev", "node"]))
SIZES = st.integers(0, 1 << 50)
TIMES = st.sampled_from(["2025-03-04T09:00:00Z", "2025-03-04T09:01:00Z"])
DIGESTS = st.sampled_from([f"sha256:{digit * 64}" for digit in "abcdef0123"])


@st.composite
def clusters(draw: Any) -> str:
    """Nodes, pods and events with names and sizes of any kind."""
    images = draw(st.lists(st.tuples(NAMES, SIZES), max_size=6))
    nodes = [
        {
            "kind": "Node",
            "metadata": {"labels": {"topology.kubernetes.io/zone": zone, "topology.kubernetes.io/region": region}},
            "status": {"images": [{"names": [name], "sizeBytes": size} for name, size in images]},
        }
        for zone, region in draw(st.lists(st.tuples(NAMES, NAMES), max_size=15))
    ]
    pods = [
        {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [{"image": name}]}}
        for name in draw(st.lists(st.one_of(NAMES, st.sampled_from([name for name, _ in images] or [""])), max_size=4))
    ]
    words = 'Successfully pulled image "{}" in {}s. Image size: {} bytes.'
    events = [
        {"kind": "Event", "reason": "Pulled", "message": words.format(name, taken, size), "lastTimestamp": at}
        for name, taken, size, at in draw(st.lists(st.tuples(NAMES, st.integers(0, 10**9), SIZES, TIMES), max_size=4))
    ]
    return json.dumps({"kind": "List", "items": [*nodes, *pods, *events]})


@st.composite
def manifests(draw: Any) -> str:
    """What `docker manifest inspect -v` lists, with layers that images share by chance."""
    layers = st.lists(DIGESTS, max_size=4)
    return json.dumps(
        [
            {
                "Ref": draw(NAMES),
                "Descriptor": {"digest": f"sha256:{n:064x}", "size": draw(SIZES)},
                "OCIManifest": {
                    "config": {"size": draw(SIZES)},
                    "layers": [{"digest": each, "size": 10 ** int(each[-1], 16)} for each in draw(layers)],
                },
            }
            for n in range(draw(st.integers(1, 5)))
        ]
    )


@st.composite
def links(draw: Any) -> str:
    """Links between places of any name, quoted as CSV wants it."""
    ends = st.tuples(NAMES.filter(str.strip), NAMES.filter(str.strip)).filter(lambda pair: pair[0] != pair[1])
    figures = st.tuples(st.integers(0, 10**6), st.integers(1, 10**6))
    rows = draw(st.lists(st.tuples(ends, figures), min_size=1, max_size=8))
    quoted = [
        f'"{a.replace(chr(34), chr(34) * 2)}","{b.replace(chr(34), chr(34) * 2)}",{rtt},{rate}'
        for (a, b), (rtt, rate) in rows
    ]
    return "from,to,rtt_ms,capacity_mbps\n" + "\n".join(quoted)


@st.composite
def metrics(draw: Any) -> str:
    """A histogram with samples of any size, that may fall."""
    samples = st.lists(st.floats(0, 1e12), min_size=1, max_size=3)
    series = [
        {
            "metric": {
                "__name__": f"registry_http_request_duration_seconds_{part}",
                "handler": "manifest", "method": draw(st.sampled_from(["get", "put"])), "le": bound,
            },
            "values": [[60 * n, str(value)] for n, value in enumerate(draw(samples))],
        }
        for part, bound in (("bucket", "0.1"), ("bucket", "1"), ("bucket", "+Inf"), ("sum", ""), ("count", ""))
    ]  # fmt: skip
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}})


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.one_of(clusters(), manifests(), links(), metrics()), min_size=1, max_size=3))
def test_what_is_written_passes_check_or_a_line_says_why_not(texts: list[str]) -> None:
    """Names of any kind, sizes of any size: the file is TOML, is valid, and has no character that moves a cursor.

    What is refused is refused in lines: a size that no scenario takes, a cell that is none, nothing that is known.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"source{n}" for n in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            made = imported([str(path) for path in paths])
            made.checked("imported")
        except InputError as error:
            lines = [str(each) for each in error.errors]
        else:
            lines = []
        assert all("\n" not in line for line in lines)
        if lines:
            return
        written = Path(folder) / "written.toml"
        written.write_text(made.text, encoding="utf-8")
        assert sim.load(written).variants
        assert all(mark.isprintable() or mark == "\n" for mark in made.text)
        json.dumps(made.to_json())


def test_every_kind_of_source_together_passes_check() -> None:
    """All of the files that tests have make one scenario, with the sites of the cluster and of the inventory."""
    names = ("cluster.json", "layout", "registry-metrics.json", "kubelet-metrics.json", "containerd-spans.json",
             "nodes.csv", "links.csv", "manifest.json")  # fmt: skip
    made = imported([str(DATA / name) for name in names])
    made.checked("imported")
    assert set(tomllib.loads(made.text)["sites"]) == {"eu-west-1a", "eu-west-1b", "Frankfurt", "Stockholm", "Singapore"}


def test_the_verb_writes_a_file_that_compares(regsim: Ask, tmp_path: Path) -> None:
    """`regsim import --out` writes a scenario that `check` and `show` read, and says so on standard error alone."""
    out = tmp_path / "mine.toml"
    answer = regsim("import", str(DATA / "cluster.json"), str(DATA / "layout"), "--out", str(out), "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert regsim("check", str(out)).out == f"{out}: valid\n"
    assert regsim("show", str(out)).code == 0
    again = regsim("import", str(DATA / "cluster.json"), "--out", str(out))
    assert (again.code, again.out) == (2, "")
    assert again.err == f"{out}: is there already, and nothing is overwritten; name another file\n"


def test_the_document_has_figures_with_their_basis_and_the_ledger(regsim: Ask) -> None:
    """`--json` says of each figure whether it was measured, assumed or set; what no key takes; and what is open."""
    answer = regsim("import", str(DATA / "registry-metrics.json"), "--json")
    made = json.loads(answer.out)
    assert (made["schema"], made["file"]) == ("regsim.import/1", None)
    figure = made["figures"]["central.request_time"]
    assert (figure["value"], figure["range"], figure["n"], figure["basis"]) == (
        "7 ms",
        ["5.25 ms", "9.75 ms"],
        120,
        "measured",
    )
    assert made["figures"]["nodes.node.count"]["basis"] == "assumed"
    assert made["figures"]["nodes.node.site"]["basis"] == "set"
    assert made["sources"][0]["estimates"][0]["name"] == "request that answers with a blob"
    assert any("how many nodes there are" in words for words in made["open"])
    assert tomllib.loads(made["toml"])["run"]["baseline"] == "central"


@pytest.mark.parametrize("argument", ["/dev/zero", "/dev/null", "nothing.json", "."])
def test_what_is_no_source_is_one_line(regsim: Ask, argument: str) -> None:
    """A device, an absent file and a folder of something else are bad input: one line that names them, exit code 2."""
    answer = regsim("import", argument)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith(f"{argument}: ")
