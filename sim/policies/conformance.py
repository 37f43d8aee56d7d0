"""What every rule keeps to, checked on many views: the suite that rules that ship pass, and a user's own can be put to.

A rule is a pure function: for any view it gives a decision that can be carried out, the same one for the same view
whatever it was asked between, and it draws nothing. Rules of conflicts order all publishes. Placements that say which
deploys they can't tell apart (`cell`) place those alike. A rule that looks at `view.deploy` lets itself be asked again.

Views are drawn from a generator with a seed of its own (`sketches`), so that a rule that fails does so each time. This
is evidence, not proof: a rule that errs on one view in a thousand may pass, and is named when a run comes upon it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations, product
from types import ModuleType
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ValidationError

from sim import policies
from sim.errors import InputError
from sim.figures import quantity_of
from sim.policies.decisions import Wrong, said, wrong_with
from sim.policies.sketches import VIEWS, views
from sim.policies.snapshot import (
    Deploy,
    NotYetError,
    PlacementView,
    Publish,
    PushView,
    Rivals,
)
from sim.policies.userrule import UserRule

_DRAWS: Final = 64
_PURE: Final = "hold no state and draw nothing: draws come with the view"


class _Asked(Deploy):
    """What a rule is given before the run: notes that it looks, and has it asked again."""

    def __init__(self) -> None:
        self.looked = False

    def __getattribute__(self, name: str) -> Any:
        if name == "looked" or name.startswith("__"):
            return object.__getattribute__(self, name)
        self.looked = True
        raise NotYetError


def parameters_of(model: type[BaseModel]) -> BaseModel:
    """A rule's parameters: their defaults, and where one must be written the example of its quantity.

    ValidationError where that does not make any.
    """
    needed = {key: field for key, field in model.model_fields.items() if field.is_required()}
    written = {field.alias or key: getattr(quantity_of(field), "example", None) for key, field in needed.items()}
    return model(**written)


def decider(kind: str, module: ModuleType, parameters: BaseModel) -> Callable[[Any], Any]:
    """A rule as a function of a view alone; of conflicts, of some publishes: who wins over whom."""
    function = getattr(module, policies.FUNCTIONS[kind])
    if kind == "conflict":
        return lambda view: [[function(Rivals(publish, held), parameters) for held in view] for publish in view]
    return lambda view: function(view, parameters)


def wrong_order(publishes: tuple[Publish, ...], wins: list[list[bool]]) -> Wrong | None:
    """Nothing wins over itself, of two with different digests exactly one wins, and winning is transitive."""
    for (i, a), (j, b) in product(enumerate(publishes), repeat=2):
        if a.digest == b.digest and wins[i][j] and wins[j][i]:
            return Wrong("has a publish win over itself", "compare by >, not by >=")
        if a.digest != b.digest and wins[i][j] == wins[j][i]:
            both = "both" if wins[i][j] else "neither"
            return Wrong(
                f"has {both} of two publishes win, {said(a)} and {said(b)}", "let the digest decide in the end"
            )
    for i, j, k in permutations(range(len(publishes)), 3):
        if wins[i][j] and wins[j][k] and not wins[i][k]:
            return Wrong("has one win over another, that over a third, and not the one over the third",
                         "compare by one key for all publishes")  # fmt: skip
    return None


def wrong_answer(kind: str, view: Any, decision: Any) -> Wrong | None:
    """What is wrong with what a `decider` says."""
    if kind != "conflict":
        return wrong_with(kind, view, decision)
    loose = [wrong_with(kind, view, one) for row in decision for one in row if not isinstance(one, bool)]
    return loose[0] if loose else wrong_order(view, decision)


def misbehaviour(kind: str, module: ModuleType, parameters: BaseModel, count: int = VIEWS) -> Wrong | None:
    """The first thing that a rule does on so many views and may not. InputError for what one of a user's own raises."""
    decide = _naming_views(decider(kind, module, parameters))
    asked = [*views(kind, count)]
    before = _global_draws()
    decisions = []
    for view in asked:
        decision = decide(view)
        wrong = wrong_answer(kind, view, decision) or _wrong_before_the_run(decide, view, decision)
        if wrong is not None:
            return _asked_about(view, wrong)
        decisions.append(decision)
    for view, decision in zip(reversed(asked), reversed(decisions), strict=True):
        again = decide(view)
        if again != decision:
            problem = f"decided {said(again)} where it had decided {said(decision)}"
            return _asked_about(view, Wrong(problem, _PURE))
    if _global_draws() != before:
        return Wrong("draws random numbers of its own", _PURE)
    if kind == "placement" and hasattr(module, "cell"):
        return _wrong_cells(decide, module.cell, parameters, asked)
    return None


def _naming_views(decide: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same decider, of which an InputError says what it was asked about."""

    def named(view: Any) -> Any:
        try:
            return decide(view)
        except InputError as error:
            raise InputError(error.where, f"{error.problem}, asked about {said(view)}", error.remedy) from error

    return named


def _global_draws() -> tuple[Any, ...]:
    """Where the generators stand that all share."""
    _, keys, *rest = np.random.get_state()
    return random.getstate(), np.asarray(keys).tobytes(), *rest


def _asked_about(view: Any, wrong: Wrong) -> Wrong:
    return Wrong(f"{wrong.problem}, asked about {said(view)}", wrong.remedy)


def _wrong_before_the_run(decide: Callable[[Any], Any], view: Any, decision: Any) -> Wrong | None:
    """A rule that looks at the deploy before the run does not decide then, and one that does not decides the same."""
    if not isinstance(view, PushView | PlacementView):
        return None
    asked = _Asked()
    try:
        early = decide(view._replace(deploy=asked))
    except NotYetError:
        return None
    if asked.looked:
        return Wrong("catches what ends it when it looks at view.deploy before the run",
                     "name the exceptions that an except is for")  # fmt: skip
    return None if early == decision else Wrong(f"decided {said(early)}, and then {said(decision)}", _PURE)


def _wrong_cells(
    decide: Callable[[Any], Any], cell: Callable[[Any, Any], Any], parameters: BaseModel, asked: list[PlacementView]
) -> Wrong | None:
    """Draws of which `cell` makes one number are placed alike; it is given arrays of them."""
    draws = np.linspace(0, 1, _DRAWS, endpoint=False)
    for view in asked[:_DRAWS]:
        other = np.roll(draws, view.wanted)
        many = view._replace(app_draw=draws, deploy_draw=other, deploy=_Asked())  # type: ignore[arg-type]
        try:
            cells = np.asarray(cell(many, parameters), np.float64)
        except NotYetError:
            return Wrong("cell looks at view.deploy", "leave cell out: the rule is asked for each deploy anyway")
        except (TypeError, ValueError) as error:
            return Wrong(f"cell gave no array of numbers ({error})", "return arithmetic on view.app_draw")
        if cells.shape not in ((), draws.shape) or np.isnan(cells).any():
            return Wrong(f"cell gave {said(cells)} for {_DRAWS} draws", "return arithmetic on view.app_draw")
        placed: dict[float, Any] = {}
        each = np.broadcast_to(cells, draws.shape).tolist()
        for number, app_draw, deploy_draw in zip(each, draws.tolist(), other.tolist(), strict=True):
            decision = decide(view._replace(app_draw=app_draw, deploy_draw=deploy_draw))
            if placed.setdefault(number, decision) != decision:
                return Wrong("cell has one number for deploys that it places on different nodes",
                             "let cell return the draw that decides")  # fmt: skip
    return None


def faults(rule: UserRule, count: int = VIEWS) -> tuple[InputError, ...]:
    """What is wrong with a user's rule, each in a line; nothing if it is one."""
    try:
        module = rule.module()
        wrong = misbehaviour(rule.kind, module, parameters_of(module.Parameters), count)
    except ValidationError as error:
        first = " ".join(str(error).split("\n")[1:3])
        return (
            rule.fault(f"its Parameters can't be made from defaults and examples ({first})", "give them good defaults"),
        )
    except InputError as error:
        return error.errors
    return () if wrong is None else (rule.fault(f"{rule.function_name} {wrong.problem}", wrong.remedy),)
