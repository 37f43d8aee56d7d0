"""Hash tables by open addressing with linear probing. Kernel code (see `sim.records`).

Two kinds: a *set* is a column of keys, a *map* a table of rows with `key` and `value`. Keys are above 0 and below
2^63; 0 marks a free slot, of which there is always one. A table works with its first `slots` rows; its owner keeps
that number (1 at the start: the table needs a slot before anything is looked up). Kernel code can't allocate: whoever
runs it lengthens tables between events, and the next insertion that finds a table longer than its slots spreads the
keys over all of it (`rehash_set`, `rehash_map`). Meanwhile keys that have yet to be moved are below 0, as in
hashbrown's `rehash_in_place` (https://github.com/rust-lang/hashbrown/blob/master/src/raw/mod.rs). Nothing marks what is
deleted: later keys move up (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R). The slot of a key is
good until the next insertion or deletion.

Left out: shrinking.
"""

from __future__ import annotations

from typing import Any, Final

#: Fractions of 2^31 whose multiples fill the unit interval evenly, in two dimensions, too: 1/p and 1/p^2 of the plastic
#: number (Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
_LOW: Final = 1621087445
_HIGH: Final = 1223722707
_BITS: Final = (1 << 31) - 1


def home_slot(key: int, slots: int) -> int:
    """Where a key would be if no other were in its way."""
    # A multiplicative hash of both halves. No product may pass 63 bits: to machine code that is undefined.
    return ((((key & _BITS) * _LOW + (key >> 31) * _HIGH) & _BITS) * slots) >> 31


def probes_between(home: int, slot: int, slots: int) -> int:
    """How far a slot is behind a home, round the end of the table."""
    return slot - home if slot >= home else slot - home + slots


def set_has(table: Any, slots: int, key: int) -> bool:
    """Whether a key is in a set."""
    at = ((((key & _BITS) * _LOW + (key >> 31) * _HIGH) & _BITS) * slots) >> 31
    while True:
        there = table[at]
        if there == key:
            return True
        if there == 0:
            return False
        at += 1
        if at == slots:
            at = 0


def set_find(table: Any, slots: int, key: int) -> int:
    """The slot of a key, or of its negative; -1 if neither is there."""
    at = home_slot(key, slots)
    while table[at] != 0:
        if abs(table[at]) == key:
            return at
        at = at + 1 if at + 1 < slots else 0
    return -1


def set_add(table: Any, slots: int, key: int) -> bool:
    """Have a key in a set; whether it is new."""
    at = ((((key & _BITS) * _LOW + (key >> 31) * _HIGH) & _BITS) * slots) >> 31
    while True:
        there = table[at]
        if there == key:
            return False
        if there == 0:
            table[at] = key
            return True
        at += 1
        if at == slots:
            at = 0


def set_delete(table: Any, slots: int, slot: int) -> None:
    """Take the key in a slot out of a set; a key from a later slot may stand there then."""
    hole, at = slot, slot
    while True:
        at = at + 1 if at + 1 < slots else 0
        key = table[at]
        if key == 0:
            break
        # A key may move up to the hole unless its home lies behind that.
        if probes_between(home_slot(abs(key), slots), at, slots) >= probes_between(hole, at, slots):
            table[hole] = key
            hole = at
    table[hole] = 0


def rehash_set(table: Any, slots: int) -> int:
    """Spread a set's keys over the whole table, which has become longer; how many slots it has now."""
    longer = len(table)
    for slot in range(slots):
        table[slot] = -table[slot]
    for slot in range(slots):
        key = -table[slot]
        if key > 0:
            table[slot] = 0
        while key > 0:
            at = home_slot(key, longer)
            while table[at] > 0:
                at = at + 1 if at + 1 < longer else 0
            turned_out = -table[at]
            table[at] = key
            key = turned_out
    return longer


def map_find(table: Any, slots: int, key: int) -> int:
    """The slot of a key, or -1."""
    at = ((((key & _BITS) * _LOW + (key >> 31) * _HIGH) & _BITS) * slots) >> 31
    while True:
        there = table[at].key
        if there == key:
            return at
        if there == 0:
            return -1
        at += 1
        if at == slots:
            at = 0


def map_insert(table: Any, slots: int, key: int, value: int) -> None:
    """Put a key that is not there into a map."""
    at = ((((key & _BITS) * _LOW + (key >> 31) * _HIGH) & _BITS) * slots) >> 31
    row = table[at]
    while row.key != 0:
        at = at + 1 if at + 1 < slots else 0
        row = table[at]
    row.key = key
    row.value = value


def map_delete(table: Any, slots: int, slot: int) -> None:
    """Take the key in a slot out of a map; a key from a later slot may stand there then."""
    hole, at = slot, slot
    while True:
        at = at + 1 if at + 1 < slots else 0
        row = table[at]
        if row.key == 0:
            break
        if probes_between(home_slot(row.key, slots), at, slots) >= probes_between(hole, at, slots):
            table[hole].key = row.key
            table[hole].value = row.value
            hole = at
    table[hole].key = 0
    table[hole].value = 0


def rehash_map(table: Any, slots: int) -> int:
    """Spread a map's keys over the whole table, which has become longer; how many slots it has now."""
    longer = len(table)
    for slot in range(slots):
        table[slot].key = -table[slot].key
    for slot in range(slots):
        key, value = -table[slot].key, table[slot].value
        if key > 0:
            table[slot].key = 0
            table[slot].value = 0
        while key > 0:
            at = home_slot(key, longer)
            while table[at].key > 0:
                at = at + 1 if at + 1 < longer else 0
            row = table[at]
            turned_out, its_value = -row.key, row.value
            row.key = key
            row.value = value
            key, value = turned_out, its_value
    return longer
