"""The table `[tcp]`: how connections share links, whether bodies side by side open connections of their own, and what
hosts do about links that are down.

Their models are `network/tcp/windows` and `network/tcp/retransmission`. What TCP does otherwise has figures elsewhere:
`window` of a host, and `network/tcp`. Left out: options that differ from host to host; HTTP/2's own
windows of a stream, and what a lost packet of one stream holds up of the others (RFC 9113).
"""

from __future__ import annotations

from typing import Literal

from sim.figures import Duration, Retries, Table, figure, setting


class Tcp(Table):
    """What hosts' TCP does on links that others use, too, and about an outage on each connection that it interrupts.

    Without an outage `shares` and `parallel` alone matter. `queue` is what packets wait where a flow fills its link:
    time-outs are that much longer. `retries` and `syn_retries` say when a connection, and one that is being opened, is
    given up. BBR's connections share evenly whatever `shares` says: their windows don't differ for long.
    """

    shares: Literal["even", "windows"] = setting(
        "shares", "even",
        about="How connections share a full link: evenly, or as large as their congestion windows are.",
    )  # fmt: skip
    congestion: Literal["cubic", "bbr"] = figure(
        "congestion", "cubic", source="Linux, net/ipv4/Kconfig: the default",
        about="The congestion control by which connections share, and come back after an outage.",
    )  # fmt: skip
    parallel: Literal["open", "opened", "shared"] = figure(
        "parallel", "opened", source="Go, net/http: over HTTP/1.1 each request under way has a connection of its own",
        about="Whether bodies side by side find their connections open, open each but the first when they need it, or "
        "share one connection with one window, as over HTTP/2.",
    )  # fmt: skip
    queue_s: Duration = figure(
        "queue", "0 s", assumption=True, range=("0 s", "100 ms"),
        about="How long packets wait before a link that a flow fills, which retransmission time-outs allow for; what "
        "comes to a full queue is dropped.",
    )  # fmt: skip
    retries: Retries = figure(
        "retries", 15, source="Linux ip-sysctl, tcp_retries2: given up after 924.6 s",
        about="How often a connection in use times out before its host gives it up.",
    )  # fmt: skip
    syn_retries: Retries = figure(
        "syn_retries", 6, source="Linux ip-sysctl, tcp_syn_retries: given up after 127 s",
        about="How often a host tries again to open a connection before it gives up.",
    )  # fmt: skip

    @property
    def by_window(self) -> bool:
        """Whether flows have windows."""
        return self.shares == "windows" and self.congestion == "cubic"
