"""Text as codes: a column of text is a dictionary of its distinct entries, and for each row the code of its entry.

That is what Arrow calls dictionary encoding and pandas a categorical: a million host names are a million small numbers
and one list of names. Left out: removing an entry that no row has any more, which tables that only grow need not do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]


class Dictionary:
    """The distinct entries of a column of text, in the order of their codes."""

    __slots__ = ("_numbering", "entries")

    def __init__(self) -> None:
        self.entries: Sequence[str] = []
        # None while nobody has asked for a code by its entry since all entries were given at once.
        self._numbering: _Numbering | None = _Numbering()

    def _by_entry(self) -> _Numbering:
        if self._numbering is None:
            self._numbering = _Numbering((entry, code) for code, entry in enumerate(self.entries))
        return self._numbering

    def codes(self, texts: Iterable[str]) -> list[int]:
        """Their codes; texts that are new get the next."""
        numbering = self._by_entry()
        found = list(map(numbering.__getitem__, texts))
        if len(numbering) > len(self.entries):
            self.entries = list(numbering)
        return found

    def code(self, text: str) -> int | None:
        """The code of a text; None where it is no entry."""
        return self._by_entry().get(text)

    def merged(self, codes: NDArray[Any], entries: Sequence[str]) -> NDArray[Any]:
        """What the codes of another dictionary's entries are here; those that are new and in use get the next codes."""
        if not len(self.entries) and isinstance(entries, LazyTexts):
            self.entries, self._numbering = entries, None
            return codes
        used = in_order_of_use(codes, len(entries))
        here = np.zeros(max(len(entries), 1), np.min_scalar_type(len(self.entries) + len(used)))
        known = list(map(entries.__getitem__, used.tolist()))
        if len(self.entries):
            here[used] = self.codes(known)
        else:
            here[used] = np.arange(len(used))
            self.entries, self._numbering = known, None
        found: NDArray[Any] = here[codes]
        return found

    def texts(self, codes: NDArray[Any]) -> list[str]:
        """The texts of codes."""
        return list(map(self.entries.__getitem__, codes.tolist()))


class LazyTexts(Sequence[str]):
    """Some of many texts, each made when it is asked for: for columns that have as many entries as rows.

    `which` : (n_entries,) the number of each among all of them, all different; -1 is the empty text.
    """

    __slots__ = ("_all", "_which")

    def __init__(self, texts: Sequence[str], which: NDArray[np.int64]) -> None:
        self._all, self._which = texts, which

    def __len__(self) -> int:
        return len(self._which)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        number = int(self._which[at])
        return self._all[number] if number >= 0 else ""

    def utf8(self, codes: Codes) -> bytes | None:
        """The entries of these codes as UTF-8, a NUL after each; None if they can only be made one by one."""
        all_at_once = getattr(self._all, "utf8", None)
        numbers = self._which[codes]
        made = None if all_at_once is None or (numbers < 0).any() else all_at_once(numbers)
        return None if made is None else np.pad(made, ((0, 0), (0, 1))).tobytes()


class _Numbering(dict[str, int]):
    """Codes by entry: an entry that is not there gets the next code."""

    __slots__ = ()

    def __missing__(self, entry: str) -> int:
        code = self[entry] = len(self)
        return code


def in_order_of_use(codes: NDArray[Any], n_entries: int) -> NDArray[np.int64]:
    """The codes that there are, in the order in which they first come."""
    first = np.full(n_entries, len(codes))
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    order = np.argsort(first, kind="stable")
    return order[: np.count_nonzero(first < len(codes))]
