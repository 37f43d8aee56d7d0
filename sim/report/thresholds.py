"""Whether a threshold is met, as a sentence: `met: central: wan_bytes < 2 GB, though 3 of 40 deploys failed`."""

from __future__ import annotations

from sim.experiment.thresholds import Judgement
from sim.report.formatting import failed_of


def sentence(judged: Judgement) -> str:
    """The judgement, about how many more runs would decide it, and what failures have to do with it."""
    more = "" if judged.more_runs is None else f", about {judged.more_runs} more runs would decide"
    fails = "" if judged.failing is None else f", as {judged.failing} fails more"
    failures = judged.failures if judged.outcome == "met" else None
    though = "" if failures is None else f", though {failed_of(failures)} deploys failed"
    return f"{judged.outcome}: {judged.of}: {judged.condition}{more}{fails}{though}"
