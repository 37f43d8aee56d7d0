"""What a user did wrong, as one line: the thing, the value and the remedy.

    links.hub-n3.capacity: must be above 0, got 0 bit/s; raise it or remove the link

Anything else that goes wrong is our bug and is raised as the ordinary Python exception it is. Both classes pickle, so
that an error travels whole from a worker process. Left out: warnings, which stop nothing.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping

# How many words a remedy lists, and how many are compared for a near one: thousands of hosts are no help.
_LISTED = 20
_COMPARED = 2000
# Python writes no whole number of more than some 4,300 digits.
_LARGEST_BITS = 4096


class InputError(ValueError):
    """One thing a user can mend; `str()` is one line, "where: problem; remedy".

    `errors` are all faults that were found at once, each by itself.

    >>> import sim
    >>> try:
    ...     sim.load("metros", {"links.*.capacty": "1 Gbit/s"})
    ... except sim.InputError as error:
    ...     print(error.problem, "-", error.remedy)
    stands for no key of the scenario - did you mean "links.*.capacity"?
    """

    def __init__(self, where: str, problem: str, remedy: str = "") -> None:
        super().__init__(where, problem, remedy)
        self.where = where
        self.problem = problem
        self.remedy = remedy

    @property
    def errors(self) -> tuple[InputError, ...]:
        """The single faults: itself here, all of them in `InputErrors`."""
        return (self,)

    def __str__(self) -> str:
        line = f"{self.where}: {self.problem}" if self.where else self.problem
        return one_line(f"{line}; {self.remedy}" if self.remedy else line)


class ArgumentError(InputError):
    """A fault of an argument, which Python calls by its parameter and the command line by its option."""

    def __init__(
        self, parameter: str, option: str, problem: str, remedy: str = "", option_remedy: str | None = None
    ) -> None:
        """`option_remedy` is what the command line says instead, where Python's remedy is of no use there."""
        super().__init__(parameter, problem, remedy)
        self.args = (parameter, option, problem, remedy, option_remedy)
        self.option = option
        self.option_remedy = remedy if option_remedy is None else option_remedy


def of_options(error: InputError) -> InputError:
    """The same faults as the command line says them."""
    return InputErrors(
        InputError(one.option, one.problem, one.option_remedy) if isinstance(one, ArgumentError) else one
        for one in error.errors
    )


class InputErrors(InputError):  # noqa: N818 - the plural is the point
    """Every fault of one input at once; `str()` has one line for each."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        flat = tuple(single for error in errors for single in error.errors)
        if not flat:
            raise ValueError("InputErrors needs at least one error")
        super().__init__(flat[0].where, flat[0].problem, flat[0].remedy)
        self.args = (flat,)
        self._errors = flat

    @property
    def errors(self) -> tuple[InputError, ...]:
        return self._errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self._errors)


def near(word: str, known: Iterable[str]) -> str:
    """The remedy for a word nobody knows: the near one, or what there is when none is near."""
    choices = sorted(known)
    close = difflib.get_close_matches(word[:100], choices[:_COMPARED], n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    if len(choices) > _LISTED:
        choices[_LISTED:] = [f"... ({len(choices)} in all)"]
    return f"one of {', '.join(choices)}" if choices else "remove it"


def shown(value: object) -> str:
    """A value as an error quotes it: short, and never a whole table."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        rest = value.bit_length() - 64  # of the first 64 bits Python has a logarithm
        return f"a whole number of some {round(math.log10(abs(value) >> rest) + rest * math.log10(2)):,} digits"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def one_line(text: str) -> str:
    """Control characters escaped, so that no value can break the line it is reported on."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
