"""Tables keep what they are given, in their declared order, and the digest is what the design says it is."""

from __future__ import annotations

import hashlib
import math
import struct

import numpy as np
import pytest

from sim.tables import rows
from sim.tables.columns import Column, Table

MIXED = (
    Column("at_s", "float", "when"),
    Column("count", "int", "how many"),
    Column("failed", "bool", "whether"),
    Column("name", "text", "who"),
)


def filled(*values: tuple[float, int, bool, str], settle_every: int = 1000) -> Table:
    table = Table(MIXED)
    for number, row in enumerate(values, 1):
        table.append(row)
        if number % settle_every == 0:
            table.settle()
    return table


def test_a_table_gives_back_its_columns() -> None:
    """Two rows become four columns of two, numbers as arrays and text as a list."""
    table = filled((0.5, 3, True, "dal"), (math.inf, -4, False, "fra"))
    found = table.arrays()
    assert list(found) == ["at_s", "count", "failed", "name"]
    assert found["at_s"].tolist() == [0.5, math.inf]
    assert found["count"].tolist() == [3, -4]
    assert found["failed"].tolist() == [True, False]
    assert found["name"] == ["dal", "fra"]
    assert [found[name].dtype.str for name in ("at_s", "count", "failed")] == ["<f8", "<i8", "|b1"]


def test_when_rows_settle_changes_nothing() -> None:
    """A table settled after every row, and one settled when it is read, hold the same."""
    values = [(float(n), n, n % 2 == 0, str(n)) for n in range(10)]
    often, once = filled(*values, settle_every=1), filled(*values)
    for name, column in often.arrays().items():
        assert list(column) == list(once.column(name))


def test_length_counts_rows_that_have_not_settled() -> None:
    """One settled row and two in the buffer are three."""
    table = filled((0.0, 0, False, ""), settle_every=1)
    table.append((1.0, 1, False, ""))
    table.append((2.0, 2, False, ""))
    assert len(table) == 3


def test_sorted_rows_stay_whole_and_ties_stay_put() -> None:
    """Rows at 2, 1, 2 and 0 s come as 0, 1, 2, 2, each with its own entries, and can be added to."""
    table = filled((2.0, 1, True, "a"), (1.0, 2, False, "b"), (2.0, 3, False, "c"), (0.0, 4, True, "d"))
    table.sort("at_s")
    table.append((3.0, 5, False, "e"))
    assert table.column("at_s").tolist() == [0, 1, 2, 2, 3]
    assert table.column("count").tolist() == [4, 2, 1, 3, 5]
    assert table.column("failed").tolist() == [True, False, True, False, False]
    assert table.column("name") == ["d", "b", "a", "c", "e"]


def test_an_empty_table_has_empty_columns_of_the_right_kind() -> None:
    """No rows: every column is empty and keeps its type."""
    table = Table(MIXED)
    assert len(table) == 0
    assert table.column("at_s").dtype == np.float64
    assert table.column("count").dtype == np.int64
    assert table.column("failed").dtype == np.bool_
    assert table.column("name") == []


@pytest.mark.parametrize("row", [(0.0, 1, True), (0.0, 1, True, "a", "b"), (0.0, 1.5, True, "a")])
def test_a_row_of_another_shape_is_refused(row: tuple[object, ...]) -> None:
    """A row that lacks a value, has one too many or a fraction for a count does not settle silently."""
    table = Table(MIXED)
    table.append((0.0, 1, True, "a"))
    table.append(row)
    with pytest.raises((ValueError, struct.error)):
        table.settle()


@pytest.mark.parametrize("row", [(0.0, 1, True), (0.0, 1, True, "a", "b")])
def test_rows_that_all_lack_a_column_are_refused(row: tuple[object, ...]) -> None:
    """Rows that agree with each other and not with the declared columns do not settle either."""
    table = Table(MIXED)
    table.append(row)
    with pytest.raises(ValueError, match="zip"):
        table.settle()


def test_the_digest_is_sha256_of_all_columns() -> None:
    """One deploy, all else empty: the digest is recomputed here from `struct` and `hashlib` alone."""
    tables = rows.new_tables()
    codes = {"float": "<d", "int": "<q", "bool": "<?"}
    values = {"float": 1.5, "int": 258, "bool": True, "text": "dé"}
    tables["deploys"].append(tuple(values[column.kind] for column in rows.DEPLOYS))
    expected = b"".join(
        values[column.kind].encode() + b"\0" if column.kind == "text" else struct.pack(codes[column.kind], value)
        for column in rows.DEPLOYS
        for value in [values[column.kind]]
    )
    assert rows.digest(tables) == hashlib.sha256(expected).hexdigest()


def test_the_digest_goes_column_by_column_and_table_by_table() -> None:
    """Two syncs after one registry: registries come first, and a column's two entries stand together."""
    tables = rows.new_tables()
    tables["syncs"].append((1, "a", "b", "c", 0.0, 0.0, 0.0, 0.0, 0, 0, "g", 0))
    tables["syncs"].append((2, "d", "e", "f", 0.0, 0.0, 0.0, 0.0, 0, 0, "h", 0))
    tables["registries"].append(("r", "s", 3, 0, 0.0, 0.0, 0, 0, 0))
    registries = b"r\0" + b"s\0" + struct.pack("<qqddqqq", 3, 0, 0.0, 0.0, 0, 0, 0)
    syncs = struct.pack("<qq", 1, 2) + b"a\0d\0" + b"b\0e\0" + b"c\0f\0" + bytes(8 * 2 * 6) + b"g\0h\0" + bytes(8 * 2)
    assert rows.digest(tables) == hashlib.sha256(registries + syncs).hexdigest()


def test_the_digest_of_nothing_is_that_of_no_bytes() -> None:
    """Empty tables hash to SHA-256 of the empty string."""
    assert rows.digest(rows.new_tables()).startswith("e3b0c44298fc1c14")


def test_text_is_told_apart_at_its_ends() -> None:
    """`ab`, `c` and `a`, `bc` are different columns."""

    def digest_of(*names: str) -> str:
        tables = rows.new_tables()
        for name in names:
            tables["syncs"].append((0, name, "", "", 0.0, 0.0, 0.0, 0.0, 0, 0, "", 0))
        return rows.digest(tables)

    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_every_phase_has_a_meaning_and_two_columns() -> None:
    """A phase's duration and what of it was waiting are columns of deploys, in the phases' order."""
    names = [column.name for column in rows.DEPLOYS]
    assert tuple(rows.PHASE_MEANINGS) == rows.PHASES
    start, waited = names.index("login_s"), names.index("login_waited_s")
    assert names[start : start + 7] == [f"{phase}_s" for phase in rows.PHASES]
    assert names[waited : waited + 7] == [f"{phase}_waited_s" for phase in rows.PHASES]


def test_names_carry_their_units() -> None:
    """Every column of floats ends in a unit, or is a share."""
    for columns in rows.TABLES.values():
        for column in columns:
            assert column.meaning
            if column.kind == "float":
                assert column.name.endswith(("_s", "_Bps", "_usd", "_utilisation")), column.name


def test_the_metrics_that_people_script_against_are_there() -> None:
    """Five distributions by five statistics, and the totals, keep their names."""
    distributions = ("deploy_latency_s", "client_latency_s", "push_s", "pull_s", "sync_lag_s")
    assert {f"{name}.{s}" for name in distributions for s in ("mean", "p50", "p95", "p99", "max")} <= set(rows.METRICS)
    assert {
        "wan_bytes", "central_egress_bytes", "central_ingress_bytes", "push_bytes", "pull_bytes", "sync_bytes",
        "dedup_saved_bytes", "stale_starts", "failed_deploys", "lost_images", "cost_usd",
    } <= set(rows.METRICS)  # fmt: skip


def test_every_distribution_is_of_a_column_that_there_is() -> None:
    """The table and the column of each distribution exist, and hold seconds."""
    for table, name in rows.DISTRIBUTIONS.values():
        assert [column.kind for column in rows.TABLES[table] if column.name == name] == ["float"]


def test_a_metric_knows_its_unit_and_its_better_direction() -> None:
    """Latency is better lower, savings higher, and a link's utilisation is neither."""
    assert (rows.metric("deploy_latency_s.p99").unit, rows.metric("deploy_latency_s.p99").lower_is_better) == (
        "s",
        True,
    )
    assert (rows.metric("dedup_saved_bytes").unit, rows.metric("dedup_saved_bytes").lower_is_better) == ("bytes", False)
    assert rows.metric("link_utilisation.dal-was-up.peak").lower_is_better is None


@pytest.mark.parametrize("name", ["latency", "deploy_latency_s", "deploy_latency_s.p98", "link_utilisation.a"])
def test_a_metric_that_there_is_not_is_a_key_error(name: str) -> None:
    """A name that no metric has is refused."""
    with pytest.raises(KeyError):
        rows.metric(name)
