"""Checks of images: a kernel or none, sizes that can be drawn, names that mean one image each, formats that there are,
architectures that nodes have.

Left out: whether sizes are plausible.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.errors import near, shown
from sim.registry.formats import FORMATS
from sim.registry.reference import Reference
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath, dotted
from sim.scenario.model.images import SizesError
from sim.scenario.model.root import Model
from sim.units import format_bytes

MOST_FORMATS: Final = 100
"""As many as one run can tell apart."""


def kernels_agree(model: Model) -> Iterator[Diagnostic]:
    """An image has a kernel or is a ROM."""
    for key, image in model.images.items():
        path: KeyPath = ("images", key, "rom")
        if image.written_rom is True and not image.is_rom:
            yield Diagnostic(path, "a ROM has no kernel, got true beside a kernel", "remove kernel or rom")
        if image.written_rom is False and image.is_rom:
            yield Diagnostic(path, "an image without a kernel is a ROM, got false", "add its kernel or remove rom")


def sizes_can_be_drawn(model: Model) -> Iterator[Diagnostic]:
    """An image's sizes are said one way, and a file of them can be read."""
    for key, image in model.images.items():
        sizes, path = image.sizes, ("images", key, "sizes")
        if sizes is None:
            continue
        ways = {"p95": sizes.p95_bytes, "list": sizes.listed, "file": sizes.file}
        given = [way for way, value in ways.items() if value is not None]
        if len(given) > 1 or (not given and sizes.update_p95 == 1):
            problem = f"{' and '.join(given)} are all given" if given else "says no sizes"
            yield Diagnostic(
                path, problem, "write one of p95, list, file with column" + ("" if given else ", or update_p95")
            )
        elif (sizes.file is None) != (sizes.column is None):
            lacks = "column" if sizes.column is None else "file"
            yield Diagnostic((*path, lacks), "is missing beside its other half", "a file of sizes has both")
        elif sizes.p95_bytes is not None and sizes.p95_bytes < image.rootfs_bytes:
            problem = f"must be at least the median, rootfs, {format_bytes(image.rootfs_bytes)}"
            yield Diagnostic((*path, "p95"), f"{problem}, got {format_bytes(sizes.p95_bytes)}", "raise it")
        else:
            try:
                sizes.given_bytes()
            except SizesError as error:
                yield Diagnostic((*path, error.key), error.problem, error.remedy)


def names_are_apart(model: Model) -> Iterator[Diagnostic]:
    """No two names are references of the same image."""
    first: dict[Reference, str] = {}
    for key, reference in model.references.items():
        other = first.setdefault(reference, key)
        if other != key:
            problem = f"is the same image as {dotted(('images', other))}, {reference}"
            yield Diagnostic(("images", key), problem, "keep one of them, or give it another tag")


def digests_are_of_one_content(model: Model) -> Iterator[Diagnostic]:
    """An image that is named by a digest is one content, which has one size."""
    for key, reference in model.references.items():
        if reference.digest is not None and model.images[key].sizes is not None:
            problem = "a digest names one content, whose size does not vary"
            yield Diagnostic(("images", key, "sizes"), problem, "remove sizes, or the digest from the name")


def platforms_can_run(model: Model) -> Iterator[Diagnostic]:
    """An image for several architectures is for those of all nodes, and asks nothing that is modelled for one alone."""
    several = {key: image.architectures for key, image in model.images.items() if len(image.architectures or ()) > 1}
    for key, image in model.images.items():
        for name, group in model.nodes.items():
            if image.architectures is not None and group.architecture not in image.architectures:
                problem = f"is not built for {shown(group.architecture)}, the architecture of {dotted(('nodes', name))}"
                yield Diagnostic(("images", key, "architectures"), problem, "add it, or mend nodes' architecture")
    if not several:
        return
    first = dotted(("images", next(iter(several)), "architectures"))
    for name, group in model.nodes.items():
        if group.storage_bytes is not None:
            problem = f"bounds a disk by whole images, and a node keeps one platform of those of {first}"
            yield Diagnostic(("nodes", name, "storage"), problem, "remove it, or the architectures")
    for name, clients in model.clients.items():
        if clients.kernels != "cached":
            problem = f"has machines fetch a kernel, and {first} has one for each architecture"
            yield Diagnostic(("clients", name, "kernels"), problem, 'write "cached", or remove the architectures')


def formats_exist(model: Model) -> Iterator[Diagnostic]:
    """Every image's format is one that ships or that the scenario describes, and there are not too many."""
    known = dict.fromkeys((*FORMATS, *model.formats))
    for key, image in model.images.items():
        if image.format is not None and image.format not in known:
            problem = f"unknown format, got {shown(image.format)}"
            yield Diagnostic(("images", key, "format"), problem, near(image.format, known), needs=(("formats",),))
    used = {image.format for image in model.images.values() if image.format is not None}
    if len(used) > MOST_FORMATS:
        yield Diagnostic(("formats",), f"{len(used)} are used", f"use at most {MOST_FORMATS} at once")
