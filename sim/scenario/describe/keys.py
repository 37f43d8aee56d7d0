"""Every key that a scenario may have, by one walk over the model's types.

    links.NAME.capacity     any link's; NAME, a star or a name stand for the tables that a user names

A rule or a shape has its choice's key and the parameters of every choice below it; whoever asks what a parameter is
gets the answer of each choice that has it. Left out: which keys exclude each other, which checks know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.errors import InputError, near, shown
from sim.figures import Figure, Quantity, default_figure
from sim.scenario.keypath import dotted, split
from sim.scenario.model.choices import Kind, Part, first_sentence
from sim.scenario.model.root import ABOUT_VARIANTS, Model
from sim.scenario.tomltext import toml

#: What stands for any name that a user gives.
ANY: Final = "NAME"
STANDS_FOR_ANY: Final = (ANY, "*")


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key of the model: what it is about, its type, and what may stand below it."""

    key: str
    about: str
    type: object = None
    marks: tuple[object, ...] = ()
    field: FieldInfo | None = None
    #: Of a choice's own key, its kind.
    chooses: Kind | None = None
    #: Of a parameter, by choice, what it is there: rules of one kind may have other parameters of one key.
    rules: Mapping[str, KeyInfo] = dataclasses.field(default_factory=dict)

    @property
    def kind(self) -> Kind | None:
        """The kind of choice that is written here, if one is."""
        return next((mark for mark in self.marks if isinstance(mark, Kind)), None)

    @property
    def quantity(self) -> Quantity | None:
        return next((mark for mark in self.marks if isinstance(mark, Quantity)), None)

    @property
    def figure(self) -> Figure | None:
        """What its default rests on, where that is one thing."""
        of = {None if one.field is None else str(default_figure(one.field)) for one in self.rules.values()}
        return None if self.field is None or len(of) > 1 else default_figure(self.field)

    @property
    def default(self) -> str:
        """The default as a file would have it; empty where there is none, or nothing."""
        if self.field is None or self.field.is_required() or self.field.default in (None, {}):
            return ""
        return toml(self.field.default)

    @property
    def is_table(self) -> bool:
        """Whether keys stand below it; a rule may be written as its name alone."""
        return self.kind is None and bool(self.below())

    def below(self) -> dict[str, KeyInfo]:
        """What stands directly below, by key; what a user names stands under `ANY`."""
        if self.kind is not None:
            return self._of_choice(self.kind)
        return {key: info._under(self) for key, info in _below(self.type).items()}

    def _under(self, above: KeyInfo) -> KeyInfo:
        """The same place under its whole key; what a user names is what the table of such names is of."""
        return replace(self, key=f"{above.key}.{self.key}" if above.key else self.key, about=self.about or above.about)

    def _of_choice(self, kind: Kind) -> dict[str, KeyInfo]:
        found = {kind.key: KeyInfo(kind.key, "Which of the choices it is.", str, chooses=kind)}
        if kind.mixed:
            found |= _fields(Part)
        rules: dict[str, dict[str, KeyInfo]] = {}
        for name in kind.names():
            for key, info in _fields(kind.model(name)).items():
                rules.setdefault(key, {})[name] = info
        for key, of in rules.items():
            about = by_rule({name: info.about for name, info in of.items()})
            found[key] = replace(next(iter(of.values())), about=about, rules=of)
        return {key: info._under(self) for key, info in found.items()}


def by_rule(said: Mapping[str, str]) -> str:
    """What is said of each rule, once where several have it said."""
    rules: dict[str, list[str]] = {}
    for name, sentence in said.items():
        if sentence:
            rules.setdefault(sentence, []).append(name)
    return " ".join(f"{sentence} (Of {', '.join(names)}.)" for sentence, names in rules.items())


def _fields(model: type[BaseModel]) -> dict[str, KeyInfo]:
    return {
        found.alias or name: _info(
            found.alias or name, found.description or "", found.annotation, found.metadata, found
        )
        for name, found in model.model_fields.items()
    }


def _info(key: str, about: str, annotation: object, marks: Sequence[object], found: FieldInfo | None = None) -> KeyInfo:
    """A place of this annotation, which is freed of what only says that it may be left out."""
    metadata = [*marks]
    while True:
        origin, parts = get_origin(annotation), get_args(annotation)
        if hasattr(annotation, "__metadata__"):
            metadata += annotation.__metadata__
            annotation = parts[0]
        elif origin in (Union, UnionType) and type(None) in parts:
            annotation = next(part for part in parts if part is not type(None))
        else:
            break
    if not about and _is_model(annotation):
        about = first_sentence(annotation.__doc__ or "")
    return KeyInfo(key, about, annotation, tuple(metadata), found)


def _below(annotation: object) -> dict[str, KeyInfo]:
    """What stands below a place of this type."""
    if _is_model(annotation):
        return _fields(annotation)  # type: ignore[arg-type]
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {ANY: _info(ANY, "", parts[1], ())}
    if origin is tuple and parts and _is_model(parts[0]):
        return {"0": _info("0", "", parts[0], ())}
    return {}


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def keys(document: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Every key that takes a value, dotted; where a document is given, under the names that it has."""
    return (key for key, _ in described(document))


def described(document: Mapping[str, Any] | None = None) -> Iterator[tuple[str, str]]:
    """The same, each key with what it is."""
    yield from _described(ROOT, "", document)


def _described(info: KeyInfo, above: str, document: object) -> Iterator[tuple[str, str]]:
    here = document if isinstance(document, Mapping) else {}
    for key, below in info.below().items():
        for name in list(here) if key == ANY and here else [key]:
            path = f"{above}{dotted((name,))}"
            if not below.is_table:
                yield path, below.about
            yield from _described(below, f"{path}.", here.get(name))


VARIANTS: Final = KeyInfo("variants", ABOUT_VARIANTS, Mapping[str, dict[str, object]])
ROOT: Final = KeyInfo("", "A scenario.", Model)


def find(key: str) -> tuple[KeyInfo, tuple[str, ...]]:
    """The place that a key names, and its parts. InputError when there is none, with the near one."""
    info, parts = ROOT, split(key)
    if parts[0] == "variants":
        # What stands in a variant is what stands in a scenario.
        return find(dotted(parts[2:])) if len(parts) > 2 else (VARIANTS, parts)
    for part in parts:
        below = info.below()
        mixed = info.kind is not None and info.kind.mixed and part.isdecimal()
        named = below.get(ANY) or (below.get("0") if part.isdecimal() else None)
        following = info if mixed else below.get(part) or named
        if following is None:
            raise InputError("--explain", f"unknown key, got {shown(key)}", _near(key, info, part))
        info = following
    return info, parts


def _near(key: str, info: KeyInfo, part: str) -> str:
    """The near key beside the unknown part, or one that ends as this one does, or what there is."""
    below = info.below()
    if not below:
        return f"{info.key} has no keys"
    listed = near(part, below)
    if listed.startswith("did you mean"):
        return listed.replace('"', f'"{info.key}.', 1) if info.key else listed
    ends = [] if info.key else [known for known in keys() if split(known)[-1] == split(key)[-1]]
    return f"did you mean {' or '.join(ends)}?" if ends else listed
