"""The rig's router alone: packets on sockets instead of TUN devices, so that neither root nor a network is needed."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROUTER = Path(__file__).with_name("router.py")
#: 1.2 MB/s: a packet of 1,200 bytes takes 1 ms, and 60 ms of it are 60 packets.
RATE_BPS, PACKET_BYTES, DELAY_S, DEPTH_BYTES = 1.2e6, 1200, 0.02, 72_000.0
#: How often what takes its time is tried, on a machine that may be busy with something else.
TRIES = 20


def packet(number: int, target: int) -> bytes:
    """An IPv4 packet to the host of that number, told apart by its own."""
    head = struct.pack("!B15x4B", 0x45, 10, 99, 0, target + 1)
    return (head + struct.pack("!I", number)).ljust(PACKET_BYTES, b"\0")


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[socket.socket, socket.socket, Path]]:
    """Two hosts' ends of a running router, each host with an up queue and a down queue; and the router's board."""
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    for mine, theirs in pairs:
        theirs.setblocking(False)
        mine.settimeout(0.5)
    board = tmp_path / "board"
    board.write_bytes(bytes(8 * 4 * 3))
    fds = [theirs.fileno() for _, theirs in pairs]
    plan = {
        "board": str(board), "fds": fds, "rate_Bps": [RATE_BPS] * 4, "depth_bytes": [DEPTH_BYTES] * 4,
        "delay_s": [DELAY_S] * 4, "paths": [[[-1, -1, -1], [0, 3, -1]], [[2, 1, -1], [-1, -1, -1]]],
    }  # fmt: skip
    reading, writing = os.pipe()
    os.write(writing, json.dumps(plan).encode())
    os.close(writing)
    argv = [sys.executable, str(ROUTER), str(reading)]
    with subprocess.Popen(argv, pass_fds=[*fds, reading], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as router:
        os.close(reading)
        assert router.stdout is not None
        assert router.stdout.readline() == b"ready\n"
        yield pairs[0][0], pairs[1][0], board
        set_word(board, 0, 3, 1)
        assert router.wait(5) == 0
    for mine, theirs in pairs:
        mine.close()
        theirs.close()


def set_word(board: Path, row: int, column: int, value: int) -> None:
    """Write one number of the board."""
    with board.open("r+b") as file:
        file.seek(8 * (4 * row + column))
        file.write(struct.pack("=q", value))


def word(board: Path, row: int, column: int) -> int:
    """Read one number of the board."""
    return int(struct.unpack_from("=q", board.read_bytes(), 8 * (4 * row + column))[0])


def received(end: socket.socket) -> list[tuple[float, int]]:
    """When each packet came and its number, until none has come for half a second."""
    found = []
    while True:
        try:
            data = end.recv(2048)
        except TimeoutError:
            return found
        found.append((time.monotonic(), struct.unpack_from("!I", data, 20)[0]))


def test_a_packet_takes_both_queues_and_both_delays(ends: tuple[socket.socket, socket.socket, Path]) -> None:
    """1 ms in each of two queues and 20 ms after each: never less than 42 ms, and on some try within 3 ms of it."""
    a, b, _ = ends

    def took_s() -> float:
        began_s = time.monotonic()
        a.send(packet(1, 1))
        b.recv(2048)
        ended_s = time.monotonic()
        assert ended_s - began_s >= 0.042
        return ended_s - began_s

    assert any(took_s() < 0.045 for _ in range(5 * TRIES))


def test_a_full_queue_drops_its_tail(ends: tuple[socket.socket, socket.socket, Path]) -> None:
    """Of 100 packets at once, 60 find room (and those that enter while the first leave); the others are the last.

    On a busy machine they may not be sent at once: then more find room, and they are sent again.
    """
    a, b, board = ends

    def find_room() -> int:
        before = [word(board, 1, 0), word(board, 2, 1), word(board, 1, 2)]
        for number in range(100):
            a.send(packet(number, 1))
        numbers = [number for _, number in received(b)]
        assert numbers == sorted(numbers)
        assert numbers[:60] == list(range(60))
        after = [word(board, 1, 0), word(board, 2, 1), word(board, 1, 2)]
        told = [now - then for now, then in zip(after, before, strict=True)]
        assert told == [packets * PACKET_BYTES for packets in (100, len(numbers), 100 - len(numbers))]
        return len(numbers)

    assert any(find_room() < 80 for _ in range(TRIES))


def test_packets_leave_at_the_rate(ends: tuple[socket.socket, socket.socket, Path]) -> None:
    """50 packets of 1 ms each come over 49 ms, on some try within 5 ms of it."""
    a, b, _ = ends

    def apart_s() -> float:
        for number in range(50):
            a.send(packet(number, 1))
        came = received(b)
        assert len(came) == 50
        return came[-1][0] - came[0][0]

    assert any(abs(apart_s() - 0.049) < 0.005 for _ in range(TRIES))


def test_a_cut_host_hears_nothing(ends: tuple[socket.socket, socket.socket, Path]) -> None:
    """What is sent while the link is cut is lost; what is sent after it arrives."""
    a, b, board = ends
    set_word(board, 1, 3, 1)
    a.send(packet(1, 1))
    ends_s = time.monotonic() + 60
    while word(board, 1, 2) == 0:  # bytes dropped on their way from it
        assert time.monotonic() < ends_s
        time.sleep(0.01)
    set_word(board, 1, 3, 0)
    a.send(packet(2, 1))
    assert [number for _, number in received(b)] == [2]
