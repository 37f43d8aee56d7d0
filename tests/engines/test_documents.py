"""Torture: whole scenarios with everything at once, run under audit by both engines, keep what every run promises.

Each deploy ends once, ready or failed with a reason; its phases sum to its latency; bytes are neither lost nor made;
both engines leave the same rows, and so does the same run again. What fails is made small by hypothesis, which then
prints the scenario and the command that repeats it.
"""

from __future__ import annotations

import math
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, note, settings

import sim
from sim.tables.rows import PHASES
from tests.engines import documents
from tests.engines.worlds import Document

PURPOSES = ("push", "pull", "sync")
#: Most of these take a tenth of a second by SimPy and one in a hundred ten; what takes as long as this, on a busy
#: machine too, hangs.
PATIENCE_S = 600


@contextmanager
def bounded() -> Iterator[None]:
    """What takes longer than anybody waits fails: SIGALRM comes between any two steps of the interpreter."""

    def hangs(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def keeps_its_promises(result: sim.Result) -> None:
    """What must hold of the rows of any run; links, tasks and storage the audit has looked at while it went on."""
    deploys, starts = result.deploys, result.starts
    failed = deploys.failed.to_numpy()
    assert sorted(deploys.deploy) == list(range(len(deploys)))
    assert ((deploys.reason.astype(str) != "") == failed).all()
    assert (np.isinf(deploys.latency_s) == failed).all()
    assert not deploys.ended_s.isna().any()
    assert (deploys.ended_s >= deploys.asked_s).all()
    ready = deploys[~failed]
    phases_s = ready[[f"{phase}_s" for phase in PHASES]]
    assert (phases_s.to_numpy() >= 0).all()
    # Each phase is a difference of two instants, which floats know to half a spacing.
    slack_s = 1e-9 + len(PHASES) * np.spacing(ready.ended_s.to_numpy())
    assert (abs(phases_s.sum(axis=1) - ready.latency_s).to_numpy() <= slack_s).all()
    assert (starts.ready_s >= starts.asked_s).all()
    _bytes_are_conserved(result)


def _bytes_are_conserved(result: sim.Result) -> None:
    transfers, deploys = result.transfers, result.deploys
    size_bytes = transfers.size_bytes
    assert (size_bytes > 0).all()
    assert (transfers.ended_s >= transfers.started_s).all()
    sums = {purpose: int(size_bytes[transfers.purpose == purpose].sum()) for purpose in PURPOSES}
    assert sums == {purpose: result.metrics[f"{purpose}_bytes"] for purpose in PURPOSES}
    assert sums["push"] == deploys.pushed_bytes.sum()
    assert sums["sync"] == result.syncs.size_bytes.sum()
    registries = result.registries.set_index("registry")
    for end, column in (("source", "sent_bytes"), ("target", "received_bytes")):
        total = Counter(size_bytes.groupby(transfers[end], observed=True).sum().to_dict())
        assert registries[column].to_dict() == {name: total[name] for name in registries.index}


@given(documents.documents())
@settings(
    max_examples=settings.default.max_examples // 10,
    suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture,
                           HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example],
)  # fmt: skip
@pytest.mark.usefixtures("machine_code")
def test_whole_scenarios_keep_what_runs_promise(tmp_path: Path, made: Document) -> None:
    """Whatever is written in one scenario, both engines run it alike and to its end, and twice alike."""
    scenario = documents.read(made)
    assume(scenario is not None)
    assert scenario is not None
    file = tmp_path / "scenario.toml"
    file.write_text(documents.text(made))
    note(f"{file.read_text()}\npython -m sim run {file} --engine reference")
    with bounded():
        one = sim.run(scenario, engine="reference")
        keeps_its_promises(one)
        for engine in ("compiled", "compiled"):
            other = sim.run(scenario, engine=engine)
            assert (one.digest, one.events, one.flows) == (other.digest, other.events, other.flows)
        assert math.isfinite(one.simulated_s)
