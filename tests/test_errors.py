"""Errors to users: one line each, all at once, whole after a trip between processes."""

from __future__ import annotations

import pickle

import pytest

from sim.errors import InputError, InputErrors, near, shown


def test_one_line_names_thing_value_and_remedy() -> None:
    """An input error reads as thing, value and remedy on one line."""
    error = InputError("links.hub-n3.capacity", "must be above 0, got 0 bit/s", "raise it")
    assert str(error) == "links.hub-n3.capacity: must be above 0, got 0 bit/s; raise it"


def test_without_place_or_remedy() -> None:
    """A missing place or remedy leaves no punctuation behind."""
    assert str(InputError("", "no such file")) == "no such file"


def test_values_cannot_break_the_line() -> None:
    """Control characters of a quoted value are escaped, so an error stays one line."""
    assert str(InputError("run.title", "got a\nb\x1b[2J", "")) == "run.title: got a\\nb\\x1b[2J"


def test_many_errors_are_one_line_each() -> None:
    """Errors within errors are flattened and told one per line, in their order."""
    first, second, third = (InputError(where, "is missing", "write it") for where in "abc")
    errors = InputErrors([InputErrors([first, second]), third])
    assert errors.errors == (first, second, third)
    assert str(errors) == "a: is missing; write it\nb: is missing; write it\nc: is missing; write it"


def test_no_errors_are_no_error() -> None:
    """An empty collection of errors is a bug of ours, not a fault of the user's."""
    with pytest.raises(ValueError, match="at least one"):
        InputErrors([])


@pytest.mark.parametrize(
    "error", [InputError("a", "b", "c"), InputErrors([InputError("a", "b"), InputError("d", "e")])]
)
def test_errors_travel_between_processes(error: InputError) -> None:
    """An error that was pickled says the same, of the same type."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), len(again.errors)) == (type(error), str(error), len(error.errors))


def test_near_word() -> None:
    """A mistyped word gets the near one; a strange one gets what there is, at most twenty; nothing gets "remove it"."""
    assert near("capcity", ["delay", "capacity"]) == 'did you mean "capacity"?'
    assert near("xyz", ["b", "a"]) == "one of a, b"
    assert near("xyz", []) == "remove it"
    assert near("?", [f"host{i:03}" for i in range(100)]).endswith("host019, ... (100 in all)")


@pytest.mark.parametrize(
    ("value", "text"),
    [("dal", '"dal"'), (True, "true"), (1.5, "1.5"), ({"a": 1}, "a table"), ("x" * 99, '"' + "x" * 56 + "...")],
)
def test_values_are_quoted_short(value: object, text: str) -> None:
    """A value is quoted as a file would write it, and never at length."""
    assert shown(value) == text


def test_a_number_that_python_does_not_write_is_counted() -> None:
    """A whole number of 5,000 digits is quoted by its length; text and others by their beginning."""
    assert shown(10**4999) == "a whole number of some 4,999 digits"
    assert shown(10**30) == "1" + 30 * "0"
    assert shown("x" * 99) == '"' + "x" * 56 + "..."
