"""Hash tables against Python's own."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sim.records import Layout, ObjectState, hashing
from sim.records.hashing import (
    map_delete,
    map_find,
    map_insert,
    rehash_map,
    rehash_set,
    set_add,
    set_delete,
    set_find,
    set_has,
)


class _Entry:
    key: int
    value: int


class _Counts:
    keys_used: int


LOOKED_UP = Layout(_Counts, {"set": int, "map": _Entry})


@pytest.mark.parametrize("seed", range(10))
def test_hash_tables_know_what_sets_and_dicts_know(seed: int) -> None:
    """Inserting, deleting and lengthening by any number of slots, up to nearly full: the same keys, the same values."""
    draw = random.Random(seed)
    w: Any = ObjectState(LOOKED_UP, {name: LOOKED_UP.rows(name, 1) for name in LOOKED_UP.tables})
    slots = map_slots = 1
    keys: set[int] = set()
    values: dict[int, int] = {}
    universe = [draw.randrange(1, 1 << 63) for _ in range(150)]
    for _ in range(600):
        key = draw.choice(universe)
        if len(keys) + 2 > slots:
            more = draw.randint(1, 40)
            w.grow("set", more)
            w.grow("map", more)
            slots, map_slots = rehash_set(w.set, slots), rehash_map(w.map, map_slots)
        if key in keys:
            set_delete(w.set, slots, set_find(w.set, slots, key))
            map_delete(w.map, map_slots, map_find(w.map, map_slots, key))
            keys.remove(key)
            del values[key]
        else:
            assert set_add(w.set, slots, key)
            assert not set_add(w.set, slots, key)
            values[key] = draw.randrange(1000)
            map_insert(w.map, map_slots, key, values[key])
            keys.add(key)
        assert all(set_has(w.set, slots, one) == (one in keys) for one in universe[:40])
        for one in universe[:40]:
            slot = map_find(w.map, map_slots, one)
            assert (slot >= 0) == (one in values)
            assert slot < 0 or w.map[slot].value == values[one]
    assert sorted(key for key in w.set if key) == sorted(keys)


def test_no_key_is_too_large_for_machine_code() -> None:
    """The hash of the largest key fits into 63 bits before it is cut down, so that nothing overflows."""
    largest = (1 << 63) - 1
    assert (largest & hashing._BITS) * hashing._LOW + (largest >> 31) * hashing._HIGH < 1 << 63
