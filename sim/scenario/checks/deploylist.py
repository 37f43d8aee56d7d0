"""What a list of deploys must keep to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sim.errors import near, shown
from sim.scenario.diagnostics import Fault
from sim.scenario.model.deploylist import Pushes, Slip, clients_meant, is_name, read_table
from sim.scenario.model.root import Tables

_TOLD: Final = 5
_KEY: Final = ("demand", "table")


def tables_can_be_read(tables: Tables) -> Iterator[Fault]:
    """A table of deploys is there, has what it needs, and names clients, images and nodes that there are."""
    table = tables.demand.table
    if table is None:
        return
    if tables.demand.replay is not None:
        yield Fault(_KEY, "stands beside a log to replay", "keep one of demand.table and demand.replay")
    if tables.demand.kernel_release is not None:
        problem = "makes deploys of its own, beside those of demand.table"
        yield Fault(("demand", "kernel_release"), problem, "list them in the table, or remove it")
    try:
        read = read_table(table, tables.folder)
    except OSError as error:
        yield Fault(
            _KEY, f"cannot be read ({error.strerror}), got {shown(table)}", "paths are from the scenario's folder"
        )
        return
    except UnicodeDecodeError as error:
        yield Fault(_KEY, f"is not UTF-8 at byte {error.start}, got {shown(table)}", "save it as UTF-8 text")
        return
    slips = sorted((*read.slips, *_unknown(read, tables)))
    place = f"{table}:" if is_name(table) else "line "
    for told, slip in enumerate(slips[:_TOLD], 1):
        where = f"{place}{slip.line}" + (f": {slip.column}" if slip.column else "")
        more = f" (and {len(slips) - _TOLD} more)" if told == _TOLD < len(slips) else ""
        yield Fault(_KEY, f"{where}: {slip.problem}{more}", slip.remedy)
    last_s = tables.run.duration_s
    if not slips and all(at >= last_s for at in read.column("time")):
        yield Fault(_KEY, "no row comes before run.duration ends", "lengthen run.duration, or count times from 0")


def _unknown(read: Pushes, tables: Tables) -> Iterator[Slip]:
    """Cells that name what there is not."""
    there = sum(group.count for group in tables.nodes.values())
    strange = dict(_strange_clients({word for word in read.column("client") if word is not None}, tables))
    for line, client, image, nodes in zip(
        read.lines, read.column("client"), read.column("image"), read.column("nodes"), strict=True
    ):
        if client in strange:
            yield Slip(line, "client", *strange[client])
        if image is not None and image not in tables.images:
            yield Slip(line, "image", f"unknown image, got {shown(image)}", near(image, tables.images))
        if nodes is not None and nodes > there > 0:
            yield Slip(line, "nodes", f"must be at most {there}, the nodes there are, got {nodes}", "lower it")


def _strange_clients(words: Iterable[str], tables: Tables) -> Iterator[tuple[str, tuple[str, str]]]:
    """Words that name no client, or several, each with the problem and its remedy."""
    for word in words:
        meant = clients_meant(tables, word)
        if len(meant) > 1:
            names = " or ".join(", ".join(hosts) for hosts in meant)
            yield word, (f"may mean {names}, got {shown(word)}", "write which of these")
        elif not meant:
            known = [*tables.clients, *(name for name, _ in tables.client_hosts())]
            yield word, (f"unknown client, got {shown(word)}", near(word, known))
