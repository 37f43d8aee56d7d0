"""Where a start looks an image up: at its node and upstream, or where its reference's host says.

That the host says where, is how Unikraft Cloud's docs have it (platform/images). With `policies.tags.look = "host"` a
reference at central's host (`central.host`) means what central says and nothing else: a node asks central, or the cache
through which it pulls, whatever its own registry has, and an instance waits until central has what was pushed to a
node. One at another host is at the node's registry, which is asked first, and upstream is for what it lacks, as in
containerd's hosts.toml (containerd/containerd, core/remotes/docker/config/hosts.go: hosts are tried in order, and the
server last).

Layers that a node holds are not fetched again, wherever their image was looked up: they are named by digest, and so is
an image that a reference pins. Left out: mirrors of one namespace alone, and references that name another node.
"""

from __future__ import annotations

from typing import Any, Final

# `Deploy.look`
LOOKS_AT_BOTH: Final = 0
LOOKS_AT_CENTRAL: Final = 1
LOOKS_AT_NODE_FIRST: Final = 2


def asks_upstream_first(w: Any, p: int) -> bool:
    """Whether a node asks upstream what a task's reference means, whatever it has."""
    task = w.tasks[p]
    look = w.deploys[task.deploy].look
    if task.digest >= 0 or look == LOOKS_AT_NODE_FIRST:
        return False
    return bool(look == LOOKS_AT_CENTRAL or w.g.check_upstream)


def heeds_own_tags(w: Any, p: int) -> bool:
    """Whether what a node itself has says anything about what a task's reference means."""
    task = w.tasks[p]
    return bool(task.digest >= 0 or w.deploys[task.deploy].look != LOOKS_AT_CENTRAL)


def looks_at_central(w: Any, p: int) -> bool:
    """Whether a task's deploy has a reference that is looked up at central alone."""
    return bool(w.deploys[w.tasks[p].deploy].look == LOOKS_AT_CENTRAL)
