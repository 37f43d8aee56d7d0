"""Whether a path is policed: its packets are thrown away above some rate, whatever the queue.

Where a fifth of the packets gets lost in two intervals whose rates are alike, BBR takes their rate for what it may
send, and tries no more for a while. On a link whose queue is short that happens without anybody who polices.

Source: Linux 6.18 (net/ipv4/tcp_bbr.c, `bbr_lt_bw_sampling`), after Flach et al., "An Internet-wide analysis of traffic
policing", SIGCOMM 2016. Rates are segments/s. Part of the text that `packets` begins.
"""

from __future__ import annotations

from typing import Any

LOSSY, POLICED_LEAST, POLICED_MOST, ALIKE, POLICED_ROUNDS = 50 / 256, 4, 16, 1 / 8, 48
"""A path is taken to be policed where so many of the packets get lost in two intervals (of so many rounds) whose rates
differ by an eighth at most; the rate of these then holds for so many rounds."""

#: Of a flow's record, beside what `packets` and `bbr` have there.
POLICING_FIELDS = (
    *((name, "f8") for name in ("policed_rate", "policed_since")),
    *((name, "i8") for name in ("policed", "sampling", "policed_rounds", "policed_delivered", "policed_losses")),
)


def see_policing(flow: Any, idle: int, missing: int, cruises: bool, begins: bool, now: float) -> bool:
    """Whether somebody throws away what is too much is `policed` from now on; True where that ends, and the cycle of
    rates begins anew.

    `idle`: what was heard tells how fast bytes were written; `missing`: so many were lost; `begins`: a round does,
    `cruises` with the cycle under way.
    """
    if flow.policed:
        if cruises:
            flow.policed_rounds += 1
            if flow.policed_rounds >= POLICED_ROUNDS:
                _forget(flow, now)
                return True
        return False
    if not flow.sampling:
        if not missing:
            return False
        _sample_anew(flow, now)
        flow.sampling = 1
    if idle:
        _forget(flow, now)
        return False
    if begins:
        flow.policed_rounds += 1
    if flow.policed_rounds < POLICED_LEAST:
        return False
    if flow.policed_rounds > POLICED_MOST:
        _forget(flow, now)
        return False
    delivered, lost = flow.delivered - flow.policed_delivered, flow.losses - flow.policed_losses
    lasted = now - flow.policed_since
    if not missing or delivered == 0 or lost < LOSSY * delivered or lasted < 0.001:
        return False
    rate = delivered / lasted
    if flow.policed_rate > 0 and abs(rate - flow.policed_rate) <= ALIKE * flow.policed_rate:
        flow.policed_rate = (rate + flow.policed_rate) / 2
        flow.policed = 1
        flow.policed_rounds = 0
        return False
    flow.policed_rate = rate
    _sample_anew(flow, now)
    return False


def _forget(flow: Any, now: float) -> None:
    flow.policed_rate = 0.0
    flow.policed = flow.sampling = 0
    _sample_anew(flow, now)


def _sample_anew(flow: Any, now: float) -> None:
    """An interval begins."""
    flow.policed_since, flow.policed_rounds = now, 0
    flow.policed_delivered, flow.policed_losses = flow.delivered, flow.losses
