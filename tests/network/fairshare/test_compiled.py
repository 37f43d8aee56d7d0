"""The interpreter and machine code give the same times, bit for bit."""

import numpy as np
import pytest

from sim.network import Change, Flows, Fluid, simulate
from sim.network.fairshare import fluid


def busy(seed, links, routes, flows):
    """A random network that is mostly saturated, with weights and caps."""
    draw = np.random.default_rng(seed)
    capacity = {f"l{e}": float(c) for e, c in enumerate(draw.uniform(1e6, 1e8, links))}
    crossed = [tuple(draw.permutation(links)[: draw.integers(1, min(links, 5) + 1)].tolist()) for _ in range(routes)]
    return capacity, Flows(
        start_s=draw.uniform(0, 60, flows),
        size_bytes=draw.exponential(2e6, flows),
        route=draw.integers(0, routes, flows),
        routes=crossed,
        weight=draw.choice([1.0, 1.0, 0.3, 2.0], flows),
        cap_Bps=draw.choice([np.inf, 3e5, 1e6], flows),
    )


@pytest.mark.parametrize(("seed", "links", "routes", "flows"), [(1, 1, 1, 300), (2, 12, 30, 600), (3, 60, 200, 900)])
def test_compiled_and_plain_times_are_identical(seed, links, routes, flows):
    """Not one bit of one completion time depends on how the code is run, capacity changes included."""
    capacity, asked = busy(seed, links, routes, flows)
    changes = [Change(10, "l0", 0), Change(20, "l0", 5e7)]
    plain = simulate(capacity, asked, changes, compiled=False)
    assert np.isfinite(plain).all()
    assert plain.tobytes() == simulate(capacity, asked, changes, compiled=True).tobytes()


def test_going_on_compiled_in_the_middle_of_a_run_changes_nothing(monkeypatch):
    """A network that goes on as machine code half-way comes to the same, new classes and changes included."""

    def story():
        draw = np.random.default_rng(4)
        network = Fluid([1e6] * 8)
        seen, now = [], 0.0
        for token in range(700):
            route = tuple(draw.permutation(8)[:3].tolist())
            network.start(now, network.class_of(route, cap_Bps=draw.choice([2e5, 1e9])), draw.exponential(1e6), token)
            if token % 50 == 0:
                network.set_capacity(now, token % 8, draw.choice([5e5, 2e6]))
            if token > 40:
                now = network.next_finish_s
                seen.append((now, network.finished(now), network.link_bytes(now), network.flows))
        return seen

    monkeypatch.setattr(fluid, "COMPILE_AFTER", 10**9)
    plain = story()
    monkeypatch.setattr(fluid, "COMPILE_AFTER", 1000)
    assert story() == plain
