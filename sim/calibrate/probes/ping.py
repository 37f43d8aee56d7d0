"""Round trips from what `ping` printed: iputils, BusyBox, macOS, Windows, fping, in whatever language.

A reply is known by its `ttl=` and its time in ms, whatever the words around them, and fping's by its number in
brackets. Copies of a reply (`DUP!`, or a number that was seen lately) are of other hosts or of a loop and do not count;
after 65,535 numbers begin anew, and so they do in each of several runs in one file. `ping -q` prints no replies, and
then its own mean and deviation are used. Left out: replies that came after ping had ended.
"""

from __future__ import annotations

import math
import re
from typing import Final

from scipy.special import stdtrit

from sim.calibrate.probes.estimate import Estimate, Evidence, about, median, values_of
from sim.errors import InputError
from sim.stats.intervals import CONFIDENCE

#: Among so many replies before it a copy of a reply is looked for.
_RECENT: Final = 1000
#: Windows has no `ttl` for addresses of IPv6, macOS calls it `hlim`.
_REPLY: Final = re.compile(
    r"^.*?(?:(?:\bttl|\bTTL|\bhlim)=|: \[\d+\], \d+ bytes, "
    r"|^\S.* [0-9a-fA-F:]*:[0-9a-fA-F:%]*: [^\d=<]+[=<]\d+ ?ms\s*$).*$",
    re.MULTILINE,
)
#: Spanish and Portuguese Windows write `<1m`; in a Cyrillic code page the unit is two bytes that are no UTF-8.
_TIME: Final = re.compile(
    r"(?P<bound>[=<]|bytes,) ?(?P<ms>\d+(?:[.,]\d+)?) ?(?:ms\b|мс|m(?= TTL)|\ufffd\ufffd(?= TTL))"
)
_NUMBER: Final = re.compile(r"\b(?:icmp_)?seq=(\d+)|: \[(\d+)\]")
#: Where a run ends: BSD's and iputils' statistics, and Windows'.
_END: Final = re.compile(r"^(?:--- .* ---|.*\n +[^\n]*= \d+, [^=\n]*= \d+, [^=\n]*= \d+.*)$", re.MULTILINE)
#: `5 packets transmitted, 3 received, 40% packet loss`, and Windows' `Sent = 4, Received = 4, Lost = 0 (0% loss)`.
_SENT: Final = re.compile(r"^(\d+) [^\d\n]+, (\d+) [^\n]*?[\d.,]+ ?%", re.MULTILINE)
_SENT_WINDOWS: Final = re.compile(r"= (\d+), [^=\n]*= (\d+), [^=\n]*= \d+\s*\(")
_QUIET: Final = re.compile(r"= ?([\d.]+)/([\d.]+)/([\d.]+)(?:/([\d.]+))? ms")


def is_ping(text: str) -> bool:
    """Whether a file's beginning looks like ping's."""
    return any(_TIME.search(line) for line in _REPLY.findall(text)) or _counts(text) is not None


def ping(path: str, text: str) -> Evidence:
    """The median round trip as the client's `rtt`. InputError where no reply came."""
    numbers: list[int] = []
    times_s: list[float] = []
    copies = bounds = 0
    for run in _END.split(text):
        fresh: list[int] = []
        for line in _REPLY.findall(run):
            taken, number = _TIME.search(line), _NUMBER.search(line)
            if taken is None:
                continue
            place = len(times_s) + 1 if number is None else int(number[1] or number[2])
            if "DUP!" in line or (number is not None and place in fresh[-_RECENT:]):
                copies += 1
                continue
            fresh.append(place)
            times_s.append(float(taken["ms"].replace(",", ".")) / 1e3)
            bounds += taken["bound"] == "<"
        numbers += fresh
    sent = _counts(text)
    if not times_s:
        return _quiet(path, text, sent)
    values = values_of(path, times_s, "replies")
    lost = f"; {sent[0] - sent[1]} of {sent[0]} were lost" if sent else ""
    lost += f"; {copies} copies of replies do not count" if copies else ""
    rtt = median("round trip", "s", values, f"{path}: median of {len(values)} pings{lost}", "clients.CLIENT.rtt")
    spread = f"from {values.min() * 1e3:.3g} to {values.max() * 1e3:.3g} ms"
    below = (f"how much less {bounds} of {len(values)} replies took: they say below, and count as that",)
    seen = about("ping", "packet", numbers, values, rtt.value)
    return Evidence(path, "ping", (rtt,), _open(spread) + (below if bounds else ()), (seen,))


def _quiet(path: str, text: str, sent: tuple[int, int] | None) -> Evidence:
    """The mean that `ping -q` printed. InputError where nothing came."""
    summary = _QUIET.search(text)
    if sent is not None and sent[1] == 0:
        raise InputError(path, f"no reply came, {sent[0]} of {sent[0]} were lost", "ping an address that answers")
    if summary is None and sent is not None:
        problem = f"no reply of the address itself came to {sent[0]} pings"
        raise InputError(path, problem, "ping an address that answers, without -q")
    if summary is None or sent is None or sent[1] < 3 or summary[4] is None:
        raise InputError(path, "has no replies, nor a mean of three or more with its deviation", "ping without -q")
    low_s, mean_s, high_s, deviation_s = (float(each) / 1e3 for each in summary.groups())
    n = sent[1]
    half_s = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * deviation_s / math.sqrt(n)
    source = f"{path}: mean of {n} pings, by ping -q; {sent[0] - n} of {sent[0]} were lost"
    rtt = Estimate("round trip", "s", mean_s, mean_s - half_s, mean_s + half_s, n, source, "clients.CLIENT.rtt")
    spread = f"from {low_s * 1e3:.3g} to {high_s * 1e3:.3g} ms"
    return Evidence(
        path, "ping", (rtt,), (*_open(spread), "the median: -q prints none, and a few slow replies raise a mean")
    )


def _open(spread: str) -> tuple[str, ...]:
    return (
        "a rate, a queue under load or a request's service time",
        f"why replies took {spread}: the model keeps one value",
    )


def _counts(text: str) -> tuple[int, int] | None:
    """Packets sent and received, of all runs."""
    found = [*_SENT.finditer(text), *_SENT_WINDOWS.finditer(text)]
    return (sum(int(each[1]) for each in found), sum(int(each[2]) for each in found)) if found else None
