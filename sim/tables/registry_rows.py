"""The tables' columns of what registries did: what they served, refused and dropped, and what their lists show.

Left out: what was sent and received (`rows`).
"""

from __future__ import annotations

from typing import Final

from sim.tables.columns import Column

REGISTRIES: Final = (
    Column("registry", "text", "host"),
    Column("site", "text", "site it is in"),
    Column("workers", "int", "requests it serves at once"),
    Column("requests", "int", "requests served"),
    Column("busy_s", "float", "time its workers spent serving, summed over workers"),
    Column("waited_s", "float", "time requests waited for a free worker, summed over requests"),
    Column("received_bytes", "int", "bytes received by pushes, syncs and pulls"),
    Column("sent_bytes", "int", "bytes sent"),
    Column("stored_bytes", "int", "bytes of distinct blobs held at the end"),
)

DROPS: Final = (
    Column("registry", "text", "where something was dropped"),
    Column("repository", "text", "repository of the image; empty where garbage was collected"),
    Column("digest", "text", "the image"),
    Column("dropped_s", "float", "when"),
    Column("why", "text", "evicted, expired, removed, collected, or broken with its disk"),
    Column("freed_bytes", "int", "bytes that this freed"),
    Column("lost", "bool", "whether no registry has the image any more"),
    Column("shown_until_s", "float", "until when the registry's list still shows it"),
)

LISTS: Final = (
    Column("registry", "text", "whose list it is"),
    Column("repository", "text", "repository of the image"),
    Column("tag", "text", "tag that came or went; one that only moved stays in the list"),
    Column("rom", "bool", "whether it meant an image without a kernel"),
    Column("present", "bool", "whether the registry has the tag from then on, and nobody has had it removed"),
    Column("changed_s", "float", "when it came or went"),
    Column("shown_s", "float", "from when on the registry's list says so"),
)

LIMITS: Final = (
    Column("registry", "text", "registry whose limit it is"),
    Column("scope", "text", "whose requests share a bucket: registry, account, address or site"),
    Column("whose", "text", "account, host or site of the bucket; empty for that of the whole registry"),
    Column("counts", "text", "what takes a token: requests or pulls"),
    Column("passed", "int", "requests that took one"),
    Column("refused", "int", "requests that were refused, by the answer 429"),
    Column("first_refused_s", "float", "when the first of them was; infinite if none"),
)

TURNS: Final = (
    Column("deploy", "int", "number of the deploy whose instance pulls"),
    Column("node", "text", "node that pulls, one that bounds its pulls"),
    Column("asked_s", "float", "when the pull was asked for"),
    Column("began_s", "float", "when it had its turn"),
    Column("refused", "bool", "whether it failed then, as the node had begun too many"),
)
