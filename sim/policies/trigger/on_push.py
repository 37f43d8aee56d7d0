"""Each publish starts a copy of its own after the job's delay, as Harbor's event-based replication does."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Due, Owed

__all__ = ["Parameters", "due"]


def due(view: Owed, parameters: Parameters) -> Due | None:
    """The delay from the event to the job later."""
    return Due(view.now_s + view.delay_s, False)
