"""Checks of a list of deploys (`demand.table`): it can be read, and names clients, images and nodes that there are.

Left out: whether its deploys can be met in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sim.errors import near, shown
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.model.deploylist import CellProblem, DeployList, clients_meant, is_file_name, read_list
from sim.scenario.model.root import Model

_LISTED: Final = 5
_KEY: Final = ("demand", "table")


def deploys_can_be_read(model: Model) -> Iterator[Diagnostic]:
    """A table of deploys is there, has what it needs, and names clients, images and nodes that there are."""
    table = model.demand.table
    if table is None:
        return
    if model.demand.replay is not None:
        yield Diagnostic(_KEY, "stands beside a log to replay", "keep one of demand.table and demand.replay")
    if model.demand.kernel_release is not None:
        problem = "makes deploys of its own, beside those of demand.table"
        yield Diagnostic(("demand", "kernel_release"), problem, "list them in the table, or remove it")
    try:
        read = read_list(table, model.folder)
    except OSError as error:
        yield Diagnostic(
            _KEY, f"cannot be read ({error.strerror}), got {shown(table)}", "paths are from the scenario's folder"
        )
        return
    except UnicodeDecodeError as error:
        yield Diagnostic(_KEY, f"is not UTF-8 at byte {error.start}, got {shown(table)}", "save it as UTF-8 text")
        return
    problems = sorted((*read.problems, *_unknown(read, model)))
    file = f"{table}:" if is_file_name(table) else "line "
    for number, found in enumerate(problems[:_LISTED], 1):
        where = f"{file}{found.line}" + (f": {found.column}" if found.column else "")
        more = f" (and {len(problems) - _LISTED} more)" if number == _LISTED < len(problems) else ""
        yield Diagnostic(_KEY, f"{where}: {found.problem}{more}", found.remedy)
    last_s = model.run.duration_s
    if not problems and all(at >= last_s for at in read.column("time")):
        yield Diagnostic(_KEY, "no row comes before run.duration ends", "lengthen run.duration, or count times from 0")


def _unknown(read: DeployList, model: Model) -> Iterator[CellProblem]:
    """Cells that name what there is not."""
    there = sum(group.count for group in model.nodes.values())
    strange = dict(_strange_clients({word for word in read.column("client") if word is not None}, model))
    pinned = {key for key, reference in model.references.items() if reference.digest is not None}
    columns = (read.column(name) for name in ("client", "image", "rootfs", "nodes"))
    for line, client, image, rootfs_bytes, nodes in zip(read.lines, *columns, strict=True):
        if client in strange:
            yield CellProblem(line, "client", *strange[client])
        if image is not None and model.image_meant(image) is None:
            yield CellProblem(line, "image", f"unknown image, got {shown(image)}", near(image, model.images))
        elif rootfs_bytes is not None and pinned and (image is None or model.image_meant(image) in pinned):
            problem = "the size of an image that is named by a digest is that of its one content"
            yield CellProblem(line, "rootfs", problem, "leave the cell empty, or name another image")
        if nodes is not None and nodes > there > 0:
            yield CellProblem(line, "nodes", f"must be at most {there}, the nodes there are, got {nodes}", "lower it")


def _strange_clients(words: Iterable[str], model: Model) -> Iterator[tuple[str, tuple[str, str]]]:
    """Words that name no client, or several, each with the problem and its remedy."""
    for word in words:
        meant = clients_meant(model, word)
        if len(meant) > 1:
            names = " or ".join(", ".join(hosts) for hosts in meant)
            yield word, (f"may mean {names}, got {shown(word)}", "write which of these")
        elif not meant:
            known = [*model.clients, *(name for name, _ in model.client_hosts())]
            yield word, (f"unknown client, got {shown(word)}", near(word, known))
