"""What a state's rows say becomes the tables of a result; small states made by hand, numbers that a reader checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from sim.engines import usage
from sim.engines.collected import WRITTEN, Collected, narrow
from sim.engines.reasons import REASONS
from sim.engines.rows import STATES, stored_bytes, tables_of
from sim.protocol import codes
from sim.protocol.codes import N_PHASES
from sim.protocol.names import Names, NumberedDigests
from sim.protocol.state import LAYOUT
from sim.records.layout import ArrayState, ObjectState, State, table_of
from sim.registry.oci import numbered_digest
from sim.tables import rows

NAMES = Names(
    machines=["central", "n1", "c1"],
    sites=["fra", "sin", "sin"],
    repositories=["b/app", "a/app"],
    tags=["latest", "latest", "v1"],
    kinds=["small"],
    digests=NumberedDigests(3),
    links=["sin-fra-up", "sin-fra-down", "n1-disk"],
    ends=[("sin", "fra"), ("fra", "sin")],
    wan=[True, True, False],
    price_usd_per_byte=[0.5, 0.0, 0.0],
    capacity_Bps=[100.0, 200.0, 1000.0],
)

#: Two deploys: the second ends first; the first fails.
DEPLOYS = {
    "at_s": [1.0, 2.0], "name": [1, 0], "client": [2, 2], "kind": [0, 0], "route": [codes.CENTRAL, codes.START_ONLY],
    "nodes": [1, 1], "update": [0, 1], "reason": [codes.NOT_AT_CENTRAL, 0], "missing": [1, 0], "ended_s": [9.0, 4.0],
    "pull_s": [0.0, 1.5], "client_latency_s": [3.0, 0.5], "pushed_bytes": [7, 0], "saved_bytes": [2, 0],
    "pushed_saved_bytes": [3, 0],
}  # fmt: skip
LANES = {"number": [1, 0, -1], "source": [2, 0, 0], "target": [0, 1, 2], "first_link": [0, 1, 3], "end_link": [1, 3, 3]}
#: A body that flew alone over two bins, metadata at one instant, and a body that shared.
TRANSFERS = {
    "deploy": [0, 0, 1], "purpose": [codes.FOR_PUSH, codes.FOR_PUSH, codes.FOR_PULL],
    "content": [codes.ROOTFS, codes.CONFIG, codes.KERNEL],
    "lane": [0, 0, 1], "started_s": [30.0, 20.0, 10.0], "ended_s": [90.0, 20.0, 40.0],
    "size_bytes": [60_000, 10, 3_000_000], "waited_s": [0.0, 0.0, 2.0], "shared": [0, 0, 1],
    "bound_by": [0, codes.UNBOUND, codes.OWN_CAP], "bound_s": [60.0, 0.0, 5.0],
}  # fmt: skip


def made(kind: type[ArrayState] | type[ObjectState], **given: Mapping[str, Any]) -> State:
    """A state of those columns by table, its counters set."""
    known: dict[str, Any] = {
        "deploys": DEPLOYS, "lanes": LANES, "transfers": TRANSFERS, "names": {"repository": [0, 1, 1]},
        "links": {"full_s": [1.0, 2.0, 3.0], "holds": [0, 1, 0], "full_since": [0.0, 80.0, 0.0]},
        "registries": {"workers": [4, 2], "requests": [5, 6], "busy_s": [0.5, 0.25], "list_lag_s": [10.0, 0.0]},
    } | given  # fmt: skip
    tables = {name: table_of(LAYOUT, name, columns) for name, columns in known.items()}
    tables["ended"] = np.array([0, 1])
    tables["deploy_phases_s"] = np.arange(2.0 * N_PHASES)
    tables["deploy_waited_s"] = np.zeros(2 * N_PHASES)
    tables["lane_links"] = np.array([0, 1, 2])
    tables["alone_s"], tables["held_s"] = np.array([0.5, 0.0, 0.0, 0.0]), np.array([0.0, 0.25, 0.0, 9.0])
    g = LAYOUT.rows("g", 1)
    for name, (counter, each) in LAYOUT.counted.items():
        g[counter] = len(tables.get(name, ())) // each
    g["patience_s"], g["now_s"], g["runs_until_s"], g["monitored_s"] = 60.0, 90.0, 100.0, 90.0
    return kind(LAYOUT, tables | {"g": g})


@pytest.fixture(params=[ArrayState, ObjectState])
def kind(request: pytest.FixtureRequest) -> type[ArrayState] | type[ObjectState]:
    found: type[ArrayState] | type[ObjectState] = request.param
    return found


def test_deploys_come_as_they_ended(kind: type[ArrayState] | type[ObjectState]) -> None:
    """The start that ended at 4 s is before the push that failed at 9 s; what is never is infinite, what is not NaN."""
    deploys = tables_of(made(kind), NAMES, [0, 0])["deploys"]
    found = {name: list(values) for name, values in deploys.arrays().items()}
    assert found["deploy"] == [1, 0]
    assert found["repository"] == ["b/app", "a/app"]
    assert found["client"] == ["c1", "c1"]
    assert found["site"] == ["sin", "sin"]
    assert found["route"] == ["start", "central"]
    assert found["reason"] == ["", "not at central within 60 s"]
    assert found["failed"] == [False, True]
    assert found["latency_s"] == [2.0, math.inf]
    assert found["longest_pull_s"] == [1.5, math.inf]
    assert math.isnan(found["push_s"][0])
    assert found["push_s"][1] == math.inf
    assert math.isnan(found["fleet_lag_s"][0])
    assert found["fleet_lag_s"][1] == math.inf
    assert found["saved_bytes"] == [0, 5]
    assert found["login_s"] == [N_PHASES, 0.0]
    assert found["boot_s"] == [2.0 * N_PHASES - 1, N_PHASES - 1]


def test_transfers_have_the_names_of_their_lanes(kind: type[ArrayState] | type[ObjectState]) -> None:
    """Ends, numbers and what crosses between sites are the lane's; what held it back is a link, its cap or nothing."""
    found = {name: list(each) for name, each in tables_of(made(kind), NAMES, [0, 0])["transfers"].arrays().items()}
    assert found["ended_s"] == [20.0, 40.0, 90.0]
    assert found["content"] == ["config", "kernel", "rootfs"]
    assert found["source"] == ["c1", "central", "c1"]
    assert found["target"] == ["central", "n1", "central"]
    assert found["lane"] == [1, 0, 1]
    assert found["wan"] == [True, True, True]
    assert found["bound_by"] == ["", "cap", "sin-fra-up"]
    assert found["shared"] == [False, True, False]


def test_links_carried_what_transfers_did(kind: type[ArrayState] | type[ObjectState]) -> None:
    """60,010 bytes of 100 bytes/s in 100 s; those that flew from 30 to 90 s count half in each minute."""
    bins = {"number": [0, 0], "link": [1, 2], "carried_bytes": [3_000_000, 3_000_000]}
    tables = tables_of(made(kind, bins=bins), NAMES, [11, 12])
    links = {name: list(values) for name, values in tables["links"].arrays().items()}
    assert links["link"] == ["sin-fra-up", "sin-fra-down"]
    assert links["push_bytes"] == [60_010, 0]
    assert links["pull_bytes"] == [0, 3_000_000]
    assert links["metadata_bytes"] == [10, 0]
    assert links["mean_utilisation"] == [60_010 / 10_000, 3_000_000 / 20_000]
    assert links["peak_utilisation"] == [30_010 / 6_000, 3_000_000 / 12_000]
    assert links["cost_usd"] == [30_005.0, 0.0]
    assert links["bound_s"] == [60.5, 0.25]
    assert links["full_s"] == [61.5, 12.0]
    used = {name: list(values) for name, values in tables["utilisation"].arrays().items()}
    assert used["link"] == ["sin-fra-up", "sin-fra-up", "sin-fra-down", "n1-disk"]
    assert used["from_s"] == [0.0, 60.0, 0.0, 0.0]
    assert used["carried_bytes"] == [30_010, 30_000, 3_000_000, 3_000_000]
    registries = {name: list(values) for name, values in tables["registries"].arrays().items()}
    assert registries["registry"] == ["central", "n1"]
    assert registries["received_bytes"] == [60_010, 3_000_000]
    assert registries["sent_bytes"] == [3_000_000, 0]
    assert registries["stored_bytes"] == [11, 12]


def test_links_that_are_too_many_for_a_matrix_carry_the_same(
    kind: type[ArrayState] | type[ObjectState], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that are put together after each few rows, and a matrix: the same minutes, bytes and order."""
    given: dict[str, Mapping[str, Any]] = {
        "bins": {"number": [1, 0, 1], "link": [1, 2, 1], "carried_bytes": [5, 7, 6]},
        "segments": {"lane": [1], "started_s": [50.0], "ended_s": [70.0], "carried_bytes": [500]},
    }
    dense = tables_of(made(kind, **given), NAMES, [0, 0])["utilisation"].arrays()
    monkeypatch.setattr(usage, "_ROWS", 1)
    for most in (0, 3):
        monkeypatch.setattr(usage, "_DENSE", most)
        sparse = tables_of(made(kind, **given), NAMES, [0, 0])["utilisation"].arrays()
        assert {name: list(values) for name, values in sparse.items()} == {n: list(v) for n, v in dense.items()}


def test_what_a_link_offers_changes_with_its_capacity(kind: type[ArrayState] | type[ObjectState]) -> None:
    """From 50 s on it carries 300 bytes/s: 5,000 bytes and 15,000 more until 100 s."""
    changes = {"link": [0], "at_s": [50.0], "capacity_Bps": [300.0]}
    links = tables_of(made(kind, capacity_changes=changes), NAMES, [0, 0])["links"]
    assert links.column("mean_utilisation")[0] == 60_010 / 20_000


def test_a_flow_that_parted_carried_its_bytes_until_then(kind: type[ArrayState] | type[ObjectState]) -> None:
    """One that shared later had 500 bytes through by 70 s, from 50 s on: half of them in each minute."""
    parted = {"lane": [1], "started_s": [50.0], "ended_s": [70.0], "carried_bytes": [500]}
    used = tables_of(made(kind, segments=parted), NAMES, [0, 0])["utilisation"]
    assert used.column("carried_bytes").tolist() == [30_010, 30_000, 250, 250, 250, 250]


def test_starts_syncs_drops_and_lists_are_named(kind: type[ArrayState] | type[ObjectState]) -> None:
    """A missed start has no digest, a stale one two; tags come by repository in order of name, as they changed."""
    tables = tables_of(
        made(
            kind,
            starts={
                "deploy": [0, 1, 1], "node": [1, 1, 1], "wake": [0, 0, 1], "asked_s": [1.0, 1.0, 1.0],
                "pulled_s": [3.0, 2.0, 4.0], "ready_s": [3.0, 2.5, 4.5], "digest": [-1, 0, 2], "meant": [1, 1, 2],
                "trailing_s": [-1.0, 0.0, -1.0],
            },
            syncs={
                "deploy": [0], "name": [2], "source": [1], "target": [0], "committed_s": [8.0], "lag_s": [math.inf],
                "state": [STATES.index("failed")], "attempts": [3],
            },
            drops={
                "registry": [1, 0], "repository": [1, -1], "image": [2, -1], "dropped_s": [5.0, 4.0],
                "why": [codes.EVICTED, codes.COLLECTED], "lost": [1, 0],
            },
            tag_changes={
                "registry": [0, 0, 1, 0], "name": [0, 2, 0, 1], "exists": [1, 1, 1, 0],
                "changed_s": [1.0, 2.0, 3.0, 4.0],
            },
        ),
        NAMES, [0, 0],
    )  # fmt: skip
    starts = {name: list(values) for name, values in tables["starts"].arrays().items()}
    assert starts["digest"] == [numbered_digest(3, 0), "", numbered_digest(3, 2)]
    assert starts["meant"] == [numbered_digest(3, 1), "", numbered_digest(3, 2)]
    assert starts["kind"] == ["deploy", "deploy", "wake"]
    assert starts["stale"] == [True, False, False]
    assert starts["missed"] == [False, True, False]
    assert starts["trailing_s"] == [0.0, 0.0, 0.0]
    assert starts["waited_s"] == [1.0, 2.0, 3.0]
    (sync,) = zip(*(tables["syncs"].column(name) for name in ("repository", "source", "target", "state")), strict=True)
    assert sync == ("a/app", "n1", "central", "failed")
    drops = {name: list(values) for name, values in tables["drops"].arrays().items()}
    assert drops["repository"] == ["", "a/app"]
    assert drops["digest"] == ["", numbered_digest(3, 2)]
    assert drops["why"] == ["collected", "evicted"]
    lists = {name: list(values) for name, values in tables["lists"].arrays().items()}
    assert lists["registry"] == ["central", "central", "central", "n1"]
    assert lists["repository"] == ["a/app", "a/app", "b/app", "b/app"]
    assert lists["tag"] == ["v1", "latest", "latest", "latest"]
    assert lists["present"] == [True, False, True, True]
    assert lists["shown_s"] == [12.0, 14.0, 11.0, 3.0]


@pytest.mark.parametrize("names", [NAMES, "texts"])
def test_the_digest_is_that_of_the_same_rows_as_text(names: Names | str) -> None:
    """Digests that are spelled when they are asked for are hashed as those that are there."""
    starts = {"deploy": [0, 1], "digest": [0, 2], "meant": [0, 1], "trailing_s": [-1.0, 2.0]}
    spelled = names if isinstance(names, Names) else _spelled()
    tables = tables_of(made(ArrayState, starts=starts), spelled, [0, 0])
    again = rows.new_tables()
    for name, table in tables.items():
        again[name].fill(table.arrays().values())
    assert rows.digest(again) == rows.digest(tables)


def _spelled() -> Names:
    return Names(**{name: getattr(NAMES, name) for name in Names.__slots__} | {"digests": list(NAMES.digests)})


def test_rows_taken_while_a_run_goes_on_come_first(kind: type[ArrayState] | type[ObjectState]) -> None:
    """Whatever is taken out of a state, and when, the tables are the same; what is taken is there no more."""
    whole = tables_of(made(kind), NAMES, [0, 0])
    state, collected = made(kind), Collected()
    collected.take_if_many(state, many=4)
    assert len(state["transfers"])
    assert int(state["g"]["transfers_used"][0]) == 3
    collected.take_if_many(state, many=3)
    assert int(state["g"]["transfers_used"][0]) == 0
    state.replace("transfers", table_of(LAYOUT, "transfers", {"ended_s": [1.0], "size_bytes": [2**40], "lane": [1]}))
    _set(state, "transfers_used", 1)
    found = tables_of(state, NAMES, [0, 0], collected)["transfers"]
    assert found.column("size_bytes").tolist() == [2**40, *whole["transfers"].column("size_bytes").tolist()]


def _set(state: State, counter: str, count: int) -> None:
    if isinstance(state, ObjectState):
        setattr(state.g, counter, count)
    else:
        state.g[counter] = count


def test_a_blob_of_two_repositories_is_stored_once(kind: type[ArrayState] | type[ObjectState]) -> None:
    """Central holds one of 5 bytes twice and one of 7; the node has nothing."""
    state = made(kind, blobs={"size_bytes": [5, 7]}, places={"registry": [0, 0, 1]})
    state.replace("held", np.array([0, 1, (1 << 31) + 1, (1 << 31) + 2, 0]))
    state.replace("registries", LAYOUT.rows("registries", 2))
    assert stored_bytes(state) == [12, 0]


def test_whatever_is_only_written_is_a_table_that_grows() -> None:
    """Each of them has a counter, without which nothing could be taken, and those that are taken at once have one."""
    for names in WRITTEN:
        assert len({LAYOUT.counted[name][0] for name in names}) == 1


def test_every_failure_has_a_reason() -> None:
    """What an op may return has words."""
    numbers = {value for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
    failures = set(range(codes.FAILED, codes.TOKEN_REFUSED + 1))
    assert failures <= numbers
    limited = set(range(codes.RATE_LIMITED, codes.LAST_RATE_LIMITED + 1)) | {codes.ANSWER_TIMED_OUT}
    assert {0} | failures | limited == set(REASONS)


@pytest.mark.parametrize(("values", "dtype"), [([0, 127], "i1"), ([-129], "i2"), ([2**31], "i8"), ([0.5], "f8")])
def test_numbers_are_kept_narrow(values: list[float], dtype: str) -> None:
    """Whole numbers take one, two, four or eight bytes, as they need."""
    found = narrow(np.array(values))
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == values


def test_digests_are_spelled_alike_one_by_one_and_together() -> None:
    """Up to the largest number that an image can have."""
    digests, numbers = NumberedDigests(2**40), np.array([0, 9, 10, 255, 2**40 - 1])
    assert [bytes(row).decode() for row in digests.utf8(numbers)] == [digests[int(number)] for number in numbers]
    assert digests[2:4] == [numbered_digest(3, 2), numbered_digest(3, 3)]
    with pytest.raises(IndexError):
        digests[2**40]
