"""What registries hold and what bounds them: rows hold and say what plain objects do, interpreted and compiled."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numba
import numpy as np
import pytest

from sim.protocol import rules_native, tasks
from sim.protocol.codes import DISK_FULL, GO, WAIT
from sim.protocol.ops import admission, holdings, places, rules, waiters
from sim.protocol.state import LAYOUT
from sim.records import ArrayState, ObjectState, hashing, queue
from sim.records.layout import used
from sim.records.native import state_at
from sim.records.scope import scope_of
from tests.protocol.growth import make_room
from tests.protocol.holdings_twin import HOLDING, Twin

WORLDS: list[dict[str, Any]] = [
    {},
    {"dedup": "none", "untagged": True},
    {"dedup": "account", "bounded": True, "eviction": "lfu", "keep_unsynced": True},
    {"dedup": "registry", "bounded": True, "eviction": "size-aware", "untagged": True, "conflict": "central-wins"},
    {"dedup": "fleet", "bounded": True, "conflict": "registry-order"},
    {"bounded": True, "eviction": "size-aware", "keep_unsynced": True},
]


@pytest.mark.parametrize("seed", range(24))
def test_rows_hold_what_objects_hold(seed: int) -> None:
    """After every few of 200 random operations both hold the same blobs, images and tags, and have said the same."""
    twin = Twin(seed, **WORLDS[seed % len(WORLDS)])
    for number in range(200):
        twin.step()
        if number % 10 == 0:
            twin.compare()
    twin.compare()


#: What the twin has done and asks, by function.
DONE = (
    "add_blob", "admit", "charge_all", "charge_blob", "claim_blobs", "collect_garbage", "counted_bytes",
    "counts_as_held", "delete_image", "expect", "find_place", "has_blob", "has_image", "has_space",
    "hold_image", "is_claimed", "keep_image", "knows", "lose_disk", "may_mount", "missing_blob", "newer_publish",
    "newest_publish", "note_pushed", "publish_image", "put_image", "quota_used", "release_blobs", "remove_tag",
    "run_from", "stop_running", "stored_bytes", "drop_expired", "use_image",
)  # fmt: skip


def entry_source(scope: dict[str, Any]) -> str:
    """One function that does any of these, by number: compiling an entry for each would take as long as all else."""
    lines = ["def enter(address, number, a0, a1, a2, a3, a4, a5, s0, s1):", "    w = at(address)"]
    for number, name in enumerate(DONE):
        kinds = [one.annotation for one in list(inspect.signature(scope[name]).parameters.values())[1:]]
        ints, floats = iter(range(6)), iter(range(2))
        taken = ", ".join(f"a{next(ints)}" if kind == "int" else f"s{next(floats)}" for kind in kinds)
        lines.append(f"    if number == {number}:")
        if name == "missing_blob":
            lines.append(f"        one, two = {name}(w, {taken})\n        return one << 31 | two")
        elif scope[name].__annotations__["return"] == "None":
            lines.append(f"        {name}(w, {taken})\n        return 0")
        else:
            lines.append(f"        return int({name}(w, {taken}))")
    return "\n".join((*lines, "    return 0"))


@pytest.fixture(scope="module")
def compiled() -> Callable[..., Any]:
    """Calls an op's function as machine code, on a state of arrays."""

    def jit(function: FunctionType, scope: dict[str, Any], **options: bool) -> Any:
        copy = FunctionType(function.__code__, scope, function.__name__)
        return numba.njit(error_model="numpy", _nrt=False, **options)(copy)

    modules = (hashing, queue, tasks, rules, *HOLDING)
    scope = scope_of(modules) | rules_native.functions(jit) | {"at": state_at(LAYOUT)}
    source = entry_source(scope)
    exec("def rows_are_low(w): return False\ndef ask_host(w, what, a, b, c): pass", scope)
    here = {module.__name__ for module in modules}
    for name, function in list(scope.items()):
        if isinstance(function, FunctionType) and (function.__module__ in here or name in ("rows_are_low", "ask_host")):
            scope[name] = jit(function, scope, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    exec(source, scope)
    enter = jit(scope["enter"], scope)

    def call(w: ArrayState, name: str, *args: Any) -> Any:
        ints = [one for one in args if not isinstance(one, float)]
        floats = [one for one in args if isinstance(one, float)]
        said = enter(w.address, DONE.index(name), *ints, *[0] * (6 - len(ints)), *floats, *[0.0] * (2 - len(floats)))
        return (said >> 31, said & ((1 << 31) - 1) if said >= 0 else -1) if name == "missing_blob" else said

    return call


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
def test_machine_code_holds_the_same(seed: int, compiled: Callable[..., Any]) -> None:
    """The same functions compiled, on arrays."""
    twin = Twin(seed, **WORLDS[seed % len(WORLDS)], state=ArrayState, call=compiled)
    for number in range(200):
        twin.step()
        if number % 20 == 0:
            twin.compare()
    twin.compare()


def test_a_difference_is_noticed() -> None:
    """A blob that only one of the two has, a publish that only one has heard of: the comparison says so."""
    twin = Twin(1)
    twin.at(1.0)
    twin.call("add_blob", 1, 0, 3)
    with pytest.raises(AssertionError):
        twin.compare()


def test_who_waits_for_an_image_goes_on_in_order() -> None:
    """Those that wait for one image go on when it comes, the first one first; who has given up and others do not."""
    w: Any = ObjectState(LAYOUT, {"tasks": LAYOUT.rows("tasks", 6), "registries": LAYOUT.rows("registries", 2)})
    make_room(w, 16)
    for p, image in ((4, 7), (1, 7), (0, 8), (3, 7), (2, 7)):
        waiters.add_waiter(w, p, 1, 0, image)
    for p in (4, 3, 2):
        waiters.remove_waiter(w, p, 1, 0, 7)
    waiters.add_waiter(w, 5, 1, 0, 7)
    waiters.wake_waiters(w, 1, 0, 7, 2.5)
    assert [w.events[at].what for at in range(w.g.events_used)] == [1, 5]
    assert [w.tasks[p].image_wait for p in (1, 5, 0, 4)] == [2, 2, 0, 0]
    assert w.tasks[5].wait_s == 2.5
    waiters.wake_waiters(w, 1, 0, 7, 3.0)
    assert (w.g.events_used, w.g.awaited_images) == (2, 1)
    waiters.remove_waiter(w, 0, 1, 0, 8)
    assert w.g.awaited_images == 0


def test_held_blobs_take_little_room() -> None:
    """At most 24 bytes of hash table for a held blob once tables have doubled a few times."""
    w: Any = ObjectState(LAYOUT, {"registries": LAYOUT.rows("registries", 1)})
    most = 0.0
    for blob in range(30_000):
        if blob % 8 == 0:
            make_room(w, 64)
        holdings.add_blob(w, 0, 0, blob)
        if blob > 10_000:
            most = max(most, 8 * len(w.held) / w.g.held_blobs)
    assert most <= 24.2
    assert np.count_nonzero(w["held"]) == 30_000


def test_what_comes_while_garbage_is_collected_waits() -> None:
    """An image that is sent to a paused registry waits until that is over, and is admitted then."""
    tables = {name: LAYOUT.rows(name, 1) for name in ("registries", "tasks", "timelines", "images", "blobs")}
    tables |= {"image_blobs": np.array([0], np.int64), "phases_s": np.zeros(9), "waited_s": np.zeros(9)}
    tables["registries"]["bounded"], tables["registries"]["capacity_bytes"] = 1, 100
    tables["registries"]["paused_until_s"] = 7.0
    tables["blobs"]["size_bytes"], tables["images"]["blobs"], tables["timelines"]["now_s"] = 60, 1, 5.0
    w: Any = ObjectState(LAYOUT, tables)
    make_room(w, 16)
    w.g.limited = 1
    said = [admission.claim_image(w, 0, admission.ANSWERING, 0)] + [admission.admit_image(w, 0, 0, 0) for _ in range(3)]
    assert said == [GO, WAIT, WAIT, GO]
    assert (w.timelines[0].now_s, w.timelines[0].waited_s, w.waited_s[0]) == (7.0, 2.0, 2.0)
    assert (w.registries[0].used_bytes, w.tasks[0].stage) == (60, 0)
    admission.release_image(w, 0, admission.ANSWERING, 0)
    assert (w.registries[0].used_bytes, w.g.entries_keys) == (0, 0)
    w.blobs[0].size_bytes = 101
    assert [admission.admit_image(w, 0, admission.ANSWERING, 0) for _ in range(2)] == [WAIT, DISK_FULL]


def test_more_may_go_at_once_than_there_is_room_for() -> None:
    """A disk dies with 30 tagged images: rows of what went are had as they are needed."""
    twin = Twin(3)
    for image in range(30):
        twin.at(float(image))
        twin.push(1, image % 5, image)
    for name in ("drops", "tag_changes"):
        twin.w.replace(name, used(twin.w, name))
    twin.lose(1, 0, 0)
    twin.compare()
    assert len(twin.drops) == 30


def test_entries_about_different_things_have_different_keys() -> None:
    """No two kinds of entries share a number, and the largest kind's key is still below 2^63."""
    kinds = [value for name, value in vars(places).items() if name.endswith("_KEY")]
    assert len(set(kinds)) == len(kinds)
    assert min(kinds) > 0
    assert places.entry_key(max(kinds), (1 << 27) - 1, (1 << 31) - 1) < 1 << 63
