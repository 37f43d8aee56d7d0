"""What every rule keeps to, checked on many views: the suite that rules that ship pass, and a user's own can be put to.

A rule is a pure function: for any view it gives a decision that can be carried out, the same one for the same view
whatever it was asked between, and it draws nothing. Rules of conflicts order all publishes. Placements that say which
deploys they can't tell apart (`cell`) place those alike. A rule that looks at `view.deploy` lets itself be asked again.

Views are drawn from a generator with a seed of its own, so that a rule that fails does so each time; corners come
first. This is evidence, not proof: a rule that errs on one view in a thousand may pass, and is told of when a run comes
upon it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations, product
from types import ModuleType
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ValidationError

from sim import policies
from sim.errors import InputError
from sim.figures import quantity_of
from sim.policies.decisions import Wrong, said, wrong_with
from sim.policies.outside import UserRule
from sim.policies.snapshot import (
    Deploy,
    Holders,
    Kept,
    NotYetError,
    Owed,
    PlacementView,
    Publish,
    PushView,
    Rivals,
    Rootfs,
    known_node,
)
from sim.registry.oci import digest_of

#: How many views a rule is asked about.
VIEWS: Final = 300
_SEED: Final = 1
_SITES: Final = ("dal", "fra", "was", "sin")
_DRAWS: Final = 64
_PURE: Final = "hold no state and draw nothing: draws come with the view"


class Sketch(Deploy):
    """A deploy that never is, with nodes that hold some of what it needs."""

    __slots__ = ("_held", "_nodes", "_sites", "_sizes", "_trips", "_values")

    def __init__(self, drawn: random.Random, nodes: int, chosen: tuple[int, ...] = ()) -> None:
        self._sizes = drawn.choice([1, 10**6, 36 * 2**20]), drawn.choice([0, 1, 10**7])
        self._values = drawn.choice([0.0, drawn.uniform(0, 1e6)]), drawn.randrange(50), drawn.random() < 0.5
        self._sites = [drawn.choice(_SITES) for _ in range(nodes + 1)]
        self._trips = [drawn.choice([0.001, 0.03, 0.2]) for _ in range(nodes)]
        self._held = [[drawn.random() < 0.4 for _ in range(3)] for _ in range(nodes)]
        self._nodes = chosen

    @property
    def at_s(self) -> float:
        return self._values[0]

    @property
    def app(self) -> int:
        return self._values[1]

    @property
    def image(self) -> str:
        return "http"

    @property
    def rootfs_bytes(self) -> int:
        return self._sizes[0]

    @property
    def kernel_bytes(self) -> int:
        return self._sizes[1]

    @property
    def update(self) -> bool:
        return self._values[2]

    @property
    def client(self) -> str:
        return f"{self.client_site}-dev"

    @property
    def client_site(self) -> str:
        return self._sites[-1]

    @property
    def nodes(self) -> tuple[int, ...]:
        return self._nodes

    def name_of(self, node: int) -> str:
        return f"{self.site_of(node)}-n{node}"

    def site_of(self, node: int) -> str:
        return self._sites[self._known(node)]

    def round_trip_s(self, node: int) -> float:
        return self._trips[self._known(node)]

    def holds_kernel(self, node: int) -> bool:
        return self._held[self._known(node)][0]

    def holds_app(self, node: int) -> bool:
        return self._held[self._known(node)][1]

    def holds_image(self, node: int) -> bool:
        return all(self._held[self._known(node)])

    def missing_bytes(self, node: int) -> int:
        has_kernel, _, has_rootfs = self._held[self._known(node)]
        return self._sizes[1] * (not has_kernel) + self._sizes[0] * (not has_rootfs)

    def _known(self, node: int) -> int:
        return known_node(node, len(self._held))


class _Asked(Deploy):
    """What a rule is given before the run: notes that it looks, and has it asked again."""

    def __init__(self) -> None:
        self.looked = False

    def __getattribute__(self, name: str) -> Any:
        if name == "looked" or name.startswith("__"):
            return object.__getattribute__(self, name)
        self.looked = True
        raise NotYetError


def views(kind: str, count: int = VIEWS, seed: int = _SEED) -> Iterator[Any]:
    """So many views of a kind, by their seed the same ones each time. Of conflicts, three publishes."""
    drawn = random.Random(seed)
    for at in range(count):
        yield _VIEWS[kind](drawn, at)


def _push(drawn: random.Random, at: int) -> PushView:
    nodes = 1 + drawn.randrange(8)
    deploy = Sketch(drawn, nodes, tuple(drawn.sample(range(nodes), drawn.randint(1, nodes))))
    return PushView(deploy.rootfs_bytes, deploy.kernel_bytes, deploy.update, deploy)


def _placement(drawn: random.Random, at: int) -> PlacementView:
    """Up to eight candidates at up to four sites, some equally far, some of no weight; no more wanted than that."""
    n = 1 if at == 0 else drawn.randint(1, 8)
    nodes = tuple(drawn.sample(range(n), n))
    draws = [drawn.choice([0.0, drawn.random(), 1 - 2**-53]) for _ in range(2)]
    sites = tuple(drawn.randrange(4) for _ in range(n))
    weights = tuple(drawn.choice([0.0, 0.5, 1.0, 3.0]) for _ in range(n))
    deploy = Sketch(drawn, n)
    trips_s = tuple(deploy.round_trip_s(node) for node in nodes)
    return PlacementView(
        nodes, drawn.randint(0, n), drawn.randint(1, n), draws[0], draws[1], sites, trips_s, weights, deploy
    )


def _publishes(drawn: random.Random, at: int) -> tuple[Publish, ...]:
    return tuple(
        Publish(
            digest_of(drawn.choice("abc")), drawn.choice([0.0, 1.0, 2.0]), drawn.choice([0.0, 1.0]),
            drawn.randrange(3), drawn.randrange(3),
        )
        for _ in range(3)
    )  # fmt: skip


def _kept(drawn: random.Random, at: int) -> Kept:
    came_s = drawn.choice([0.0, drawn.uniform(0, 1e6)])
    freed = drawn.choice([0, drawn.randrange(10**9)])
    return Kept(came_s, came_s + drawn.choice([0.0, drawn.uniform(0, 1e5)]), drawn.randint(1, 100), freed)


def _holders(drawn: random.Random, at: int) -> Holders:
    trips_s = tuple(drawn.choice([0.01, 0.2, drawn.random()]) for _ in range(min(at, drawn.randrange(8))))
    return Holders(trips_s, drawn.choice([0.01, 0.1, 0.5]), drawn.choice([0.0, drawn.random(), 1 - 2**-53]))


def _owed(drawn: random.Random, at: int) -> Owed:
    now_s = 0.0 if at == 0 else drawn.choice([0.0, 3600.0, drawn.uniform(0, 1e6)])
    return Owed(now_s, drawn.choice([0.0, drawn.uniform(0, 1e3)]))


_VIEWS: Final[Mapping[str, Callable[[random.Random, int], Any]]] = {
    "route": _push, "placement": _placement, "fanout": lambda drawn, at: min(at + 1, 1 + drawn.randrange(10)),
    "trigger": _owed, "conflict": _publishes, "eviction": _kept, "source": _holders,
    "chunking": lambda drawn, at: Rootfs(at + 1 if at < 10 else drawn.randint(1, 10**10)),
}  # fmt: skip


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
    decide = _told_of_views(decider(kind, module, parameters))
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
            told = f"decided {said(again)} where it had decided {said(decision)}"
            return _asked_about(view, Wrong(told, _PURE))
    if _global_draws() != before:
        return Wrong("draws random numbers of its own", _PURE)
    if kind == "placement" and hasattr(module, "cell"):
        return _wrong_cells(decide, module.cell, parameters, asked)
    return None


def _told_of_views(decide: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same decider, of which an InputError says what it was asked about."""

    def told(view: Any) -> Any:
        try:
            return decide(view)
        except InputError as error:
            raise InputError(error.where, f"{error.problem}, asked about {said(view)}", error.remedy) from error

    return told


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
        told = " ".join(str(error).split("\n")[1:3])
        return (
            rule.fault(f"its Parameters can't be made from defaults and examples ({told})", "give them good defaults"),
        )
    except InputError as error:
        return error.errors
    return () if wrong is None else (rule.fault(f"{rule.function_name} {wrong.problem}", wrong.remedy),)
