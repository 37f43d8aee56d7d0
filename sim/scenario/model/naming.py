"""What hosts, places and links are called in a run's rows: any key may stand in any table, and no two share a name.

`[sites]`, `[nodes]`, `[caches]`, `[clients]` and `[links]` are name spaces of their own. In rows and errors each thing
has one name:

- A site has its key, the central registry's host is `central`, a place that a shape brings has its own name.
- A host has its group's key, numbered from 1 where the group has several: `dal-dev`, `dal1`, `dal2`. If any host of a
  group would share that name with a site, with another group's host or with a place, the whole group is called by
  its path: `nodes/dal`, or `nodes/dal/1`, `nodes/dal/2`. A site that is called `central` is the place `sites/central`.
- A link of `[links]` that joins two ends has its key. A generated link has the name that its shape gives it (a host's
  line that of the host, a link between sites `A-B`); if another link has it too, it is called by what it joins:
  `nodes/dal` or `clients/dev/3`, `sites/A/B`, `central/SITE`; of parallel ones the second by that and `/2`.

None of these keys has a slash, so a path never equals a key. Where a file means a host or a link it may write the name
that rows have, or the path, or the short name where only one thing has it. Left out: names of a user's own for single
hosts of a group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from sim.network.topology.shapes import Span

#: The host that holds the central registry.
CENTRAL: Final = "central"
SITES: Final = "sites"


@dataclass(frozen=True, slots=True)
class Group:
    """Hosts that are alike: the table and the key that they stand under, and how many they are."""

    table: str
    key: str
    count: int

    @property
    def path(self) -> str:
        return f"{self.table}/{self.key}"

    def short(self) -> tuple[str, ...]:
        """The hosts' names if nothing else has them."""
        return tuple(f"{self.key}{n}" for n in range(1, self.count + 1)) if self.count > 1 else (self.key,)

    def paths(self) -> tuple[str, ...]:
        """The hosts' names if something else has one of those."""
        return tuple(f"{self.path}/{n}" for n in range(1, self.count + 1)) if self.count > 1 else (self.path,)

    def position(self, name: str) -> int | None:
        """Which of the hosts has this short name, from 0; None if none has."""
        if self.count == 1:
            return 0 if name == self.key else None
        return self._numbered(name.removeprefix(self.key)) if name.startswith(self.key) else None

    def position_at(self, path: str) -> int | None:
        """Which of the hosts has this path, from 0; the only one may be numbered too."""
        if path == self.path:
            return 0 if self.count == 1 else None
        return self._numbered(path.removeprefix(f"{self.path}/"))

    def _numbered(self, text: str) -> int | None:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
        return number - 1 if 1 <= number <= self.count and text == str(number) else None


class HostNames:
    """The names of all hosts but central's; `taken` are those of sites and places."""

    def __init__(self, groups: Iterable[Group], taken: Collection[str]) -> None:
        self._groups: Sequence[Group] = tuple(groups)
        short = {group: group.short() for group in self._groups}
        seen = Counter(name for names in short.values() for name in names)
        seen.update({CENTRAL, *taken})
        self._names = {
            group: names if all(seen[name] == 1 for name in names) else group.paths() for group, names in short.items()
        }
        self._by_key = {(group.table, group.key): names for group, names in self._names.items()}

    def of(self, table: str, key: str) -> tuple[str, ...]:
        """The hosts of the group under that key."""
        return self._by_key[table, key]

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """By name, the path of each host."""
        return {
            name: path
            for group, names in self._names.items()
            for name, path in zip(names, group.paths(), strict=True)
        }  # fmt: skip

    def meant(self, word: str, *tables: str) -> tuple[str, ...]:
        """The hosts of these tables that a word may mean: one, none, or all those that it leaves open.

        A group of one also answers to its number, so that what names `dal1` holds for one host as for many.
        """
        groups = [group for group in self._groups if group.table in tables]
        for found in (
            [(group, group.position_at(word)) for group in groups if word.startswith(group.path)],
            [(group, group.position(word)) for group in groups],
            [(group, 0) for group in groups if group.count == 1 and word == f"{group.key}1"],
        ):
            names = tuple(self._names[group][at] for group, at in found if at is not None)
            if names:
                return names
        return ()


def site_place(site: str) -> str:
    """The place that a site is on the network."""
    return f"{SITES}/{site}" if site == CENTRAL else site


def apart(spans: Sequence[Span], paths: Mapping[str, str], own: Collection[str]) -> tuple[Span, ...]:
    """Generated links under names that none of them shares with another or with a scenario's `own` links."""
    seen = Counter(span.name for span in spans)
    seen.update(own)
    if all(times == 1 for times in seen.values()):
        return tuple(spans)
    used = {name for name, times in seen.items() if times == 1}
    return tuple(_renamed(spans, paths, seen, used))


def _renamed(
    spans: Sequence[Span], paths: Mapping[str, str], seen: Mapping[str, int], used: set[str]
) -> Iterator[Span]:
    for span in spans:
        name = span.name
        if seen[name] > 1:
            path = name = joining(span, paths)
            again = 2
            while name in used:
                name, again = f"{path}/{again}", again + 1
            used.add(name)
        yield span if name == span.name else replace(span, name=name)


def joining(span: Span, paths: Mapping[str, str]) -> str:
    """What a link is called by what it joins: a host's path, or its two sites."""
    for end, other in ((span.a, span.b), (span.b, span.a)):
        if end in paths:
            return paths[end]
        if end == CENTRAL:
            return f"{CENTRAL}/{other}"
    return f"{SITES}/{span.a}/{span.b}"


class LinkNames:
    """The names of a network's links: those that its shape generates, and a scenario's `own`."""

    def __init__(self, generated: Sequence[Span], hosts: HostNames, own: Collection[str]) -> None:
        self._as_shaped = generated
        self._hosts = hosts
        self.generated = apart(generated, hosts.paths, own)
        self.own = frozenset(own)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(span.name for span in self.generated)

    @cached_property
    def _words(self) -> Mapping[str, tuple[str, ...]]:
        """By the shape's name, path or host, the generated links that it may mean."""
        found: dict[str, dict[str, None]] = {}
        for shaped, span in zip(self._as_shaped, self.generated, strict=True):
            hosts = (end for end in (span.a, span.b) if end in self._hosts.paths)
            for word in (shaped.name, joining(span, self._hosts.paths), *hosts):
                found.setdefault(word, {})[span.name] = None
        return {word: tuple(names) for word, names in found.items()}

    def of_shape(self, word: str) -> tuple[str, ...]:
        """The generated links that a word may mean: one, none, or all those that it leaves open."""
        if word in self._names:
            return (word,)
        hosts = self._hosts.meant(word, "nodes", "caches", "clients")
        return self._words.get(word, ()) or self._words.get(hosts[0] if len(hosts) == 1 else "", ())

    def meant(self, word: str) -> tuple[str, ...]:
        """The same of all links."""
        return (word,) if word in self.own else self.of_shape(word)
