"""A root filesystem is cut where its content says so, and an update sends only the chunks that it changes.

Cut points move with the content, so that an edit dirties the chunks it touches and no others (Muthitacharoen, Chen
and Mazieres, "A low-bandwidth network file system", SOSP 2001; FastCDC, ATC'16). An update that changes a share of
the bytes in so many places dirties that share and, at each place, on average one chunk more. What stays is the same
from update to update; chunks are counted as two blobs, the ones that stay and the ones that change, so what asking
about thousands of them costs is left out: this is what chunking could save at most, to compare with.
"""

from __future__ import annotations

from sim.figures import Count, Fraction, Size, Table, figure
from sim.policies.snapshot import Chunks, Rootfs


class Parameters(Table):
    """An update changes a share `changed` of the bytes in so many `places`; a `chunk` is that large on average."""

    changed: Fraction = figure(
        "changed", 0.1, assumption=True, range=(0.0, 1.0), about="The part of its bytes that an update changes."
    )
    places: Count = figure("places", 20, assumption=True, range=(1, 1000), about="In how many places those bytes lie.")
    chunk_bytes: Size = figure(
        "chunk", "64 KiB", assumption=True, range=("8 KiB", "1 MiB"), about="The size of a chunk on average."
    )


def cut(view: Rootfs, parameters: Parameters) -> Chunks:
    """What an update leaves as it is, and what it sends."""
    dirty_bytes = round(view.size_bytes * parameters.changed) + parameters.places * parameters.chunk_bytes
    changed_bytes = min(view.size_bytes, dirty_bytes)
    return Chunks(view.size_bytes - changed_bytes, changed_bytes)
