"""Whether a path is policed: its packets are dropped above some rate, whatever the queue.

Where a fifth of the packets gets lost in two intervals whose rates are alike, BBR takes their rate for what it may
send, and tries no more for a while. On a link whose queue is short that happens without anybody who polices.

Source: Linux 6.18 (net/ipv4/tcp_bbr.c, `bbr_lt_bw_sampling`), after Flach et al., "An Internet-wide analysis of traffic
policing", SIGCOMM 2016. Kernel code (see `sim.records`), part of what `packets` begins.
"""

from __future__ import annotations

from typing import Any

LOSS_SHARE, ALIKE = 50 / 256, 1 / 8
"""A path is taken to be policed where so many of the packets get lost in two intervals, whose rates differ by no more
than an eighth."""
MIN_SAMPLE_ROUNDS, MAX_SAMPLE_ROUNDS, POLICED_ROUNDS = 4, 16, 48
"""How long an interval is; and for how long their rate then holds."""


def update_policing(w: Any, f: int, app_limited: int, missing: int, cruises: bool, begins: bool, now: float) -> bool:
    """Whether the path of flow `f` is `policed` from now on; True where that ends, and its cycle begins anew.

    `app_limited`: what arrived says how fast bytes were written; `missing`: so many were lost; `begins`: a round does,
    `cruises` with the cycle under way.
    """
    flow = w.flows[f]
    if flow.policed:
        if cruises:
            flow.policed_rounds += 1
            if flow.policed_rounds >= POLICED_ROUNDS:
                _reset_sampling(w, f, now)
                return True
        return False
    if not flow.sampling:
        if not missing:
            return False
        _begin_sample(w, f, now)
        flow.sampling = 1
    if app_limited:
        _reset_sampling(w, f, now)
        return False
    if begins:
        flow.policed_rounds += 1
    if flow.policed_rounds < MIN_SAMPLE_ROUNDS:
        return False
    if flow.policed_rounds > MAX_SAMPLE_ROUNDS:
        _reset_sampling(w, f, now)
        return False
    delivered, lost = flow.delivered - flow.sample_delivered, flow.losses - flow.sample_losses
    lasted = now - flow.sample_began_s
    if not missing or delivered == 0 or lost < LOSS_SHARE * delivered or lasted < 0.001:
        return False
    rate = delivered / lasted
    if flow.policed_bw > 0 and abs(rate - flow.policed_bw) <= ALIKE * flow.policed_bw:
        flow.policed_bw = (rate + flow.policed_bw) / 2
        flow.policed = 1
        flow.policed_rounds = 0
        return False
    flow.policed_bw = rate
    _begin_sample(w, f, now)
    return False


def _reset_sampling(w: Any, f: int, now: float) -> None:
    """Nothing is known of a policer."""
    flow = w.flows[f]
    flow.policed_bw = 0.0
    flow.policed = flow.sampling = 0
    _begin_sample(w, f, now)


def _begin_sample(w: Any, f: int, now: float) -> None:
    """An interval begins."""
    flow = w.flows[f]
    flow.sample_began_s, flow.policed_rounds = now, 0
    flow.sample_delivered, flow.sample_losses = flow.delivered, flow.losses
