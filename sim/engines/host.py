"""What rows alone can't do, and the text asks of its engine: more room, a route over the graph, draws, an audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engines.collected import Collected
from sim.protocol.codes import GROW_ASKED
from sim.protocol.growth import grow_all
from sim.protocol.state import TABLES
from sim.records.layout import ObjectState, State


class Host:
    """Answers for one run. `answers` has what does each thing that may be asked, by its number (`sim.protocol.state`).

    What an answer raises ends the run: `failure` has it, and nothing more is asked.
    """

    def __init__(
        self, answers: dict[int, Callable[[State, int, int, int], None]], collected: Collected | None = None
    ) -> None:  # fmt: skip
        """`collected` takes rows that nobody reads before the run has ended; without it they stay in the state."""
        self._answers = {GROW_ASKED: self._grow, **answers}
        self._collected = collected
        self._state: State | None = None

    def attach(self, state: State) -> None:
        """The state that is asked about."""
        self._state = state
        self._grow(state, 0, 0, 0)

    def ask_from_text(self, w: Any, what: int, a: int, b: int, c: int) -> None:
        """As text that the interpreter runs asks."""
        assert self._state is not None
        self._answers[what](self._state, a, b, c)

    def ask_from_state(self) -> None:
        """As compiled text asks: in the globals."""
        assert self._state is not None
        g: Any = self._state.g
        self._answers[int(g["asked"])](self._state, int(g["asked_a"]), int(g["asked_b"]), int(g["asked_c"]))

    def _grow(self, state: State, table: int, b: int, c: int) -> None:
        """Between tasks all tables that are short of it get more; while one goes on, only that one."""
        if table:
            name = list(TABLES)[table - 1]
            state.grow(name, state.length(name))
            return
        if self._collected is not None:
            self._collected.take_if_many(state)
        if not (isinstance(state, ObjectState) and state.grows_as_counted):
            grow_all(state)
