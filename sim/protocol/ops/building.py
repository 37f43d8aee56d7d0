"""What a client fetches to build an image: the kernel of its runtime, from central, where it has none.

A client's build takes the kernel layer as it is, from central's repository of the runtime that a Kraftfile names.
Whether it has it already is the client's `kernels`. Left out: the build's own time, and fetching what the root
filesystem is made from.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import FOR_PULL, GO, KERNEL
from sim.protocol.ops.places import KERNEL_KEY, add_entry, entry_key, find_entry

HAS_KERNELS: Final = 0
FETCHES_ONCE: Final = 1
FETCHES_ALWAYS: Final = 2
KERNELS: Final = {"cached": HAS_KERNELS, "once": FETCHES_ONCE, "always": FETCHES_ALWAYS}


def has_kernel(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if the client has the kernel that it builds with, or the image has none."""
    task = w.tasks[p]
    kernels, blob = w.machines[task.machine].kernels, kernel_of(w, task.image)
    kept = kernels == FETCHES_ONCE and find_entry(w, entry_key(KERNEL_KEY, task.machine, blob)) >= 0
    if kernels == HAS_KERNELS or blob < 0 or kept:
        task.pc = label
    return GO


def kernel_of(w: Any, image: int) -> int:
    """The kernel of an image, or -1."""
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        if w.blobs[w.image_blobs[at]].content == KERNEL:
            return int(w.image_blobs[at])
    return -1


def begin_kernel(w: Any, p: int, a: int, b: int) -> int:
    """What follows fetches the kernel."""
    task = w.tasks[p]
    task.counter, task.purpose, task.trailing = p, FOR_PULL, 0
    task.blob = kernel_of(w, task.image)
    task.size_bytes = w.blobs[task.blob].size_bytes
    return GO


def keep_kernel(w: Any, p: int, a: int, b: int) -> int:
    """The client has it from now on."""
    task = w.tasks[p]
    key = entry_key(KERNEL_KEY, task.machine, task.blob)
    if find_entry(w, key) < 0:
        add_entry(w, key, 1)
    return GO
