"""What ops and the packet wire hand each other. See ops/packets."""

from __future__ import annotations


class PacketCall:
    """The one row by which ops ask the packet wire, and it answers."""

    delay_s: float  # how long after it is asked for a body begins
    wait_s: float  # in the queues of a lane
    # when it goes on
    driven: int  # its next event is in the queue
    until_s: float
    at_s: float
    ended: int = -1  # the flight whose last byte has left by then
    # of bodies that have ended
    sent: int  # packets
    again: int  # of these, those sent more than once
