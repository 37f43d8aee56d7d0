"""A commented scenario from a few answers: what was answered is written, every other key stands beside it as a
comment.

Each key's comment is the sentence that the model has for it, and a default that may be changed is a line to uncomment,
with what it rests on. The functions here read each answer from text, so that options and prompts take the same. Left
out: faults, prices and thresholds, which a first question does without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sim.errors import InputError, shown
from sim.figures import Figure
from sim.registry.reference import Reference
from sim.scenario.describe.keys import find
from sim.scenario.document import parse_setting
from sim.scenario.keypath import dotted, split
from sim.scenario.tomltext import toml, toml_key

#: What is taken where nobody answers.
QUESTION: Final = "Which way should images reach the nodes?"
SITES: Final = "dal, fra, was"
NODES: Final = "4"
CLIENTS: Final = "20"
IMAGES: Final = "app = 36 MiB + 4.3 MB"
COMPARE: Final = "policies.route = central, node-direct"
RTT: Final = "80 ms"
CAPACITY: Final = "10 Gbit/s"
RATE: Final = "50000/day"

_KERNEL = "Unikraft Cloud docs, tutorials/rootfs-formats: base-compat kernel"
_ROOTFS = "Unikraft Cloud docs, cli/registries: sample of 42 MB, less the kernel (inferred)"
_ASSUMED_RTT = Figure(RTT, assumption=True, range=("10 ms", "250 ms"))
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A site, and where it lies if that was said."""

    name: str
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What a planner says: sites and what is there, how much is asked, and what is compared.

    `rtt` and `capacity` are those of the links between sites; without `rtt` it is taken from their positions, or
    assumed. `images` are (kernel, rootfs) by name, a ROM's kernel empty. None leaves a figure to its default.
    """

    question: str
    sites: tuple[Place, ...]
    central: str
    nodes: Mapping[str, int]
    clients: Mapping[str, int]
    images: Mapping[str, tuple[str, str]]
    compare: tuple[str, tuple[str, ...]]
    rate: str | None = None
    rtt: str | None = None
    capacity: str | None = None


def sites(text: str) -> tuple[Place, ...]:
    """`dal, fra:50.1:8.7`: names, each with latitude and longitude if these are known."""
    made = []
    for part in _parts(text):
        name, *position = (piece.strip() for piece in part.split(":"))
        if not _NAME.fullmatch(name):
            raise InputError("sites", f"no name for a site, got {shown(name)}", "use letters, digits, - and _ alone")
        try:
            latitude, longitude = map(float, position) if position else (0.0, 0.0)
        except ValueError:
            raise InputError("sites", f"no position, got {shown(part)}", "write NAME:LATITUDE:LONGITUDE") from None
        made.append(Place(name, (latitude, longitude) if position else None))
    if len({place.name for place in made}) < len(made):
        raise InputError("sites", f"two have one name, got {shown(text)}", "give each its own")
    return tuple(made)


def counts(what: str, places: Sequence[Place], text: str) -> dict[str, int]:
    """`4` at each site, or `dal = 4, fra = 2`."""
    names = [place.name for place in places]
    made: dict[str, int] = {}
    for part in _parts(text):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if equals and name not in names:
            raise InputError(what, f"unknown site, got {shown(name)}", f"one of {', '.join(names)}")
        count = number if equals else name
        if not (count.isascii() and count.isdecimal() and int(count) > 0):
            raise InputError(what, f"must be a number above 0, got {shown(count)}", "write 4, or dal=4, fra=2")
        made |= dict.fromkeys([name] if equals else names, int(count))
    return made


def images(text: str) -> dict[str, tuple[str, str]]:
    """`app = 36 MiB + 1.3 MB, rom = 5 MB`: a kernel and a root filesystem each, or the latter alone."""
    made = {}
    for part in _parts(text):
        name, equals, sizes = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise InputError("images", f"must be NAME = KERNEL + ROOTFS, got {shown(part)}", f"write {IMAGES}")
        Reference.parse(name, where="images")
        kernel, plus, rootfs = (piece.strip() for piece in sizes.partition("+"))
        made[name] = (kernel, rootfs) if plus else ("", kernel)
    return made


def compared(text: str) -> tuple[str, tuple[str, ...]]:
    """`policies.route = central, node-direct`: a key, and a value for each variant."""
    key, equals, values = (piece.strip() for piece in text.partition("="))
    listed = _parts(values) if values else []
    if not equals or len(set(listed)) < 2:
        raise InputError("compare", f"must be KEY = VALUE, VALUE, ..., got {shown(text)}", f"write {COMPARE}")
    find(key)
    return key, tuple(dict.fromkeys(listed))


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise InputError("", "nothing is named", "write it, or leave the question to its default")
    return parts


def written(answers: Answers, name: str) -> str:
    """The scenario as TOML; `name` is its file, as the comments at its head call it. Whoever loads it checks it."""
    lines = [
        f"# {_line(answers.question)}",
        "#",
        f"#   regsim check {_line(name)}",
        f"#   regsim compare {_line(name)}",
        f"#   regsim show {_line(name)} --explain demand.rate",
        "#",
        '# What a line such as #key = "value" says holds by default; take the mark away to say something else.',
        "# Beside it stands what it rests on; an assumption is nobody's measurement, its range is what may be true.",
        '# A figure of your own can say where it is from: rate = { value = "2000/day", source = "last month\'s log" }',
    ]
    first, *others = answers.compare[1]
    lines += _table("run", {"title": toml(answers.question), "baseline": toml(_variant(answers.compare, first))})
    lines += _network(answers)
    lines += _table("central", {"site": toml(answers.central)})
    lines += _groups("nodes", answers.nodes, "{}")
    lines += _groups("clients", answers.clients, "{}-dev")
    for at, (image, sizes) in enumerate(answers.images.items()):
        lines += _table(dotted(("images", image)), _sizes(sizes), commented=at == 0)
    lines += _table("demand", {"rate": _figure("demand.rate", answers.rate)})
    lines += _table("policies", {})
    lines += _table("policies.sync", {})
    for value in (first, *others):
        key, read = parse_setting(f"{answers.compare[0]}={value}")
        lines += ["", f"[variants.{toml_key(_variant(answers.compare, value))}]", f'"{key}" = {toml(read)}']
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """A text in one line, as a comment must be."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def _network(answers: Answers) -> Iterator[str]:
    """Sites, and what joins them: every two by a link, where there are two."""
    if len(answers.sites) > 1:
        places = all(place.position for place in answers.sites)
        own = {"shape": '"mesh"', "capacity": _figure("links.NAME.capacity", answers.capacity, _mesh("capacity"))}
        if answers.rtt is not None or not places:
            own["rtt"] = _figure("topology.rtt", answers.rtt, _ASSUMED_RTT)
        yield from _table("topology", own, commented=False, about=_rule("topology", "mesh"))
    for at, place in enumerate(answers.sites):
        position = place.position
        own = {} if position is None else {"latitude": str(position[0]), "longitude": str(position[1])}
        yield from _table(f"sites.{place.name}", own, commented=at == 0)


def _mesh(key: str) -> Figure | None:
    return find(f"topology.{key}")[0].rules["mesh"].figure


def _rule(path: str, name: str) -> str:
    kind = find(path)[0].kind
    assert kind is not None
    return kind.about(name)


def _groups(table: str, at_sites: Mapping[str, int], named: str) -> Iterator[str]:
    for at, (site, count) in enumerate(at_sites.items()):
        own = {"site": toml(site), "count": str(count)}
        yield from _table(f"{table}.{named.format(site)}", own, commented=at == 0)


def _sizes(sizes: tuple[str, str]) -> dict[str, str]:
    """The sizes of an image; those of the default answer with their sources."""
    usual = images(IMAGES)["app"]
    sources = {"kernel": (sizes[0], usual[0], _KERNEL), "rootfs": (sizes[1], usual[1], _ROOTFS)}
    return {
        key: _written(Figure(size, source)) if size == default else toml(size)
        for key, (size, default, source) in sources.items()
        if size
    }


def _figure(path: str, answer: str | None, default: Figure | None = None) -> str:
    """An answer, or where there is none the default with what it rests on."""
    figure = default or find(path)[0].figure
    if answer is not None or figure is None:
        return toml(answer)
    return _written(figure)


def _written(figure: Figure) -> str:
    about = {"source": figure.source, "assumption": figure.assumption, "range": figure.range}
    return toml({"value": figure.value} | {key: part for key, part in about.items() if part})


def _table(path: str, own: Mapping[str, str], commented: bool = True, about: str = "") -> Iterator[str]:
    """A table of these keys; where it is `commented`, its other keys' defaults follow as comments."""
    table, _ = find(path)
    if commented or about:
        yield from ("", f"# {about or table.about}")
    else:
        yield ""
    yield f"[{'.'.join(map(toml_key, split(path)))}]"
    keys = table.below()
    for key in own if not commented else dict.fromkeys([*own, *keys]):
        key_info = keys[key]
        if key in own:
            yield from ([f"# {key_info.about}"] if commented else [])
            yield f"{key} = {own[key]}"
        elif not key_info.is_table and key_info.default:
            yield f"# {key_info.about}"
            yield f"#{key} = {key_info.default}" + (f"  # {key_info.figure.origin}" if key_info.figure else "")


def _variant(compare: tuple[str, tuple[str, ...]], value: str) -> str:
    """The name of a variant: its value alone if that is a word, else after its key."""
    word = re.sub(r"[^A-Za-z0-9_-]+", "-", value).strip("-")
    return word if re.match("[A-Za-z]", word) and compare[0].startswith("policies.") else f"{_last(compare[0])}-{word}"


def _last(key: str) -> str:
    return key.rpartition(".")[2]
