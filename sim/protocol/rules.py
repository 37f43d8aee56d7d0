"""Rules as ops ask them: one function for each kind, of all rules in the package's folder and of a user's own.

A rule is a plain function from a frozen view and its parameters to a decision (`sim/policies`). Ops have a rule's
number among those of its kind, and its parameters as numbers; so each kind has one function here, generated from the
folder, that picks the rule, makes its parameters a NamedTuple with the model's field names, and hands back numbers.
Adding a rule is adding a file.

A rule of a user's own (`sim.policies.outside`) is `Outside` for the runs that choose it, and has the next number of its
kind. It takes part where `functions` (the interpreter's) or `sim.protocol.rules_native.functions` (machine code) are
made with it and put in the place of the ones here. It may use more of Python than machine code has, or have parameters
that are no numbers: then machine code has none for its number (`sim.protocol.rules_native.compiles` says so), and a run
that asks for it is the reference engine's (`sim.engines.choice`). What it decides is checked: in the interpreter by the
rule itself, which is watched, in machine code by what makes numbers of decisions there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from sim import policies
from sim.errors import InputError
from sim.figures import Table
from sim.policies.snapshot import Due
from sim.policies.userrule import UserRule
from sim.protocol.codes import NEVER
from sim.scenario import Scenario
from sim.scenario.model.choices import Choice

#: By kind: a rule's own function, the one by which ops ask it, and the helper that makes numbers of decisions.
FUNCTIONS: Final = {
    "conflict": ("wins", "conflict_rule", "as_it_is"),
    "trigger": ("due", "trigger_rule", "due_or_never"),
    "source": ("parents", "source_rule", "note_parents"),
    "eviction": ("worth", "eviction_rule", "three_numbers"),
}

#: How a parameter of each type is had from its number.
_READ: Final[dict[Any, str]] = {float: "{}", int: "int({})", bool: "{} != 0.0"}


class Outside(NamedTuple):
    """A rule from outside the package, the name that a scenario has for it, and the parameters that it was given.

    `own` has its text where it is a user's.
    """

    kind: str
    name: str
    rule: ModuleType
    parameters: BaseModel
    own: UserRule | None = None

    @property
    def is_numbers(self) -> bool:
        """Whether its parameters are numbers, so that there may be machine code for it."""
        return parameter_types(self.rule.Parameters) is not None


class Rule(NamedTuple):
    """A rule as it takes part: its function, its parameters' class, and how each field is had from its number.

    Parameters that are no numbers are handed over as they are (`given`). What a user's rule decides is `checked`.
    """

    function: Callable[..., Any]
    parameters: type[tuple[Any, ...]] | None = None
    fields: tuple[str, ...] = ()
    given: object = None
    checked: bool = False


def rules_of(
    kind: str, outside: Sequence[Outside] = (), left_out: Collection[tuple[str, str]] = ()
) -> tuple[Rule | None, ...]:
    """All rules of a kind by their numbers: the package's in order of name, then those from outside.

    None for one that is left out, (kind, name), or has parameters that are no numbers and are not given.
    """
    others = {other.name: _rule(kind, other) for other in outside if other.kind == kind}
    own = [
        others.pop(name, None) or (None if (kind, name) in left_out else as_rule(kind, policies.rule(kind, name)))
        for name in policies.names(kind)
    ]
    return (*own, *others.values())


def number_of(kind: str, name: str, outside: Sequence[Outside] = ()) -> int:
    """The number of a rule among those of its kind."""
    own = policies.names(kind)
    return (*own, *(other.name for other in outside if other.kind == kind and other.name not in own)).index(name)


def chosen_rules(scenario: Scenario) -> list[tuple[str, Choice]]:
    """The rules that ops ask in runs of a scenario, by their kinds."""
    rules = scenario.policies
    return [
        ("conflict", rules.conflict), ("trigger", rules.sync.to_central), ("trigger", rules.sync.to_nodes),
        ("source", rules.source), ("eviction", rules.eviction),
    ]  # fmt: skip


def outside_of(scenario: Scenario) -> tuple[Outside, ...]:
    """The rules that a scenario chooses which are a user's own, or whose parameters are no numbers.

    InputError for one with such parameters that both directions of copies choose, with other ones.
    """
    found: dict[tuple[str, str], Outside] = {}
    for kind, choice in chosen_rules(scenario):
        one = Outside(kind, choice.name, choice.rule(kind), choice.parameters, choice.own)
        if choice.own is None and one.is_numbers:
            continue
        before = found.setdefault((kind, choice.name), one)
        if not one.is_numbers and before.parameters != choice.parameters:
            raise InputError(f"policies.sync: {choice.name}", "has parameters that are no numbers, and others each way")
    return tuple(found.values())


def as_rule(kind: str, module: ModuleType) -> Rule | None:
    """A rule whose parameters are numbers; None if some are not."""
    function, types = getattr(module, FUNCTIONS[kind][0]), parameter_types(module.Parameters)
    if types is None:
        return None
    if not types:
        return Rule(function)
    return Rule(function, _parameters_class(module.__name__, types), tuple(_READ[of] for of in types.values()))


def _rule(kind: str, other: Outside) -> Rule:
    made = as_rule(kind, other.rule) or Rule(getattr(other.rule, FUNCTIONS[kind][0]), given=other.parameters)
    return made._replace(checked=other.own is not None)


def parameter_types(model: type[BaseModel]) -> dict[str, Any] | None:
    """The types of a rule's parameters by their fields' names; None if some are no numbers, or do more than be read."""
    types = {name: _bare(field.annotation) for name, field in model.model_fields.items()}
    return types if all(of in _READ for of in types.values()) and not _does_more(model) else None


def _does_more(model: type[BaseModel]) -> bool:
    """Whether a model has methods or properties of its own, which a tuple of its numbers has not."""
    own = [kind for kind in model.__mro__ if not issubclass(Table, kind)]
    names = {name for kind in own for name in vars(kind) if not name.startswith(("_", "model_"))}
    return bool(names - model.model_fields.keys())


def _bare(annotation: Any) -> Any:
    return _bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _parameters_class(module: str, types: Mapping[str, Any]) -> type[tuple[Any, ...]]:
    name = f"{module.rpartition('.')[2]}_parameters"
    made: type[tuple[Any, ...]] = NamedTuple(name, list(types.items()))  # type: ignore[misc]
    return made


def source_of(kind: str, rules: Sequence[Rule | None], checks: bool = False) -> str:
    """The source of the function that asks the rule of a number; it `checks` what users' rules decide."""
    _, name, numbers = FUNCTIONS[kind]
    lines = [f"def {name}(w, number, at, view):"]
    there = [(number, rule) for number, rule in enumerate(rules) if rule is not None]
    for number, rule in there:
        if rule.given is not None:
            parameters = f"given_{number}"
        elif rule.parameters is None:
            parameters = "()"
        else:
            values = [read.format(f"w.rule_values[at + {place}]") for place, read in enumerate(rule.fields)]
            parameters = f"parameters_{number}({', '.join(values)})"
        is_last = number == there[-1][0]
        if not is_last:
            lines.append(f"    if number == {number}:")
        indent = "    " if is_last else "        "
        taken = f"checked_{numbers}(w, view, " if checks and rule.checked else f"{numbers}(w, "
        lines.append(f"{indent}return {taken}rule_{number}(view, {parameters}))")
    return "\n".join(lines) + "\n"


def code_of(kind: str, rules: Sequence[Rule | None], checks: bool = False) -> CodeType:
    """That function's code."""
    # It stands in this file, as it were: compiled code is kept beside a file.
    module = compile(source_of(kind, rules, checks), __file__, "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))


def names_of(rules: Sequence[Rule | None]) -> dict[str, Any]:
    """What that function's code knows by name, but for the helpers."""
    names: dict[str, Any] = {}
    for number, rule in enumerate(rules):
        if rule is None:
            continue
        names |= {
            f"rule_{number}": rule.function, f"parameters_{number}": rule.parameters, f"given_{number}": rule.given,
        }  # fmt: skip
    return names


def functions(outside: Sequence[Outside] = ()) -> dict[str, FunctionType]:
    """The functions by which ops ask rules, by name, for the interpreter."""
    made = {}
    for kind, (_, name, _) in FUNCTIONS.items():
        rules = rules_of(kind, outside)
        # It has names of its own: engines that copy kernel code into another scope leave it as it is.
        made[name] = FunctionType(code_of(kind, rules), names_of(rules) | _HELPERS | {"__name__": "rules"}, name)
    return made


def as_it_is(w: Any, decision: bool) -> bool:
    return decision


def due_or_never(w: Any, decision: Due | None) -> tuple[float, int]:
    """When, and whether exclusively; `NEVER` for None."""
    if decision is None:
        return NEVER, 0
    return decision.at_s, int(decision.exclusive)


def three_numbers(w: Any, decision: tuple[float, ...]) -> tuple[float, ...]:
    """Zeros for what is missing of three numbers; more than three are left as they are, and do not compile."""
    return (*map(float, decision), 0.0, 0.0, 0.0)[: max(3, len(decision))]


def note_parents(w: Any, decision: Any) -> float:
    """Put the chosen ones where ops find them."""
    chosen = w.chosen
    for at, position in enumerate(decision.chosen):
        chosen[at] = position
    w.g.chosen_used = len(decision.chosen)
    return float(decision.lookup_s)


def first_of(column: Sequence[float], n: int) -> tuple[float, ...]:
    """The first numbers of a column, as rules see them."""
    return tuple(column[:n])


_HELPERS: Final[dict[str, Any]] = {
    "as_it_is": as_it_is, "due_or_never": due_or_never, "three_numbers": three_numbers, "note_parents": note_parents,
}  # fmt: skip

_packaged: Final = functions()
conflict_rule: Any = _packaged["conflict_rule"]
trigger_rule: Any = _packaged["trigger_rule"]
source_rule: Any = _packaged["source_rule"]
eviction_rule: Any = _packaged["eviction_rule"]


class RuleValues(NamedTuple):
    """The rules' part of a state: the globals by name, and the table `rule_values`, (n,)."""

    globals_: dict[str, int]
    values: NDArray[np.float64]


def rule_values(scenario: Scenario) -> RuleValues:
    """The numbers and parameters of the rules that a scenario chooses."""
    outside = outside_of(scenario)
    globals_: dict[str, int] = {}
    values: list[float] = []
    modules: dict[str, ModuleType] = {}
    fields = ("conflict", "to_central", "to_nodes", "source", "eviction")
    for field, (kind, choice) in zip(fields, chosen_rules(scenario), strict=True):
        modules[field] = choice.rule(kind)
        globals_[field] = number_of(kind, choice.name, outside)
        globals_[f"{field}_values"] = len(values)
        values += numbers(choice.parameters)
    globals_["central_on_demand"] = int(getattr(modules["to_central"], "ON_DEMAND", False))
    globals_["nodes_on_demand"] = int(getattr(modules["to_nodes"], "ON_DEMAND", False))
    globals_["nodes_refuse"] = int(getattr(modules["to_nodes"], "REFUSES", False))
    sync = scenario.policies.sync
    for field, trigger in (("to_central", sync.to_central), ("to_nodes", sync.to_nodes)):
        says = getattr(modules[field], "REPEATS", None)
        globals_[f"{field}_again"] = 0 if says is None else int(getattr(trigger.parameters, says))
    globals_["asks_holders"] = int(not getattr(modules["source"], "ASKS_NOBODY", False))
    return RuleValues(globals_, np.array(values, np.float64))


def numbers(parameters: BaseModel) -> list[float]:
    """A rule's parameters as numbers, none if some are not. ValueError for a whole number that no float is."""
    made = []
    for name in parameter_types(type(parameters)) or ():
        value = getattr(parameters, name)
        if float(value) != value:
            raise ValueError(f"{name}: {value} has more digits than a rule can be given; round it")
        made.append(float(value))
    return made
