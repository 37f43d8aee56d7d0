"""Protobuf's wire format, as far as a writer of a few messages needs it: fields are numbered, and numbers say how.

A message is its fields one after another, each a key (its number and wire type) and a value
(https://protobuf.dev/programming-guides/encoding/). A message within a message is bytes. Left out: reading, signed
numbers below 0, and packed lists.
"""

from __future__ import annotations

import struct
from typing import Final

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_PACK: Final = struct.Struct("<d").pack


def varint(value: int) -> bytes:
    """A whole number, seven bits a byte, the low ones first; OverflowError below 0."""
    if value < 0:
        raise OverflowError(f"a varint has no sign, got {value}")
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def whole(number: int, value: int) -> bytes:
    """A field of a whole number, a truth or an enumeration."""
    return varint(number << 3 | _VARINT) + varint(value)


def fixed64(number: int, value: int) -> bytes:
    """A field of 64 bits."""
    return varint(number << 3 | _FIXED64) + value.to_bytes(8, "little")


def double(number: int, value: float) -> bytes:
    """A field of a float."""
    return varint(number << 3 | _FIXED64) + _PACK(value)


def block(number: int, value: bytes) -> bytes:
    """A field of a message, which is its bytes."""
    return varint(number << 3 | _BYTES) + varint(len(value)) + value


def text(number: int, value: str) -> bytes:
    """A field of text; what UTF-8 cannot have is replaced."""
    return block(number, value.encode("utf-8", "replace"))
