"""Sources by what they hold, whatever they are called: each is given to the reader that knows its first bytes.

A folder is an OCI layout. JSON is Kubernetes objects, an image's manifest, Prometheus's answer or OTLP's spans. CSV is
nodes or links, by its heading. Anything else is read as `calibrate` reads it: access logs, ping, iperf3, k6, pulls.
Left out: archives, which are unpacked first, and YAML.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sim.calibrate import calibration
from sim.calibrate.imports import oci
from sim.calibrate.imports.documents import document_of, text_of
from sim.calibrate.imports.drafting import drafted
from sim.calibrate.imports.found import Found, shown_text
from sim.calibrate.imports.inventory import inventory, is_inventory
from sim.calibrate.imports.kubernetes import is_kubernetes, kubernetes
from sim.calibrate.imports.otlp import is_otlp, otlp
from sim.calibrate.imports.prometheus import is_prometheus, prometheus
from sim.calibrate.imports.writing import Imported
from sim.calibrate.probes.iperf3 import is_iperf3
from sim.calibrate.probes.k6 import is_k6
from sim.calibrate.probes.pulls import is_pulls
from sim.errors import InputError
from sim.workload.logs.textfile import beginning

#: More files are a slip of a shell's pattern.
MOST_SOURCES: Final = 1000
_START: Final = 1 << 16
_KNOWN: Final[tuple[tuple[Callable[[Any], bool], Callable[[str, Any], Found]], ...]] = (
    (is_prometheus, prometheus),
    (is_otlp, otlp),
    (is_kubernetes, kubernetes),
)
_REMEDY: Final = (
    "give kubectl get nodes,pods,events -o json, an OCI layout or manifests, Prometheus's query_range, OTLP JSON, "
    "nodes.csv, links.csv, or what regsim calibrate reads"
)


def imported(paths: Sequence[str]) -> Imported:
    """A scenario from all sources. InputError where one is of no known kind, or cannot be read."""
    if len(paths) > MOST_SOURCES:
        raise InputError("regsim import", f"got {len(paths):,} sources, more than {MOST_SOURCES:,}", "name fewer")
    if len(set(map(os.path.realpath, paths))) < len(paths):
        raise InputError("regsim import", "a source is named twice", "name each once")
    return Imported(drafted([source(path) for path in paths]))


def source(path: str) -> Found:
    """What one file or folder shows. InputError as of its reader, or where no reader knows it."""
    if os.path.isdir(path):
        if oci.is_layout(path):
            return oci.layout(path)
        raise InputError(path, "is a folder, and no OCI layout", "name files, or a folder with index.json")
    start = beginning(path, _START)
    if "ustar" in start[:512]:
        raise InputError(path, "is a tar archive", "unpack it first: tar -x")
    if start.lstrip()[:1] in ("{", "[") and not (is_iperf3(start) or is_k6(start)):
        return _of_json(path)
    if is_inventory(start):
        return inventory(path, text_of(path))
    evidence = calibration.read(path)
    return Found(evidence, f"{len(evidence.estimates)} estimates")


def _of_json(path: str) -> Found:
    written = text_of(path)
    try:
        document = document_of(path, written)
    except InputError:
        if is_pulls(written[:_START]) or '"uri"' in written[:_START] or '"request' in written[:_START].lower():
            return _calibrated(path)
        raise
    for knows, reader in _KNOWN:
        if knows(document):
            return reader(path, document)
    if oci.is_manifest(document):
        return oci.manifests(path, document, written)
    if isinstance(document, list) and document and isinstance(document[0], dict):
        return _calibrated(path)  # a log of one document a line
    keys = ", ".join(list(document)[:5]) if isinstance(document, dict) else type(document).__name__
    raise InputError(path, f"is JSON of no known kind ({shown_text(keys)})", _REMEDY)


def _calibrated(path: str) -> Found:
    evidence = calibration.read(path)
    return replace(Found(evidence, ""), counted=f"{len(evidence.estimates)} estimates")
