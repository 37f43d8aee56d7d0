"""The host: what kernel code asks its engine for, since rows alone can't do it. More rows, a route, draws, an audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engines.collected import Collected
from sim.protocol.codes import GROW_ASKED
from sim.protocol.growth import grow_all
from sim.protocol.state import TABLES
from sim.records.layout import ObjectState, State


class Host:
    """Answers for one run: `answers` has what does each thing that may be asked, by its number (`sim.protocol.codes`).

    What an answer raises ends the run, and nothing more is asked.
    """

    def __init__(
        self, answers: dict[int, Callable[[State, int, int, int], None]], collected: Collected | None = None
    ) -> None:  # fmt: skip
        """`collected` takes rows that nobody reads before the run has ended; without it they stay in the state."""
        self._answers = answers
        self._collected = collected
        self._state: State | None = None

    def attach(self, state: State) -> None:
        """The state that is asked about."""
        self._state = state
        self._grow(state, 0, 0, 0)

    def ask_from_interpreter(self, w: Any, what: int, a: int, b: int, c: int) -> None:
        """As interpreted functions ask."""
        assert self._state is not None
        self._answer(what)(self._state, a, b, c)

    def ask_from_state(self) -> None:
        """As machine code asks: in the globals."""
        assert self._state is not None
        g: Any = self._state.g
        answer = self._answer(int(g["asked"]))
        answer(self._state, int(g["asked_a"]), int(g["asked_b"]), int(g["asked_c"]))

    def _answer(self, what: int) -> Callable[[State, int, int, int], None]:
        # Among the answers it would keep this object, and so the state, until somebody looks for cycles.
        return self._grow if what == GROW_ASKED else self._answers[what]

    def _grow(self, state: State, table: int, b: int, c: int) -> None:
        """Between tasks all tables that are short of rows get more; while one goes on, only the table that is named."""
        if table:
            name = list(TABLES)[table - 1]
            state.grow(name, state.length(name))
            return
        if self._collected is not None:
            self._collected.take_if_many(state)
        if not (isinstance(state, ObjectState) and state.grows_as_counted):
            grow_all(state)
