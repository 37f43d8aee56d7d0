"""What packets leave behind: rows for links, connections and transmissions, as `sim.records` has rows.

A *flow* is a connection that sends one body of bytes; rates are segments/s, windows and packets segments, times s. A
*transmission* is one time that a packet is sent; those of a flow are counted, and the last RING of them are kept, as
are the packets that it has to send again. Names are Linux's and the RFCs' where these have one.
"""

from __future__ import annotations

from typing import Final

from sim.network.tcp.transport import MSS_BYTES
from sim.records import Layout
from sim.records.layout import Int8
from sim.records.queue import Event, QueueGlobals

RING: Final = 8192
"""Transmissions that are remembered: more than can be in flight."""
SEND_BUFFER: Final = (4 << 20) // MSS_BYTES
"""Segments that a sender's socket holds at most (Linux, `net.ipv4.tcp_wmem`: 4 MiB)."""
BW_ROUNDS: Final = 10
"""Round trips for which BBR counts a delivery rate."""
BW_SAMPLES: Final = BW_ROUNDS + 1

CUBIC: Final = 0
BBR: Final = 1
"""Congestion controls."""
BY_LOSS: Final = 1
BY_TIMEOUT: Final = 2
"""What a flow's `recovery` is, by what began it; 0 while it is in none."""


class Link:
    """One direction of a cable with a drop-tail queue before it, bytes/s and bytes."""

    capacity: float
    depth: float  # below 0: it drops everything
    free_s: float  # when it will have sent all that it holds


class Flow:
    """A connection under way, and what its sender knows."""

    round_trip_s: float  # of propagation alone
    first_hop: int  # its route is hops[first_hop:end_hop]
    end_hop: int
    first_packet: int  # in `arrived`
    packets: int  # of its body, of which the last has
    last_packet_bytes: float
    control: int
    done: int
    last_event_s: float  # after which no event is about it
    # what is on its way
    transmissions: int  # so far: the next one's number
    oldest: int  # the first transmission that is not accounted for
    in_network: int  # packets that are on their way, to be acknowledged or dropped, and acknowledgements
    received: int  # packets that have arrived, each once
    ack_withheld: int  # 1: the receiver keeps an acknowledgement to itself for a while
    # what its sender sees (RFC 9293, 3.3.1; RFC 8985)
    written: int  # packets that the socket's buffer has had
    snd_nxt: int  # the next packet that was never sent
    snd_una: int  # all packets before it have arrived
    rwnd: int  # the receive window: so many from `snd_una` on may be sent
    in_flight: int
    max_in_flight: int  # since the window last shrank
    retransmit_first: int  # of the packets to send again, as a ring: `lost`
    retransmit_end: int
    recovery: int
    recovery_point: int  # until this packet has arrived
    timeouts: int  # in a row
    cwnd: float
    cwnd_limited: int  # 1: the window was the reason why it sent no more
    rtt_s: float
    min_rtt_s: float
    timer_set: int  # of pacing
    # its delivery rate (tcp_rate.c)
    delivered: int
    delivered_s: float  # when that was last known
    first_sent_s: float  # when what was delivered last was sent
    app_limited: int  # until so much is delivered, rates tell how fast bytes were written; 0: they tell the path's
    # CUBIC (RFC 9438), HyStart (RFC 9406), and how it reduces its window (RFC 6937)
    ssthresh: float
    w_max: float
    k_s: float
    origin: float
    epoch_s: float  # below 0: none has begun
    w_est: float  # what Reno's window would be
    round_end: int  # the transmission that ends this round
    round_began_s: float
    round_min_rtt_s: float
    rtt_samples: int
    last_ack_s: float
    recover_fs: int
    prr_delivered: int
    prr_out: int
    # BBR (draft-cardwell-iccrg-bbr-congestion-control-00, tcp_bbr.c)
    state: int
    losses: int
    departs_s: float  # when it may send next, by its pacing
    pacing_rate: float
    pacing_gain: float
    bottleneck_bw: float  # the highest rate of the last rounds
    last_bw_round: int
    full_bw: float
    full_bw_rounds: int
    full_bw_reached: int
    cycle_phase: int
    cycle_began_s: float
    rt_prop_s: float
    rt_prop_seen_s: float
    probe_rtt_ends_s: float  # 0: not settled yet
    probe_rtt_round_done: int
    rounds: int
    next_round_delivered: int
    prior_cwnd: int
    prior_recovery: int
    packet_conservation: int
    acked_in_epoch: int  # how far acknowledgements are ahead of the rate
    ack_epoch_s: float
    extra_acked: int
    extra_acked_before: int
    extra_acked_rounds: int
    random: int  # of its pseudo-random numbers
    # whether it is policed (tcp_bbr.c, `lt_*`)
    policed: int
    policed_bw: float
    policed_rounds: int
    sampling: int
    sample_began_s: float
    sample_delivered: int
    sample_losses: int


class Transmission:
    """One time that a packet was sent; and of its sender then, for its delivery rate: how much was delivered, when
    that was known, and when what was delivered last had been sent (tcp_rate.c)."""

    packet: int
    sent_s: float
    arrived: int
    delivered: int
    delivered_s: float
    first_sent_s: float
    app_limited: int


class Globals(QueueGlobals):
    """What there is one of, beside the queue: rows in use."""

    flows_used: int
    hops_used: int
    arrived_used: int  # a packet each


LAYOUT: Final = Layout(
    Globals,
    {
        "events": Event,  # an event's kind is the hop that a packet comes to, `what` its flow, `generation` its number
        "links": Link,
        "flows": Flow,
        "hops": int,  # the links of routes
        "hop_waits_s": float,  # how long a flow's packets have waited before each of them, together
        "transmissions": Transmission,  # RING for each flow
        "lost": int,  # RING for each flow: packets
        "arrived": Int8,  # 1: the packet has arrived, 2: its sender knows
        "bw_samples": float,  # BW_SAMPLES for each flow: the highest rate of a round
    },
    {
        "transmissions": ("flows", RING), "lost": ("flows", RING), "bw_samples": ("flows", BW_SAMPLES),
        "hop_waits_s": ("hops", 1),
    },
)  # fmt: skip
