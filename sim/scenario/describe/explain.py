"""What a key is: its sentence, what is written there, its default and what that rests on, and its value in a file.

Everything is read off the model, as `keys` walks it, so that an explanation can't say something else than the checks.
Left out: what a key does to results, which `experiment` finds out.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from sim.errors import InputError, near, shown
from sim.figures import Figure, Quantity
from sim.scenario.describe import keys
from sim.scenario.describe.keys import KeyInfo, by_rule
from sim.scenario.describe.show import Resolved, resolved
from sim.scenario.keypath import dotted
from sim.scenario.model.choices import first_sentence
from sim.scenario.scenario import Scenario
from sim.scenario.tomltext import toml


@dataclass(frozen=True, slots=True)
class Explained:
    """All that is known of a key: what it is, what may be written, what holds without it, and what a file has."""

    key: str
    about: str
    #: What is written there, such as `a rate such as "10 Gbit/s", above 0`.
    form: str
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    default: str = ""
    rests_on: str = ""
    #: The same as data, where it is one figure's.
    figure: Figure | None = None
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: By variant (None: without one), the values of a file that the key stands for.
    values: Mapping[str | None, tuple[Resolved, ...]] = dataclasses.field(default_factory=dict)


def explained(key: str, scenario: Scenario | None = None) -> Explained:
    """What a key is, and its values in a scenario and in those variants that differ. InputError for an unknown key."""
    key_info, path = keys.find(key)
    values: dict[str | None, tuple[Resolved, ...]] = {}
    if scenario is not None and not key_info.is_table:
        _check_names(key, path, scenario)
        values = {None: _values(scenario, path)}
        for name in scenario.variants:
            found = _values(scenario.variant(name), path)
            if [one.text for one in found] != [one.text for one in values[None]]:
                values[name] = found
    return Explained(
        key_info.key,
        key_info.about,
        _form(key_info),
        _choices(key_info, scenario),
        _each(key_info, lambda one: one.default),
        _each(key_info, lambda one: one.figure.origin if one.figure else ""),
        key_info.figure,
        {below: one.about for below, one in key_info.below().items() if one.chooses is None},
        values,
    )


def _each(key_info: KeyInfo, said: Callable[[KeyInfo], str]) -> str:
    """What is said of a key, of each rule's where these differ."""
    of = {name: said(one) for name, one in key_info.rules.items()}
    return by_rule(of) if len(set(of.values())) > 1 else said(key_info)


def _check_names(key: str, path: tuple[str, ...], scenario: Scenario) -> None:
    """A name in a key is one that the file has. InputError with the near one."""
    named = getattr(scenario, path[0], None)
    if len(path) > 1 and isinstance(named, Mapping) and path[1] not in (*named, *keys.STANDS_FOR_ANY):
        problem = f"{scenario.name} has no {path[0]}.{path[1]}, got {shown(key)}"
        raise InputError("--explain", problem, near(path[1], named) if named else f"write {path[0]}.{keys.ANY} for any")


def _values(scenario: Scenario, path: tuple[str, ...]) -> tuple[Resolved, ...]:
    """The values of a file that the parts of a key stand for; of a rule with parameters its name's."""
    found = []
    for value in resolved(scenario):
        at = tuple(map(str, value.path))
        here = at[: len(path)]
        if len(here) == len(path) and all(a == b or b in keys.STANDS_FOR_ANY for a, b in zip(here, path, strict=True)):
            rest = [part for part in at[len(path) :] if not part.isdecimal()]
            if not rest or rest in (["name"], ["shape"]):
                found.append(value)
    return tuple(found)


def _form(key_info: KeyInfo) -> str:
    """What is written at a key, in words."""
    if key_info.kind is not None or key_info.chooses is not None:
        mixed = key_info.kind is not None and key_info.kind.mixed
        return "one of the choices below" + (", or a list of them with shares" if mixed else "")
    if key_info.is_table:
        return "a table" if keys.ANY not in key_info.below() else "a table of tables, each under a name of yours"
    if key_info.quantity is not None:
        return _amount(key_info.quantity)
    if get_origin(key_info.type) is Literal:
        return "one of " + ", ".join(toml(part) for part in get_args(key_info.type))
    named = {bool: "true or false", str: "text", int: "a whole number", float: "a number"}
    return named.get(key_info.type, "text, or a list of them" if get_origin(key_info.type) is tuple else "a value")  # type: ignore[call-overload, no-any-return]


def _amount(quantity: Quantity) -> str:
    """`a rate such as "10 Gbit/s", at least 1 bit/s`; of two lower bounds the one that counts."""
    lower = ("above", quantity.above) if quantity.above >= quantity.least else ("at least", quantity.least)
    bounds = (lower, ("at most", quantity.most))
    said = [f"{word} {quantity.bound(bound)}" for word, bound in bounds if math.isfinite(bound)]
    return ", ".join([f"a {quantity.noun} such as {toml(quantity.example)}", *said])


def _choices(key_info: KeyInfo, scenario: Scenario | None) -> dict[str, str]:
    """What there is to choose from, a user's own rules last."""
    kind = key_info.kind or key_info.chooses
    if kind is None:
        return {}
    rules = [rule for own in (scenario.rules.values() if scenario else ()) for rule in own.values()]
    own = {rule.name: first_sentence(rule.about) for rule in rules if rule.kind == kind.of}
    return {name: kind.about(name) for name in kind.names()} | own


def text(found: Explained) -> str:
    """All that is known of a key, for a terminal."""
    lines = [found.key, f"  {found.about}", ""]
    about = [("write", found.form), ("default", found.default), ("rests on", found.rests_on)]
    for variant, values in found.values.items():
        where = "here" if variant is None else f"in variant {variant}"
        said = [_value_text(value, len(values) == 1) for value in values] or ["nothing"]
        about += [(where if at == 0 else "", words) for at, words in enumerate(said)]
    width = max(len(label) for label, _ in about)
    lines += [f"  {label:{width}}  {words}".rstrip() for label, words in about if words]
    for title, listed in (("choices", found.choices), ("keys", found.keys)):
        widest = max(map(len, listed), default=0)
        lines += (
            ["", f"  {title}:", *(f"    {key:{widest}}  {words}" for key, words in listed.items())] if listed else []
        )
    return "\n".join(lines) + "\n"


def _value_text(value: Resolved, alone: bool) -> str:
    """The value, with its key where it is one of several, and what it rests on."""
    key = "" if alone else f"{dotted(value.path)} = "
    return f"{key}{value.text}" + (f"  # {value.comment}" if value.comment else "")


def to_json(found: Explained, scenario: Scenario | None) -> dict[str, Any]:
    """The document `regsim.explain/1`."""
    figure = found.figure
    return {
        "schema": "regsim.explain/1",
        "scenario": None if scenario is None else scenario.name,
        "key": found.key,
        "about": found.about,
        "form": found.form,
        "choices": found.choices,
        "keys": found.keys,
        "default": found.default or None,
        "source": figure.source if figure else "",
        "assumption": figure.assumption if figure else False,
        "range": figure.range if figure else None,
        "values": [
            {"variant": variant, "key": dotted(value.path), "value": value.text, "default": value.is_default}
            | {"source": value.figure.source if value.figure else ""}
            for variant, values in found.values.items()
            for value in values
        ],
    }
