"""Pairing heaps whose nodes are rows: insertion in constant time, removal of any node in O(log n), amortised.

A heap is the number of its root, -1 when empty. `prev` is the elder sibling or, for a first child, the parent. Which of
equal keys comes first depends on the operations before. `nodes` is any table whose rows have key, child, next and prev.
Source: Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap", Algorithmica 1 (1986). Kernel code (see `sim.records`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class HeapNode(Protocol):
    """What a heap needs of a row."""

    key: float
    child: int
    next: int
    prev: int


def insert(nodes: Sequence[HeapNode], root: int, x: int) -> int:
    """Puts the lone node `x`, its key set, into the heap; the new root."""
    node = nodes[x]
    node.child = -1
    node.next = -1
    node.prev = -1
    if root < 0:
        return x
    return meld(nodes, root, x)


def remove(nodes: Sequence[HeapNode], root: int, x: int) -> int:
    """Takes node `x` out of the heap, wherever it is; the new root."""
    node = nodes[x]
    rest = node.child
    if rest >= 0:
        rest = merge_pairs(nodes, rest)
    if x == root:
        return rest
    before = nodes[node.prev]
    if before.child == x:
        before.child = node.next
    else:
        before.next = node.next
    if node.next >= 0:
        nodes[node.next].prev = node.prev
    if rest < 0:
        return root
    return meld(nodes, root, rest)


def meld(nodes: Sequence[HeapNode], a: int, b: int) -> int:
    """Joins two heaps, neither empty; the root with the smaller key, `a` among equals."""
    if nodes[b].key < nodes[a].key:
        a, b = b, a
    parent = nodes[a]
    child = nodes[b]
    child.next = parent.child
    child.prev = a
    if parent.child >= 0:
        nodes[parent.child].prev = b
    parent.child = b
    return a


def merge_pairs(nodes: Sequence[HeapNode], first: int) -> int:
    """One heap of the siblings from `first` on: melded in pairs left to right, then right to left."""
    done = -1
    while first >= 0:
        a = first
        b = nodes[a].next
        if b < 0:
            first = -1
        else:
            first = nodes[b].next
            a = meld(nodes, a, b)
        nodes[a].next = done
        done = a
    root = done
    done = nodes[root].next
    while done >= 0:
        following = nodes[done].next
        root = meld(nodes, root, done)
        done = following
    nodes[root].next = -1
    nodes[root].prev = -1
    return root
