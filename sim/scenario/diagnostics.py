"""What is wrong with a document, as values: where, what, and what to do about it.

A `Diagnostic` is a fault of the text, not of the world (`[faults]` of a scenario is what breaks in a run). Each
becomes one line of an `InputError`. The errors of pydantic, which reads a document into typed tables, are put into the
same form and words here (its codes: https://docs.pydantic.dev/latest/errors/validation_errors/). Left out: where in
the file a key stands, which TOML's reader does not keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sim.errors import near, shown
from sim.figures import quantity_of
from sim.scenario.keypath import KeyPath
from sim.units import UnitError


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that whoever wrote the document can mend.

    `path` is where the user finds it. `at` is the value whose removal (or whose replacement by `fill`) makes the
    rest of the document checkable. `needs` are paths whose own faults make this one meaningless.
    """

    path: KeyPath
    problem: str
    remedy: str
    at: KeyPath = ()
    fill: object = None
    needs: tuple[KeyPath, ...] = ()

    def below(self, prefix: KeyPath) -> Diagnostic:
        """The same fault in a larger document, where the repair takes out the whole value at `prefix`."""
        return replace(self, path=prefix + self.path, at=prefix, fill=None)


def consequential(each: Diagnostic, set_aside: Sequence[KeyPath], reported: Sequence[KeyPath]) -> bool:
    """Whether a fault may be there only because of others: of a value set aside, or of what it needs."""
    return any(_related(each.path, bad) for bad in set_aside) or any(
        _related(need, bad) for need in each.needs for bad in reported
    )


def _related(path: KeyPath, other: KeyPath) -> bool:
    """Whether one path lies on the way to the other."""
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


def diagnostics_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Diagnostic]:
    """Pydantic's errors about a document of `model`, one fault each."""
    for found in error.errors(include_url=False):
        yield from _faults(found, model)


def _faults(found: Mapping[str, Any], model: type[BaseModel]) -> Iterator[Diagnostic]:
    path: KeyPath = tuple(found["loc"])
    kind, value, context = found["type"], found["input"], found.get("ctx", {})
    is_key = bool(path) and path[-1] == "[key]"
    path = path[:-1] if is_key else path
    if is_key and kind != "fault":
        remedy = "use letters, digits, - and _ alone"
        yield Diagnostic(path, f"is no name for a table, got {shown(path[-1])}", remedy, path)
    elif kind == "faults":
        for inner in context["faults"]:
            yield inner.below(path)
    elif kind == "value_error" and isinstance(context["error"], UnitError):
        yield Diagnostic(path, context["error"].problem, context["error"].remedy, path)
    elif kind == "fault":
        yield Diagnostic(path, context["problem"], context["remedy"], path)
    elif kind == "extra_forbidden":
        what = "table" if isinstance(value, Mapping) else "key"
        yield Diagnostic(
            path, f"unknown {what}, got {shown(value)}", near(str(path[-1]), _keys(model, path[:-1])), path
        )
    elif kind == "missing":
        example = _example(model, path)
        yield Diagnostic(path, "is missing", f"write {path[-1]} = {_toml(example)}", path, fill=example)
    elif kind == "literal_error":
        known = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        remedy = near(value, known) if isinstance(value, str) else f"one of {', '.join(known)}"
        yield Diagnostic(path, f"unknown choice, got {shown(value)}", remedy, path)
    else:
        problem, remedy = _TYPES.get(kind, (found["msg"].lower(), "mend it"))
        yield Diagnostic(path, f"{problem}, got {shown(value)}", remedy, path)


_TYPES = {
    "string_type": ("must be text", 'write it in quotes, such as "dal"'),
    "bool_type": ("must be true or false", "write true or false"),
    "model_type": ("must be a table", "write its keys under a [table] of this name"),
    "tuple_type": ("must be a list", "write it in [brackets]"),
    "dict_type": ("must be a table of named tables", "write each under a [table] of its own"),
}


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that the table at `path` knows."""
    inner = _model_at(model, path)
    return [field.alias or name for name, field in inner.model_fields.items()] if inner else []


def _example(model: type[BaseModel], path: KeyPath) -> object:
    inner = _model_at(model, path[:-1])
    field = _field(inner, str(path[-1])) if inner else None
    quantity = quantity_of(field) if field else None
    if quantity:
        return quantity.example
    annotation = field.annotation if field else None
    return get_args(annotation)[0] if get_origin(annotation) is Literal else "..."


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((f for name, f in model.model_fields.items() if (f.alias or name) == key), None)


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model of the table at `path`: by key in a model, any key in a table of named tables, any place in a list."""
    at: object = model
    for key in path:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = _field(at, str(key))
            at = field.annotation if field else None
        else:
            parts = [part for part in get_args(at) if part is not Ellipsis]
            at = parts[-1] if parts else None
        if _is_optional(at):
            parts = [part for part in get_args(at) if part is not type(None)]
            at = next(filter(_is_model, parts), parts[0])
    return at if _is_model(at) else None  # type: ignore[return-value]


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_optional(annotation: object) -> bool:
    return type(None) in get_args(annotation)


def unclear(
    path: KeyPath, what: str, word: str, meant: tuple[str, ...], known: Iterable[str], **more: Any
) -> Diagnostic:
    """The fault of a word that means nothing, or more than one thing."""
    if meant:
        return Diagnostic(path, f"may mean {' or '.join(meant)}, got {shown(word)}", "write which of these", **more)
    return Diagnostic(path, f"unknown {what}, got {shown(word)}", near(word, known), **more)


def repair(values: dict[str, Any], each: Diagnostic) -> None:
    """Take the faulty value out, of a list the whole list; or put in the missing one."""
    table: Any = values
    for place, key in enumerate(each.at[:-1]):
        inner = table.get(key) if isinstance(table, Mapping) else None
        if isinstance(inner, list):  # its tables are mended like others
            item, rest = each.at[place + 1], each.at[place + 2 :]
            if rest and isinstance(item, int) and isinstance(inner[item], dict):
                repair(inner[item], replace(each, at=rest))
            else:
                del table[key]
            return
        table = inner
    if not isinstance(table, dict) or not each.at:
        return
    if each.fill is None:
        table.pop(each.at[-1], None)
    else:
        table[each.at[-1]] = each.fill


def position(document: Any, path: KeyPath) -> list[int]:
    """Where in the file a path is; what is missing comes after what is there."""
    places = []
    for key in path:
        keys = list(document) if isinstance(document, Mapping) else []
        places.append(keys.index(key) if key in keys else len(keys))
        document = document[key] if key in keys else None
    return places


def of_variants(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """What is wrong with the variants as they are named."""
    named = document.get("variants", {})
    if not isinstance(named, Mapping):
        yield Diagnostic(("variants",), f"must be a table of named tables, got {shown(named)}", "write [variants.NAME]")
        return
    for key, changes in named.items():
        if not isinstance(changes, Mapping):
            remedy = f'write [variants.{key}] with keys such as "policies.route"'
            yield Diagnostic(("variants", key), f"must be a table, got {shown(changes)}", remedy)
    run = document.get("run")
    baseline = run.get("baseline") if isinstance(run, Mapping) else None
    if isinstance(baseline, str) and baseline not in named:
        yield Diagnostic(("run", "baseline"), f"names no variant, got {shown(baseline)}", near(baseline, named))
