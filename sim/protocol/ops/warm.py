"""What registries hold at the start: every application that is known is at central and on its nodes."""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import GROW_ASKED
from sim.protocol.machine import ask_host, rows_are_low
from sim.protocol.ops.admission import fits
from sim.protocol.ops.holdings import add_blob_at, publish_at
from sim.protocol.ops.places import place_of
from sim.protocol.ops.platforms import own_begin, own_end
from sim.protocol.ops.unpacking import note_unpacked


def warm_up(w: Any) -> None:
    """Put every image where it is at time 0, as far as it fits."""
    for at in range(len(w.warm_places)):
        if at % w.g.tasks_per_growth == 0 and rows_are_low(w):
            ask_host(w, GROW_ASKED, 0, 0, 0)
        warm = w.warm_places[at]
        registry, name, image = warm.registry, warm.name, warm.image
        repository = w.names[name].repository
        if fits(w, registry, repository, image):
            row, place = w.images[image], place_of(w, registry, repository)
            for at in range(own_begin(w, image, registry), own_end(w, image, registry)):
                blob = w.image_blobs[row.first_blob + at]
                add_blob_at(w, place, blob)
                if w.g.unpacking and 0 < registry <= w.g.nodes:
                    note_unpacked(w, registry, blob)
            publish_at(w, place, name, image, 0.0)
