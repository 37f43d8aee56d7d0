"""The rig's router: carries IP packets between TUN devices through rates, delays and drop-tail queues.

Run by `hosts` as a process of its own: `python router.py FD`, the plan as JSON on that file descriptor. A queue sends
`rate` bytes/s and holds `depth` bytes; a packet that finds no room is dropped. What leaves a queue travels for its
`delay` and enters the next one of the path. The loop is compiled by numba and calls the C library directly, as Python
is too slow for 25,000 packets a second; the processes share `BOARD`, so it is steered and watched without a word.

Left out: fragments, IPv6, anything but the last byte of an address to tell hosts apart.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

_SLOTS = 32_768
_PACKET_BYTES = 1536
_POLLIN = 1
_EPOCH_S = 1e9

#: Columns of the board, a row a host: packets' bytes that it sent and received, bytes dropped on their way from it,
#: whether its link is cut (written by the rig, read here). Row 0 is the router's own: its worst lateness, ns, and
#: whether to end.
SENT, RECEIVED, DROPPED, CUT = range(4)
LATE_NS, END = 0, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What the router is told: queues, and for each pair of hosts the queues between them, -1 after the last.

    `fds`: (n_hosts,) open TUN devices; host i has the address that ends in i + 1. `rate_Bps`, `depth_bytes`,
    `delay_s`: (n_queues,). `paths`: (n_hosts, n_hosts, n_hops) numbers of queues.
    """

    board: str
    fds: list[int]
    rate_Bps: list[float]
    depth_bytes: list[float]
    delay_s: list[float]
    paths: list[list[list[int]]]

    def to_json(self) -> str:
        """As `read` reads it."""
        return json.dumps(asdict(self))


def board(path: str | Path, hosts: int) -> NDArray[np.int64]:
    """The board in a file that the processes share: (n_hosts + 1, 4)."""
    with open(path, "r+b") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0), np.int64).reshape(hosts + 1, 4)


def new_board(path: Path, hosts: int) -> NDArray[np.int64]:
    """An empty one."""
    path.write_bytes(bytes(8 * 4 * (hosts + 1)))
    return board(path, hosts)


_word = types.uintp
_read = types.ExternalFunction("read", types.ssize_t(types.intc, _word, _word))
_write = types.ExternalFunction("write", types.ssize_t(types.intc, _word, _word))
_ppoll = types.ExternalFunction("ppoll", types.intc(_word, _word, _word, _word))
_clock_gettime = types.ExternalFunction("clock_gettime", types.intc(types.intc, _word))
_MONOTONIC = 1


@numba.njit(cache=True)
def _now_s(pair: Any) -> float:
    _clock_gettime(_MONOTONIC, pair.ctypes.data)
    return pair[0] + pair[1] / _EPOCH_S


@numba.njit(cache=True)
def _sooner(due: Any, turn: Any, a: int, b: int) -> bool:
    return bool(due[a] < due[b] or (due[a] == due[b] and turn[a] < turn[b]))


@numba.njit(cache=True)
def _push(heap: Any, size: int, due: Any, turn: Any, slot: int) -> None:
    at = size
    while at and _sooner(due, turn, slot, heap[(at - 1) // 2]):
        heap[at] = heap[(at - 1) // 2]
        at = (at - 1) // 2
    heap[at] = slot


@numba.njit(cache=True)
def _pop(heap: Any, size: int, due: Any, turn: Any) -> None:
    """Take the first of `size` away; what was last sinks to its place."""
    last, at = heap[size - 1], 0
    while True:
        child = 2 * at + 1
        if child >= size - 1:
            break
        if child + 1 < size - 1 and _sooner(due, turn, heap[child + 1], heap[child]):
            child += 1
        if not _sooner(due, turn, heap[child], last):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last


@numba.njit(cache=True)
def route(fds: Any, rate_Bps: Any, depth_bytes: Any, delay_s: Any, paths: Any, counts: Any) -> None:
    """Carry packets until the board says to end."""
    hosts = len(fds)
    store = np.empty((_SLOTS, _PACKET_BYTES), np.uint8)
    length = np.zeros(_SLOTS, np.int64)
    source, target, hop = np.zeros(_SLOTS, np.int64), np.zeros(_SLOTS, np.int64), np.zeros(_SLOTS, np.int64)
    due, turn = np.zeros(_SLOTS), np.zeros(_SLOTS, np.int64)
    free = np.arange(_SLOTS)
    heap = np.empty(_SLOTS, np.int64)
    empty_s = np.zeros(len(rate_Bps))  # when each queue will have sent what it holds
    polled = np.empty(hosts, np.int64)  # struct pollfd: int fd, short events, short revents
    for host in range(hosts):
        polled[host] = fds[host] | (_POLLIN << 32)
    pair, timeout = np.zeros(2, np.int64), np.zeros(2, np.int64)
    frees, waiting, turns = _SLOTS, 0, 0
    now = _now_s(pair)
    while counts[0, END] == 0:
        # What is due moves on: into the next queue of its path, or out.
        while waiting and due[heap[0]] <= now:
            slot = heap[0]
            _pop(heap, waiting, due, turn)
            waiting -= 1
            counts[0, LATE_NS] = max(counts[0, LATE_NS], np.int64((now - due[slot]) * _EPOCH_S))
            a, b = source[slot], target[slot]
            queue = paths[a, b, hop[slot]]
            lost = counts[a + 1, CUT] != 0 or counts[b + 1, CUT] != 0
            if queue >= 0 and not lost:
                arrives_s = due[slot]  # not when the router came to it: lateness does not add up
                starts_s = max(empty_s[queue], arrives_s)
                if (starts_s - arrives_s) * rate_Bps[queue] + length[slot] <= depth_bytes[queue]:
                    empty_s[queue] = starts_s + length[slot] / rate_Bps[queue]
                    due[slot] = empty_s[queue] + delay_s[queue]
                    turn[slot], turns = turns, turns + 1
                    hop[slot] += 1
                    _push(heap, waiting, due, turn, slot)
                    waiting += 1
                    continue
                lost = True
            if lost:
                counts[a + 1, DROPPED] += length[slot]
            else:
                counts[b + 1, RECEIVED] += length[slot]
                _write(fds[b], store[slot].ctypes.data, length[slot])
            free[frees] = slot
            frees += 1
        wait_s = 0.05 if not waiting else min(0.05, max(0.0, due[heap[0]] - now))
        timeout[0], timeout[1] = 0, np.int64(wait_s * _EPOCH_S)
        _ppoll(polled.ctypes.data, hosts, timeout.ctypes.data, 0)
        for host in range(hosts):
            if not (polled[host] >> 48) & _POLLIN:
                continue
            while frees:
                slot = free[frees - 1]
                got = _read(fds[host], store[slot].ctypes.data, _PACKET_BYTES)
                if got <= 0:
                    break
                peer = np.int64(store[slot, 19]) - 1  # the last byte of the destination's IPv4 address
                if store[slot, 0] >> 4 != 4 or peer < 0 or peer >= hosts or peer == host:
                    continue
                counts[host + 1, SENT] += got
                frees -= 1
                length[slot], source[slot], target[slot], hop[slot] = got, host, peer, 0
                due[slot] = _now_s(pair)
                turn[slot], turns = turns, turns + 1
                _push(heap, waiting, due, turn, slot)
                waiting += 1
        now = _now_s(pair)


def main(fd: int) -> None:
    """Read the plan, say that it is ready on standard output, route."""
    with open(fd, encoding="utf-8") as file:
        plan = Plan(**json.load(file))
    counts = board(plan.board, len(plan.fds))
    arrays = (np.array(column) for column in (plan.rate_Bps, plan.depth_bytes, plan.delay_s))
    tables = (*arrays, np.array(plan.paths), counts)
    empty = counts.copy()
    empty[0, END] = 1
    route(np.array(plan.fds), *tables[:-1], empty)  # compiles, and ends at once
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    except PermissionError:
        print("no real-time priority", file=sys.stderr)
    print("ready", flush=True)
    route(np.array(plan.fds), *tables)


if __name__ == "__main__":
    main(int(sys.argv[1]))
