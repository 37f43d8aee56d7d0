"""The rig's hosts: a network namespace each, with a TUN device that leads to the router; and processes inside them.

Everything is undone on the way out, whatever happens; processes die with the rig even when it is killed, and a rig that
was killed leaves namespaces, which the next one removes.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import router
from numpy.typing import NDArray

from sim.calibrate.rig.files import Host

QUEUE_S = 0.06
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET, _PR_SET_PDEATHSIG = 0x40000000, 1
_NAMESPACES = Path("/run/netns")
_SESSION = Path("/proc/self/autogroup")
_CHILD = re.compile(r"rig(\d+)-\d+")
_SETTINGS = (
    "net.ipv6.conf.all.disable_ipv6=1",
    # As the kernel has them unless someone changed it: what `README.md` says of the hosts.
    "net.ipv4.tcp_slow_start_after_idle=1",
)
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Hosts:
    """Hosts under way: their namespaces in order, and the router's board."""

    names: tuple[str, ...]
    namespaces: tuple[str, ...]
    board: NDArray[Any]
    router: subprocess.Popen[bytes]

    def address(self, host: str) -> str:
        """Its IPv4 address."""
        return f"10.99.0.{self.names.index(host) + 1}"

    def start(self, host: str, argv: Sequence[str], user: int | None = None, **kept: Any) -> subprocess.Popen[bytes]:
        """Start a process on a host, as `user` if given; it dies when the rig does."""
        namespace = os.open(_NAMESPACES / self.namespaces[self.names.index(host)], os.O_RDONLY | os.O_CLOEXEC)

        def inside() -> None:
            if _libc.setns(namespace, _CLONE_NEWNET) != 0:
                os._exit(126)
            # What else this machine does should not hold a client or a registry up (`_before_others`, too).
            os.setpriority(os.PRIO_PROCESS, 0, -20)
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            _die_with_parent()

        try:
            # The rig runs no threads, which is what makes `preexec_fn` safe.
            return subprocess.Popen(argv, preexec_fn=inside, **kept)
        finally:
            os.close(namespace)

    def counted(self, host: str) -> tuple[int, int]:
        """Bytes of IP packets that a host has sent and received so far."""
        row = self.board[self.names.index(host) + 1]
        return int(row[router.SENT]), int(row[router.RECEIVED])

    def cut(self, host: str, cut: bool) -> None:
        """Lose everything from and to a host, or no longer."""
        self.board[self.names.index(host) + 1, router.CUT] = int(cut)

    def take_lateness_s(self) -> float:
        """By how much the router was late at worst since this was last asked."""
        late_s = self.board[0, router.LATE_NS] / 1e9
        self.board[0, router.LATE_NS] = 0
        return float(late_s)


@contextmanager
def hosts(wanted: Sequence[Host], congestion: str, folder: Path) -> Iterator[Hosts]:
    """Set the hosts of a scenario up, joined by a running router."""
    _sweep()
    names = tuple(host.name for host in wanted)
    namespaces = tuple(f"rig{os.getpid()}-{number}" for number in range(len(wanted)))
    with ExitStack() as undo:
        undo.enter_context(_allowed(congestion))
        undo.enter_context(_before_others())
        devices = []
        for number, namespace in enumerate(namespaces):
            device = f"rg{os.getpid()}.{number}"
            devices.append(_tun(device))
            undo.callback(os.close, devices[-1])
            undo.callback(_remove, namespace)
            _ip(f"netns add {namespace}")
            _ip(f"link set {device} netns {namespace}")
            _ip(
                "link set lo up", f"addr add 10.99.0.{number + 1}/24 dev {device}",
                f"link set {device} mtu 1500 txqueuelen 5000 up", namespace=namespace,
            )  # fmt: skip
            settings = (*_SETTINGS, f"net.ipv4.tcp_congestion_control={congestion}")
            subprocess.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", *settings], check=True)
        board = router.new_board(folder / "board", len(wanted))
        running = _route(plan(wanted, devices, folder / "board"), devices)
        undo.callback(_end, running, board)
        yield Hosts(names, namespaces, board, running)


def plan(wanted: Sequence[Host], devices: list[int], board: Path) -> router.Plan:
    """Queues and paths: each host has an up queue (2 i) and a down queue (2 i + 1), each followed by its delay.

    A host `via` another sits behind that one's access link: up its own, then up the other's, unless both ends are
    behind the same one.
    """
    names = [host.name for host in wanted]
    chains = [[number, *([names.index(host.via)] if host.via else [])] for number, host in enumerate(wanted)]
    rates = [rate * 1e6 / 8 for host in wanted for rate in (host.up, host.down)]
    paths = [[_path(a, b) for b in chains] for a in chains]
    return router.Plan(
        board=str(board),
        fds=devices,
        rate_Bps=rates,
        depth_bytes=[QUEUE_S * rate for rate in rates],
        delay_s=[host.delay / 1e3 for host in wanted for _ in ("up", "down")],
        paths=paths,
    )


def _path(a: list[int], b: list[int]) -> list[int]:
    """Queues from the host of chain `a` to that of `b`, filled up with -1."""
    up = [2 * host for host in a if host not in b]
    down = [2 * host + 1 for host in reversed(b) if host not in a]
    return [*up, *down, *[-1] * (5 - len(up) - len(down))]


@contextmanager
def _allowed(congestion: str) -> Iterator[None]:
    """Let namespaces choose a congestion control, which the kernel holds back unless the machine's own allows it."""
    setting = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
    before = setting.read_text()
    if congestion in before.split():
        yield
        return
    setting.write_text(f"{before.strip()} {congestion}")
    try:
        yield
    finally:
        setting.write_text(before)


@contextmanager
def _before_others() -> Iterator[None]:
    """Put this session before all others.

    Linux shares processors among sessions first (sched(7), "The autogroup feature"): what a process's own nice value
    says counts among those of its session alone, and the work of other sessions would be as good as the rig's.
    """
    before = session_nice()
    if before is None:
        yield
        return
    _SESSION.write_text("-20")
    try:
        yield
    finally:
        _SESSION.write_text(before)


def session_nice() -> str | None:
    """The nice value of this session, or None where sessions don't share processors.

    That is so where the kernel has no such groups, and in the session that the machine began with, whose file is empty.
    """
    told = _SESSION.read_text().split() if _SESSION.exists() else []  # "/autogroup-25 nice 0"
    return told[-1] if told else None


def _tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def _ip(*commands: str, namespace: str | None = None) -> None:
    inside = ["-n", namespace] if namespace else []
    subprocess.run(["ip", *inside, "-batch", "-"], input="\n".join(commands).encode(), check=True)


def _route(told: router.Plan, devices: list[int]) -> subprocess.Popen[bytes]:
    reading, writing = os.pipe()
    os.write(writing, told.to_json().encode())
    os.close(writing)
    running = subprocess.Popen(
        [sys.executable, router.__file__, str(reading)],
        pass_fds=[*devices, reading], stdout=subprocess.PIPE, preexec_fn=_die_with_parent,
    )  # fmt: skip
    os.close(reading)
    assert running.stdout is not None
    if running.stdout.readline() != b"ready\n":
        running.wait()
        raise OSError("the router did not start")
    return running


def _end(running: subprocess.Popen[bytes], board: NDArray[Any]) -> None:
    board[0, router.END] = 1
    try:
        running.wait(2)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    if running.stdout is not None:
        running.stdout.close()


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _sweep() -> None:
    """Remove the namespaces of rigs that are no more."""
    for path in _NAMESPACES.glob("rig*"):
        found = _CHILD.fullmatch(path.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            _remove(path.name)


def _remove(namespace: str) -> None:
    """Remove a namespace if it is there: a rig may end at any point."""
    if (_NAMESPACES / namespace).exists():
        _ip(f"netns del {namespace}")
