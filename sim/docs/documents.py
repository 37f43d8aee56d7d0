"""The reference of `--json`: the shape of each document, read off those that the verbs print of a small scenario."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.cli.app import app
from sim.docs import markdown
from sim.tables import rows

_INTRODUCTION: Final = """\
With `--json` a verb prints one document on standard output and nothing else there. `"schema"` names its kind and
version: keys may be added to a version, none is taken away or changes its meaning. `"warnings"` are in every document.
What is infinite or has no value is `null`.

Below stands the shape of each, from the documents of a small scenario: `METRIC`, `VARIANT` and other words in capitals
stand for names, `[...]` for a list of such, and what a value may be stands in its place."""
#: A tenth of a second of work, with all that documents tell of.
SCENARIO: Final = """\
run = { duration = "1 h", seed = 7, runs = 3 }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev = { count = 3, up = "50 Mbit/s", rtt = "20 ms" }
images.app = { kernel = { value = "10 MB", source = "measured" }, rootfs = "1 MB" }
demand = { rate = "40/h", apps = 5, updates = 0.5 }
prices.node_month = { value = "40 USD", assumption = true, range = ["20 USD", "60 USD"] }
faults.refused = { kind = "tokens-refused", target = "central", at = "30 min", lasts = "4 min" }
faults.never = { kind = "registry-down", target = "central", at = "2 h" }
thresholds.fast = "deploy_latency_s.p95 < 60 s"
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct", policies.sync.delay = "1 s" }
"""
_LOG: Final = """\
run = { duration = "1 h", seed = 7 }
topology = { shape = "star" }
nodes.n = { }
clients.dev = { }
images.app = { rootfs = "1 MB", rom = true }
demand = { replay = { log = "log.csv", cache = false } }
"""
_LOGGED: Final = (
    "at_s,op,client,count,repository,tag,blobs\n0,push,dev,1,r,v,layer=1000000 config=2000\n60,pull,n,1,r,v,\n"
)
_PING: Final = "\n".join(f"64 bytes from 10.0.0.1: icmp_seq={n} ttl=64 time={20 + n % 3}.0 ms" for n in range(1, 21))
_NODES: Final = "name,site,count,capacity,role\nreg,fra,1,10 Gbit/s,registry\nn,fra,4,10 Gbit/s,node\nm,sto,2,,node\n"
_LINKS: Final = "from,to,bandwidth,rtt\nfra,sto,100 Gbit/s,22 ms\n"
_SERIAL: Final = ("--executor", "serial")
#: What is asked, in this order, in a folder that has the files above: the title of each document and the words.
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "new": ("new", "mine.toml", "--sites", "dal, fra", "--json"),
    "check": ("check", "small.toml", "--json"),
    "show": ("show", "small.toml", "--json"),
    "show --explain": ("show", "small.toml", "--explain", "central.workers", "--json"),
    "show --protocol": ("show", "--protocol", "--json"),
    "run": ("run", "small.toml", "--variant", "central", "--by", "image", "--out", "run", "--json"),
    "compare": (
        "compare", "small.toml", "--by", "image", "--assumptions", "--out", "compare", *_SERIAL, "--json",
    ),
    "best": ("best", "small.toml", "--runs", "20", *_SERIAL, "--json"),
    "sweep": ("sweep", "small.toml", "--vary", "demand.nodes=1,2", *_SERIAL, "--json"),
    "capacity": (
        "capacity", "small.toml", "--vary", "clients.*.up=10 Mbit/s..1 Gbit/s", "--until",
        "deploy_latency_s.p50 < 1 s", "--runs", "5", "--variant", "node-direct", *_SERIAL, "--json",
    ),
    "crossover": ("crossover", "small.toml", "--vary", "demand.nodes=1..2", "--runs", "5", *_SERIAL, "--json"),
    "rerun": ("rerun", "run", *_SERIAL, "--json"),
    "why": ("why", "run", "--deploy", "0", "--gains", "1", "--runs", "1", "--json"),
    "bench": ("bench", "compare", *_SERIAL, "--json"),
    "diff": ("diff", "compare", "compare", "--json"),
    "replay": ("replay", "log.toml", "--json"),
    "calibrate": ("calibrate", "ping.txt", "--json"),
    "import": ("import", "nodes.csv", "links.csv", "--json"),
    "published": ("published", "--only", "docker-hub.toml", "--json"),
    "docs": ("docs", "--json"),
    "manifest.json in a folder of results": (),
}  # fmt: skip
#: The names of the faults in it, and how metrics' names begin.
FAULTS: Final = frozenset(("refused", "never"))
BASES: Final = frozenset((*rows.DISTRIBUTIONS, *rows.METRICS, "link_utilisation", "faults"))
#: What the keys of a table are names of, by the key that it stands under.
NAMED: Final[Mapping[str, str]] = {
    "values": "KEY", "figures": "KEY", "changes": "KEY", "keys": "KEY", "choices": "CHOICE", "files": "FILE",
    "variants": "VARIANT", "failures": "VARIANT", "pairing": "VARIANT", "digests": "VARIANT", "held_back": "VARIANT",
    "held_deploys": "VARIANT", "gains": "VARIANT", "differences": "VARIANT", "faults": "VARIANT", "reasons": "REASON"
}  # fmt: skip
#: Tables that are told of elsewhere.
ELSEWHERE: Final[Mapping[str, str]] = {"document": "the scenario's tables", "resolved": "every value that decides"}
_OWN: Final = ("failed", "deploys", "reasons")


@dataclass(frozen=True)
class Either:
    """A value that is one of several kinds."""

    kinds: tuple[Any, ...]


def page() -> str:
    """The page."""
    return markdown.page("Documents: what --json prints", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    for title, document in documents().items():
        yield f"## {title}" if title.startswith("manifest") else f"## regsim {title}"
        yield f"```json\n{shown(shape(document))}\n```"


def documents() -> dict[str, Any]:
    """The documents of all that is asked."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, text in (
            ("small.toml", SCENARIO), ("log.toml", _LOG), ("log.csv", _LOGGED), ("ping.txt", _PING),
            ("nodes.csv", _NODES), ("links.csv", _LINKS),
        ):  # fmt: skip
            Path(name).write_text(text)
        for title, words in ASKED.items():
            found[title] = _asked(words) if words else json.loads(Path("run/manifest.json").read_text())
    return found


def _asked(words: Iterable[str]) -> Any:
    """The document that the command line prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        app([*words, *(["--quiet"] if words else [])], prog_name="regsim", standalone_mode=False)
    return json.loads(printed.getvalue())


def shape(value: Any, under: str = "") -> Any:
    """A value's kind: texts, numbers and the like by a word, lists and tables of alike things by one of them."""
    if under in ELSEWHERE:
        return ELSEWHERE[under]
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "number"
    if value is None or isinstance(value, str):
        return "null" if value is None else "text"
    if isinstance(value, list):
        return [joined([shape(each) for each in value])] if value else []
    word = _word(value, under)
    if word:
        inside = "differences" if under == "gains" else word
        return {word: joined([shape(each, key if word == "NAME" else inside) for key, each in value.items()])}
    return {key: each if key == "schema" else shape(each, key) for key, each in value.items()}


def _word(value: Mapping[str, Any], under: str) -> str:
    """What the keys of a table are names of; nothing where they are the document's own."""
    if not value or tuple(value) == _OWN:
        return ""
    if all(key.partition(".")[0].partition("[")[0] in BASES for key in value):
        return "METRIC"
    if {*value} <= FAULTS:
        return "FAULT"
    return NAMED.get(under, "")


def joined(shapes: list[Any]) -> Any:
    """One shape for several: what they have in common, or either."""
    tables = [each for each in shapes if isinstance(each, dict)]
    lists = [each for each in shapes if isinstance(each, list)]
    words = {part for each in shapes if isinstance(each, str) for part in _parts_of(each)}
    kinds: list[Any] = sorted(words, key=lambda word: (word == "null", word))
    if lists:
        inside = [part for each in lists for part in each]
        kinds.insert(0, [joined(inside)] if inside else [])
    if tables:
        keys = dict.fromkeys(key for each in tables for key in each)
        kinds.insert(0, {key: joined([each[key] for each in tables if key in each]) for key in keys})
    return kinds[0] if len(kinds) == 1 else Either(tuple(kinds))


def _parts_of(word: str) -> list[str]:
    return [word] if word.startswith(("true", "the ")) else word.split(" or ")


def shown(value: Any, indent: str = "") -> str:
    """A shape as text, like JSON: names of keys in quotes, words for values without."""
    if isinstance(value, Either):
        return " or ".join(shown(kind, indent) for kind in value.kinds)
    if isinstance(value, dict):
        inner = f"{indent}  "
        lines = [f"{inner}{_key(key)}: {shown(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}" if lines else "{}"
    if isinstance(value, list):
        return f"[{shown(value[0], indent)}, ...]" if value else "[]"
    return f'"{value}"' if value.startswith("regsim.") else str(value)


def _key(key: str) -> str:
    return key if key.isupper() else f'"{key}"'
