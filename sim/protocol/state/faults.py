"""What breaks and when, and what links carry at which hours. See ops/faults, ops/downtimes, ops/link_schedules."""

from __future__ import annotations


class Outage:
    """From when until when something is not as it should be, in the order in which they begin."""

    from_s: float
    until_s: float  # INF: it stays so
    kind: int  # in `ops.faults.KINDS`
    registry: int  # -1: a link
    link_up: int
    link_down: int
    factor: float


class Effect:
    """What an outage in force does, in the list of its link or registry."""

    kind: int
    factor: float
    next: int = -1


class Downtime:
    """A time in which a link carried nothing."""

    from_s: float
    until_s: float  # INF: it does still
    before: int  # the link's downtime before this one, or -1


class LinkFault:
    """What breaks a link just now, and when it was down; a registry's disk is down while the registry is."""

    is_disk: int  # of a registry that is down, or was
    first_effect: int = -1
    last_downtime: int = -1


class ScheduleStep:
    """At this time of every day of a run a link's schedule has a step."""

    from_s: float
    link: int
    capacity_Bps: float
