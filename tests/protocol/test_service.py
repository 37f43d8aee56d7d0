"""Workers serve in the order of arrival, as many at once as there are, and keep count."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.protocol.ops.service import SPARE_WORKERS, serve, serve_ahead
from sim.protocol.state import LAYOUT
from sim.records import ObjectState
from sim.records.layout import table_of


class Workers:
    """One registry's workers as rows, and what they did."""

    def __init__(self, count: int) -> None:
        registry = table_of(LAYOUT, "registries", {"workers": [count]})
        self._state = ObjectState(LAYOUT, {"registries": registry, "free_s": np.zeros(count)})
        self._row = self._state.registries[0]  # type: ignore[attr-defined]

    def serve(self, arrived_s: float, service_s: float) -> float:
        """When a request that arrives now is done."""
        return serve(self._state, 0, arrived_s, service_s)

    def serve_ahead(self, now_s: float, busy_s: float, requests: int) -> bool:
        """Whether requests that will arrive later are served ahead."""
        self._state.g.now_s = now_s
        return serve_ahead(self._state, 0, busy_s, requests)

    @property
    def free_s(self) -> list[float]:
        """The heap of the times at which each is free."""
        found: list[float] = self._state.free_s  # type: ignore[attr-defined]
        return found

    @property
    def requests(self) -> int:
        """Served so far."""
        return int(self._row.requests)

    @property
    def busy_s(self) -> float:
        """Spent on them."""
        return float(self._row.busy_s)

    @property
    def waited_s(self) -> float:
        """They waited, summed over requests."""
        return float(self._row.waited_s)

    @property
    def all_free_s(self) -> float:
        """From when on all are free."""
        return float(self._row.all_free_s)


def test_a_free_worker_serves_at_once() -> None:
    """A request at 5 s for 2 s is done at 7 s, and nobody waited."""
    workers = Workers(1)
    assert workers.serve(5.0, 2.0) == 7.0
    assert (workers.requests, workers.busy_s, workers.waited_s) == (1, 2.0, 0.0)


def test_one_worker_serves_one_after_the_other() -> None:
    """Requests at 0, 1 and 2 s of 2 s each end at 2, 4 and 6 s; the second waits 1 s, the third 2 s."""
    workers = Workers(1)
    assert [workers.serve(at_s, 2.0) for at_s in (0.0, 1.0, 2.0)] == [2.0, 4.0, 6.0]
    assert (workers.requests, workers.busy_s, workers.waited_s) == (3, 6.0, 3.0)


def test_two_workers_serve_two_at_once() -> None:
    """Three requests at 0 s of 2, 3 and 1 s: the third takes over from the first and also ends at 3 s."""
    workers = Workers(2)
    assert [workers.serve(0.0, service_s) for service_s in (2.0, 3.0, 1.0)] == [2.0, 3.0, 3.0]
    assert workers.waited_s == 2.0


def test_idle_time_is_lost() -> None:
    """After a pause a request starts when it arrives, not when the worker became free."""
    workers = Workers(1)
    workers.serve(0.0, 1.0)
    assert workers.serve(10.0, 1.0) == 11.0
    assert (workers.busy_s, workers.waited_s) == (2.0, 0.0)


def test_a_request_as_another_ends_does_not_wait() -> None:
    """A request at 1 s, when the one before ends, is done 1 s later."""
    workers = Workers(1)
    workers.serve(0.0, 1.0)
    assert workers.serve(1.0, 1.0) == 2.0
    assert workers.waited_s == 0.0


def test_requests_are_served_ahead_while_workers_are_to_spare() -> None:
    """With ten idle workers three requests are served ahead as 2 s of one; when only five are idle nothing is."""
    workers = Workers(10)
    assert workers.serve_ahead(0.0, 2.0, 3)
    assert (workers.requests, workers.busy_s, sorted(workers.free_s)) == (3, 2.0, [0.0] * 9 + [2.0])
    for _ in range(4):
        workers.serve(0.0, 2.0)
    assert not workers.serve_ahead(0.0, 2.0, 3)
    assert (workers.requests, workers.busy_s) == (7, 10.0)
    assert workers.serve_ahead(2.0, 1.0, 1)


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans()), max_size=80))
def test_serving_ahead_leaves_a_heap_and_keeps_count(count: int, asked: list[tuple[int, int, bool]]) -> None:
    """Served now or ahead, in any order: the earliest worker is first, and after `all_free_s` every one is free.

    Nothing is served ahead unless seven are idle, or all.
    """
    workers, now_s, busy_s = Workers(count), 0.0, 0.0
    for later_s, service_s, ahead in asked:
        now_s += later_s
        idle = sum(free_s <= now_s for free_s in workers.free_s)
        if not ahead:
            workers.serve(now_s, service_s)
        elif workers.serve_ahead(now_s, service_s, 1):
            assert idle >= min(SPARE_WORKERS, count)
        else:
            assert idle < count
            continue
        busy_s += service_s
        assert all(workers.free_s[(at - 1) // 2] <= workers.free_s[at] for at in range(1, count))
        assert workers.all_free_s == max(workers.free_s)
    assert workers.busy_s == busy_s


def step_by_step(count: int, requests: list[tuple[float, float]]) -> list[float]:
    """The same queue worked out the long way: the number in service is counted at every start."""
    done_s: list[float] = []
    queue_from_s = 0.0
    for arrived_s, service_s in requests:
        start_s = max(arrived_s, queue_from_s)
        while sum(end_s > start_s for end_s in done_s) >= count:
            start_s = min(end_s for end_s in done_s if end_s > start_s)
        queue_from_s = start_s
        done_s.append(start_s + service_s)
    return done_s


@given(
    count=st.integers(1, 4),
    gaps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=40),
)
def test_the_closed_form_is_the_queue(count: int, gaps: list[tuple[int, int]]) -> None:
    """For any arrivals and service times the heap gives what counting the requests in service gives."""
    at_s, requests = 0.0, []
    for gap_s, service_s in gaps:
        at_s += gap_s
        requests.append((at_s, float(service_s)))
    workers = Workers(count)
    expected = step_by_step(count, requests)
    assert [workers.serve(*request) for request in requests] == expected
    assert workers.waited_s == sum(end - a - s for end, (a, s) in zip(expected, requests, strict=True))
    assert workers.free_s[0] == min(workers.free_s)
