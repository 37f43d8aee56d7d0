"""Closed forms that the simulator is held against, each with its source; numbers in, numbers out.

Nothing here is used to simulate, so that agreement says something. Rates are requests or bytes per second, times
seconds. Every queue is stable (offered load below its servers) or the form raises ValueError.

Left out: transients, finite buffers, and correlations between queues (Jackson, "Networks of waiting lines", 1957, says
when there are none).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize


def erlang_c(servers: int, offered: float) -> float:
    """The chance that a request must wait in M/M/c; `offered` is the arrival rate times the mean service time.

    A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
    exchanges", 1917; as a recursion on Erlang's B: L. Kleinrock, "Queueing Systems", volume 1, 1975, section 3.5.
    """
    _stable(offered, servers)
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def mmc_wait_s(servers: int, rate_per_s: float, service_s: float) -> float:
    """The mean wait in M/M/c, s, those who do not wait included (Kleinrock, as above)."""
    offered = rate_per_s * service_s
    return erlang_c(servers, offered) * service_s / (servers - offered)


def mg1_wait_s(rate_per_s: float, service_s: float, variation: float) -> float:
    """The mean wait in M/G/1, s; `variation` is the squared coefficient of variation of the service time.

    F. Pollaczek 1930 and A. Y. Khinchine 1932; Kleinrock, section 5.6.
    """
    busy = rate_per_s * service_s
    _stable(busy, 1)
    return busy * service_s * (1 + variation) / (2 * (1 - busy))


def sharing_s(size_bytes: float, capacity_Bps: float, busy: float) -> float:
    """The mean time of a flow over a link that Poisson flows share evenly (M/G/1 processor sharing), s.

    Whatever the sizes' distribution: x / (C (1 - rho)). L. Kleinrock, "Time-shared systems: a theoretical treatment",
    1967; M. Sakata, S. Noguchi and J. Oizumi, "An analysis of the M/G/1 queue under round-robin scheduling", 1971.
    """
    _stable(busy, 1)
    return size_bytes / (capacity_Bps * (1 - busy))


def slow_start_transfer_s(size_bytes: float, rate_Bps: float, round_trip_s: float, window_bytes: float) -> float:
    """From a connection's first byte to its last at the sender, s: windows that double each round trip.

    Window by window, as the protocol does it: each leaves at once at the link's rate, and the next when the first
    acknowledgement is back, until a window lasts a round trip. N. Cardwell, S. Savage and T. Anderson, "Modeling TCP
    latency", INFOCOM 2000; the first window is RFC 6928's.
    """
    took_s, left_bytes = 0.0, float(size_bytes)
    while left_bytes > window_bytes and window_bytes < rate_Bps * round_trip_s:
        took_s += round_trip_s
        left_bytes -= window_bytes
        window_bytes *= 2
    return took_s + left_bytes / rate_Bps


def che_hit_chances(popularity: ArrayLike, places: int) -> NDArray[np.float64]:
    """The chance that a request for each item finds it in an LRU cache of `places` equal places, (n_items,).

    An item stays for the characteristic time t, in requests, that solves sum(1 - exp(-p t)) = places. H. Che, Y. Tung
    and Z. Wang, "Hierarchical web caching systems", 2002; why it is so exact: C. Fricker, P. Robert and J. Roberts, "A
    versatile and accurate approximation for LRU cache performance", 2012. An approximation, for Poisson requests.
    """
    chances = np.asarray(popularity, dtype=np.float64) / float(np.sum(popularity))
    if not 0 < places < len(chances):
        raise ValueError(f"places must be 1 to {len(chances) - 1}, got {places}")

    def excess(log_time: float) -> float:
        return float(-np.expm1(-chances * math.exp(log_time)).sum()) - places

    # With t requests at most t distinct items are seen, and after ever more of them all are.
    time = math.exp(optimize.brentq(excess, math.log(places / 2), math.log(1e3 * len(chances) / chances.min())))
    return np.asarray(-np.expm1(-chances * time))


def fresh_share(popularity: ArrayLike, requests: int) -> float:
    """The mean share of `requests` that ask for something not asked for before: misses of a cache without bound.

    The expected number of distinct items in n draws, sum(1 - (1 - p)^n), over n (the coupon collector's problem: P.
    Flajolet, D. Gardy and L. Thimonier, "Birthday paradox, coupon collectors, caching algorithms", 1992).
    """
    chances = np.asarray(popularity, dtype=np.float64) / float(np.sum(popularity))
    return float((1 - (1 - chances) ** requests).sum()) / requests


def little(rate_per_s: float, stay_s: float) -> float:
    """The mean number inside: J. D. C. Little, "A proof for the queuing formula L = lambda W", 1961."""
    return rate_per_s * stay_s


def utilisation(rate_per_s: float, service_s: float, servers: float = 1) -> float:
    """The mean share of the servers that is busy: P. J. Denning and J. P. Buzen, "The operational analysis of queueing
    network models", 1978."""
    return rate_per_s * service_s / servers


def _stable(offered: float, servers: int) -> None:
    if not 0 <= offered < servers:
        raise ValueError(f"offered load must be at least 0 and below {servers}, got {offered:g}")
