"""Inventories as spreadsheets have them: CSV of nodes and of links, columns in any order and under any usual heading.

    node,site,region,count,capacity,latitude,longitude        from,to,capacity,rtt
    n1,fra,eu,4,10 Gbit/s,50.1,8.7                            fra,ams,100G,7 ms

Headings are found by meaning (`_NODES`, `_LINKS`); a unit may stand in the heading (`rtt_ms`, `capacity (Gbps)`) or in
the cell (`10G`, `10 Gbit/s`, `7 ms`). A number without any is refused: nobody could tell what it is. `latency` is a
round trip, as tools print it; `delay` is one way. Cells may be empty. Commas, semicolons, tabs and bars divide. Left
out: distances in km, from which a line's way is not known.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sim.calibrate.imports.found import Found, Joined, Nodes, Place, number_of, shown_text
from sim.calibrate.probes.estimate import Evidence
from sim.errors import InputError, near
from sim.figures import Count, Duration, Latitude, Longitude, Quantity, Rate, quantity_of
from sim.network.topology.placenames import plain_name
from sim.units import UnitError

#: By meaning, what columns are called: letters and digits, in lower case, with one space between words.
_NODES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("node", "name", "host", "hostname", "node name", "device", "server", "fqdn"),
    "site": ("site", "zone", "location", "datacenter", "data center", "dc", "pop", "az", "availability zone", "city"),
    "region": ("region", "country"),
    "count": ("count", "nodes", "quantity", "number", "hosts", "servers"),
    "capacity": ("capacity", "bandwidth", "speed", "uplink", "nic", "line", "link speed"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "role": ("role", "type", "kind", "function"),
}
_LINKS: Final[Mapping[str, tuple[str, ...]]] = {
    "a": ("a", "from", "source", "src", "site a", "a site", "a end", "end a", "node a", "z1", "site1", "site 1"),
    "b": ("b", "to", "target", "destination", "dst", "dest", "site b", "b site", "z", "site z", "z end", "end b",
          "node b", "site2", "site 2", "b end", "z site"),
    "capacity": ("capacity", "bandwidth", "speed", "rate", "link speed", "commit rate"),
    "up": ("up", "upload", "forward", "a to b"),
    "down": ("down", "download", "backward", "reverse", "b to a"),
    "rtt": ("rtt", "round trip", "round trip time", "latency", "ping"),
    "delay": ("delay", "one way delay", "one way", "owd"),
}  # fmt: skip
_CENTRAL: Final = ("central", "registry", "central registry")
_MOST_ROWS: Final = 100_000
_MOST_COLUMNS: Final = 200
_MOST_PER_ROW: Final = 1_000_000
_UNITS: Final = {
    "bps": "bit/s", "kbps": "kbit/s", "mbps": "Mbit/s", "gbps": "Gbit/s", "tbps": "Tbit/s", "bit s": "bit/s",
    "kbit s": "kbit/s", "mbit s": "Mbit/s", "gbit s": "Gbit/s", "tbit s": "Tbit/s", "kbit": "kbit/s",
    "mbit": "Mbit/s", "gbit": "Gbit/s", "tbit": "Tbit/s", "ms": "ms", "us": "us", "s": "s", "sec": "s",
    "seconds": "s", "milliseconds": "ms", "microseconds": "us",
}  # fmt: skip
_SHORT_RATE: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*([kKMGT])(?:b|bps|bit|bits|bit/s|b/s|bE|E)?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_REMEDIES: Final = {"rate": '"10 Gbit/s" or 10G, or the unit in the heading', "time": '"7 ms", or rtt_ms as heading'}


def is_inventory(written: str) -> bool:
    """Whether a file's beginning is a heading of nodes or of links."""
    columns = _columns(written)
    return columns is not None and (_is_links(columns) or _is_nodes(columns))


def inventory(path: str, written: str) -> Found:
    """The nodes or links of all rows. InputError naming line and column of what cannot be read."""
    columns = _columns(written)
    assert columns is not None
    read = _links if _is_links(columns) else _nodes
    return read(path, list(_rows(path, written, columns)))


def _is_links(columns: Mapping[int, tuple[str, str]]) -> bool:
    meanings = {meaning for meaning, _ in columns.values()}
    return {"a", "b"} <= meanings


def _is_nodes(columns: Mapping[int, tuple[str, str]]) -> bool:
    meanings = {meaning for meaning, _ in columns.values()}
    return "site" in meanings and len(meanings) > 1


def _divider(heading: str) -> str:
    return max(",;\t|", key=heading.count)


def _columns(written: str) -> dict[int, tuple[str, str]] | None:
    """By position, a column's meaning and the unit in its heading; None where the first line is no heading of these."""
    heading = next((line for line in written[: 1 << 16].splitlines() if line.strip()), "")
    cells = next(iter(csv.reader([heading], delimiter=_divider(heading))), []) if "\0" not in heading else []
    if not 2 <= len(cells) <= _MOST_COLUMNS:
        return None
    for meanings in (_LINKS, _NODES):
        found: dict[int, tuple[str, str]] = {}
        for at, cell in enumerate(cells):
            meaning, unit = _meaning(cell, meanings)
            if meaning and meaning not in {each for each, _ in found.values()}:
                found[at] = meaning, unit
        if meanings is _NODES or _is_links(found):
            return found
    return None


def _meaning(heading: str, meanings: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """What a column holds, and the unit that its heading names."""
    words = " ".join(re.findall(r"[a-z0-9]+", heading.lower()))
    for unit in ("", *_UNITS):
        stem = words if not unit else words.removesuffix(f" {unit}")
        if unit and stem == words:
            continue
        for meaning, names in meanings.items():
            if stem in names:
                return meaning, _UNITS.get(unit, "")
    return "", ""


def _rows(path: str, written: str, columns: Mapping[int, tuple[str, str]]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by meaning, with the heading's unit) of every row that has any."""
    heading = next(line for line in written.splitlines() if line.strip())
    rows = csv.reader(io.StringIO(written), delimiter=_divider(heading))
    seen = 0
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            seen += 1
            if seen == 1:
                continue
            if seen > _MOST_ROWS:
                raise InputError(path, f"has more than {_MOST_ROWS:,} rows", "give fewer, a site's nodes by a count")
            yield (
                rows.line_num,
                {
                    meaning: f"{row[at].strip()} {unit}"
                    if _NUMBER.fullmatch(row[at].strip()) and unit
                    else row[at].strip()
                    for at, (meaning, unit) in columns.items()
                    if at < len(row) and row[at].strip()
                },
            )
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}", f"is no CSV ({error})", "save it as UTF-8 text") from None


def _nodes(path: str, rows: list[tuple[int, dict[str, str]]]) -> Found:
    places: dict[str, Place] = {}
    nodes: list[Nodes] = []
    central = None
    for line, row in rows:
        where = f"{path}:{line}"
        if "site" not in row:
            raise InputError(where, "names no site", "write where the node is")
        site = row["site"]
        latitude = _number(where, row, "latitude", Latitude, float)
        longitude = _number(where, row, "longitude", Longitude, float)
        if latitude is None or longitude is None:
            latitude = longitude = None
        if site not in places or (places[site].latitude is None and latitude is not None):
            places[site] = Place(site, row.get("region", ""), latitude, longitude)
        if row.get("role", "").lower() in _CENTRAL:
            central = site
            continue
        count = _number(where, row, "count", Count, int)
        nodes.append(Nodes(site, 1 if count is None else int(count), _quantity(where, row, "capacity", Rate)))
    if not places:
        raise InputError(path, "has a heading and no rows", "write a row for each node or site")
    open_ = ["what joins sites: give links.csv beside it"]
    if all(one.capacity_Bps is None for one in nodes):
        open_.append("what nodes' lines carry: a column capacity tells")
    if central is None:
        open_.append("where the central registry is: a row of role central tells")
    total = sum(one.count for one in nodes)
    counted = f"{number_of(total, 'node')} at {number_of(len(places), 'site')}"
    evidence = Evidence(path, "inventory of nodes", (), tuple(open_))
    return Found(evidence, counted, places=tuple(places.values()), nodes=tuple(nodes), central=central)


def _links(path: str, rows: list[tuple[int, dict[str, str]]]) -> Found:
    links = []
    for line, row in rows:
        where = f"{path}:{line}"
        if "a" not in row or "b" not in row:
            raise InputError(where, "names no two ends", "write both sites")
        if plain_name(row["a"]) == plain_name(row["b"]):
            problem = f'joins "{shown_text(row["a"])}" with itself'
            raise InputError(where, problem, "name two sites")
        both = _quantity(where, row, "capacity", Rate)
        up, down = _quantity(where, row, "up", Rate), _quantity(where, row, "down", Rate)
        rtt_s, delay_s = _quantity(where, row, "rtt", Duration), _quantity(where, row, "delay", Duration)
        rtt_s = 2 * delay_s if rtt_s is None and delay_s is not None else rtt_s
        links.append(Joined(row["a"], row["b"], both if up is None else up, both if down is None else down, rtt_s))
    if not links:
        raise InputError(path, "has a heading and no rows", "write a row for each link")
    missing = sum(one.rtt_s is None for one in links), sum(one.up_Bps is None for one in links)
    open_ = ["what else crosses these links, and when"]
    for count, what in zip(missing, ("round trip", "capacity"), strict=True):
        open_ += [f"the {what} of {number_of(count, 'link')}"] if count else []
    sites = {end for one in links for end in (one.a, one.b)}
    counted = f"{number_of(len(links), 'link')} of {number_of(len(sites), 'site')}"
    return Found(Evidence(path, "inventory of links", (), tuple(open_)), counted, links=tuple(links))


def _number(where: str, row: Mapping[str, str], key: str, kind: object, make: Callable[[str], float]) -> float | None:
    """A whole or a decimal number in a cell, in its kind's bounds; None where the cell is empty."""
    if key not in row:
        return None
    written = row[key].replace(",", ".")
    quantity = _of(kind)
    try:
        return float(quantity.read(make(written) if _NUMBER.fullmatch(row[key]) else written))
    except (UnitError, ValueError) as error:
        problem = error.problem if isinstance(error, UnitError) else f"must be a {quantity.noun}"
        got = "" if "got" in problem else f', got "{shown_text(row[key])}"'
        raise InputError(f"{where}: {key}", shown_text(f"{problem}{got}"), f"write {quantity.example}") from None


def _quantity(where: str, row: Mapping[str, str], key: str, kind: object) -> float | None:
    """A rate or a time in a cell; None where it is empty. InputError naming line and column."""
    if key not in row:
        return None
    quantity, written = _of(kind), row[key]
    short = _SHORT_RATE.fullmatch(written) if quantity.noun == "rate" else None
    if short is not None:
        scale = short[2].replace("K", "k")
        written = f"{short[1].replace(',', '.')} {scale}bit/s"
    words = written.split()
    if len(words) == 2 and words[1].lower() in _UNITS:
        written = f"{words[0].replace(',', '.')} {_UNITS[words[1].lower()]}"
    try:
        return float(quantity.read(written))
    except UnitError as error:
        remedy = f"write {_REMEDIES[quantity.noun]}"
        raise InputError(f"{where}: {key}", shown_text(error.problem), remedy) from None


def _of(kind: object) -> Quantity:
    found = quantity_of(kind)
    assert found is not None, near(str(kind), ())
    return found
