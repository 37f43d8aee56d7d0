"""Text as codes: the numbers of the different words that a column of text has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]


class Words:
    """The different words of a column of text."""

    __slots__ = ("_numbers", "words")

    def __init__(self) -> None:
        #: By number.
        self.words: Sequence[str] = []
        self._numbers: _Counted | None = _Counted()

    def _known(self) -> _Counted:
        """The numbers by word."""
        if self._numbers is None:
            self._numbers = _Counted((word, number) for number, word in enumerate(self.words))
        return self._numbers

    def codes(self, values: Iterable[str]) -> list[int]:
        """Their numbers; words that are new get the next."""
        numbers = self._known()
        found = list(map(numbers.__getitem__, values))
        if len(numbers) > len(self.words):
            self.words = list(numbers)
        return found

    def number(self, word: str) -> int | None:
        return self._known().get(word)

    def together(self, codes: NDArray[Any], words: Sequence[str]) -> NDArray[Any]:
        """What the codes of other words are here; words that are new and in use get the next numbers."""
        if not len(self.words) and isinstance(words, Spelled):
            self.words, self._numbers = words, None
            return codes
        used = in_order_of_use(codes, len(words))
        number = np.zeros(max(len(words), 1), np.min_scalar_type(len(self.words) + len(used)))
        known = list(map(words.__getitem__, used.tolist()))
        if len(self.words):
            number[used] = self.codes(known)
        else:
            number[used] = np.arange(len(used))
            self.words, self._numbers = known, None
        found: NDArray[Any] = number[codes]
        return found

    def texts(self, codes: NDArray[Any]) -> list[str]:
        return list(map(self.words.__getitem__, codes.tolist()))


class Spelled(Sequence[str]):
    """Some of many texts, each spelled when it is asked for: for words of which there are as many as rows.

    `which` : (n_words,) the number of each, all different; -1 is the empty one.
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
        """The words of these codes as UTF-8, a NUL after each; None if they can only be spelled one by one."""
        spell = getattr(self._all, "utf8", None)
        numbers = self._which[codes]
        spelled = None if spell is None or (numbers < 0).any() else spell(numbers)
        return None if spelled is None else np.pad(spelled, ((0, 0), (0, 1))).tobytes()


class _Counted(dict[str, int]):
    """Numbers by word: one that is not there gets the next number."""

    __slots__ = ()

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def in_order_of_use(codes: NDArray[Any], n_words: int) -> NDArray[np.int64]:
    """The codes that there are, in the order in which they first come."""
    first = np.full(n_words, len(codes))
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    order = np.argsort(first, kind="stable")
    return order[: np.count_nonzero(first < len(codes))]
