"""A scenario's raw document: read from TOML, changed by overrides, freed of its figure tables.

Overrides keep the meaning of a file. A dotted key and nested tables say the same; a table merges into a table, but a
figure (`{ value = ... }`) or a rule (`{ name = ... }`) replaces what was there; and a key replaces its alternatives,
so `delay` takes the place of `rtt`. A file, or a variant in it, may extend another file, and is then what overrides
that one.

From Python values come as they are there: a `timedelta` for a time, a path for a file's name, numpy's numbers and
arrays, tuples. None takes out what is written, so that the default holds. Left out: what keys mean, which `model`
knows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any, Final

from sim.errors import InputError, near, shown
from sim.figures import Figure
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath, dotted, split

Document = dict[str, Any]

#: What a value says that it rests on where an override set it.
OVERRIDE: Final = "override"
_FIGURE_KEYS = ("value", "source", "assumption", "range")
# A key and those it replaces when an override sets it.
_ALTERNATIVES = {
    "rtt": ("delay",),
    "delay": ("rtt",),
    "capacity": ("up", "down"),
    "up": ("capacity",),
    "down": ("capacity",),
    "kernel": ("rom",),
    "rom": ("kernel",),
}


def parse_setting(text: str) -> tuple[str, object]:
    """`KEY=VALUE` as a command line gives it; VALUE as in a file, or a bare word.

    >>> parse_setting("links.wan.capacity=1 Gbit/s")
    ('links.wan.capacity', '1 Gbit/s')
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    if not key or not equals or not value:
        raise InputError("--set", f"must be KEY=VALUE, got {shown(text)}", "write for example run.runs=3")
    try:
        return key, tomllib.loads(f"value = {value}")["value"] if "\n" not in value else value
    except (ValueError, RecursionError):
        return key, value


def overridden(document: Mapping[str, Any], overrides: Mapping[str, Any], origin: str) -> Document:
    """A copy of the document with the overrides in it, each value saying that it comes from `origin`."""
    changed: Document = native(document)
    for key, value in overrides.items():
        change: Any = _with_origin(native(value), origin)
        for part in reversed(split(str(key))):
            change = {part: change}
        variants = changed.get("variants")
        if "variants" in change and isinstance(variants, dict):
            changed["variants"] = {name: nested(table) for name, table in variants.items()}
        merge(changed, change)
    return changed


def of_variant(document: Mapping[str, Any], variant: str, changes: Mapping[str, Any]) -> Document:
    """A copy of the document in which one of its variants has these changes too, and all else is as it was."""
    changed: Document = native(document)
    own = nested(changed["variants"][variant])
    changed["variants"][variant] = overridden(own, changes, OVERRIDE)
    return changed


def nested(table: Any) -> Any:
    """A variant's table without dotted keys: a change finds what it replaces, however that was written."""
    if not isinstance(table, Mapping):
        return table
    made: Document = {}
    merge(made, table)
    return made


def native(value: Any) -> Any:
    """A copy of a Python value as a file would have it; what has no such form is left, for checks to refuse."""
    if isinstance(value, Mapping):
        return {str(key): native(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [native(part) for part in value]
    if isinstance(value, timedelta):
        return f"{value.total_seconds()!r} s"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Figure):
        about = {"source": value.source, "assumption": value.assumption, "range": value.range}
        return native({"value": value.value} | {key: part for key, part in about.items() if part})
    if hasattr(value, "to_csv"):
        return _csv(value)
    # numpy's numbers and arrays say themselves what they are in Python.
    return native(value.tolist()) if hasattr(value, "tolist") else value


def _csv(frame: Any) -> str:
    """A pandas frame as a table of text: an index that has a name is a column too, spans of time are seconds."""
    if frame.index.name is not None:
        frame = frame.reset_index()
    spans = [name for name, kind in frame.dtypes.items() if kind.kind == "m"]
    frame = frame.assign(**{name: frame[name].dt.total_seconds() for name in spans})
    # In a text a line that begins with # is a comment; a time never begins so, an app's name may.
    text: str = frame.iloc[:, sorted(range(len(frame.columns)), key=lambda at: frame.columns[at] != "time")].to_csv(
        index=False
    )
    return text


def _with_origin(value: Any, origin: str) -> Any:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return {"value": value, "source": origin}
    if _replaces(value):
        return value
    return {key: _with_origin(part, origin) for key, part in value.items()}


def _replaces(table: Mapping[str, Any]) -> bool:
    """Whether a table is one value: a figure, or a rule with its parameters."""
    return is_figure(table) or isinstance(table.get("name"), str)


def merge(table: Document, changes: Mapping[str, Any], within: str = "") -> None:
    """Put changes into a table, which stands under the key `within`."""
    for written, value in changes.items():
        key, rest = _first_key(written, value, table if within == "images" else None)
        change = {rest: value} if rest else value
        if change is None:
            _take_out(table, key)
            continue
        for other in _ALTERNATIVES.get(key, ()):
            _replace_alternative(table, other, changes)
        present = _unwrapped(table.get(key))
        if not isinstance(change, Mapping) or _replaces(change):
            table[key] = change
        elif isinstance(present, list):
            table[key] = _merged_list(present, change)
        else:
            table[key] = target = _table(present)
            merge(target, change, key)


def _first_key(written: str, value: Any, images: Mapping[str, Any] | None) -> tuple[str, str]:
    """The key that a dotted key begins with, and the rest.

    Of a table under `[images]` a key with dots is the image's name, unless it begins with a name that is there.
    """
    key, *rest = split(written)
    if images is not None and rest and key not in images and isinstance(value, Mapping) and not is_figure(value):
        return written, ""
    return key, dotted(tuple(rest)) if rest else ""


def _take_out(table: Document, key: str) -> None:
    """What is not there cannot be meant: a mistyped key would go unseen."""
    if key not in table:
        raise InputError(key, "is not written, so that None takes nothing out", near(key, table))
    del table[key]


def _replace_alternative(table: Document, other: str, changes: Mapping[str, Any]) -> None:
    """Drop the key that a change replaces; a capacity that only one direction replaces stays in the other."""
    if other in changes or other not in table:
        return
    value = table.pop(other)
    if other == "capacity":
        for direction in ("up", "down"):
            table.setdefault(direction, value)


def _merged_list(present: list[Any], changes: Mapping[str, Any]) -> list[Any]:
    """Changes of a mix of rules, by position: `policies.route.0.share`."""
    table = {str(position): part for position, part in enumerate(present)}
    merge(table, changes)
    return list(table.values())


def _table(present: Any) -> Document:
    """What a change of single keys starts from: the table there, or the rule whose name stands there alone."""
    if isinstance(present, str):
        return {"name": present}
    return present if isinstance(present, dict) else {}


def _unwrapped(value: Any) -> Any:
    return value["value"] if is_figure(value) else value


def is_figure(value: Any) -> bool:
    """A table that stands for one value, with what it rests on; a table named "value" is no such thing."""
    return isinstance(value, Mapping) and "value" in value and not isinstance(value["value"], Mapping)


def without_figures(
    document: Mapping[str, Any], diagnostics: list[Diagnostic]
) -> tuple[Document, dict[KeyPath, Figure]]:
    """The document with each figure's value in its place, and the figures by path."""
    figures: dict[KeyPath, Figure] = {}

    def value_of(value: Any, path: KeyPath) -> Any:
        if path and is_figure(value):
            diagnostics.extend(_figure_faults(value, path))
            limits = value.get("range")
            figures[path] = Figure(
                value=value["value"],
                source=str(value.get("source", "")),
                assumption=value.get("assumption") is True,
                range=(limits[0], limits[1]) if _is_pair(limits) else None,
            )
            return value_of(value["value"], path)
        if isinstance(value, Mapping):
            named = ((str(key), part) for key, part in value.items())
            return {key: value_of(part, (*path, key)) for key, part in named if is_text(key, (*path, key))}
        if isinstance(value, list):
            return [value_of(part, (*path, position)) for position, part in enumerate(value)]
        return value if not isinstance(value, str) or is_text(value, path) else ""

    def is_text(text: str, path: KeyPath) -> bool:
        """Whether it can be written to a file: Python's text may have half of a character, as of what is no UTF-8."""
        if any("\ud800" <= character <= "\udfff" for character in text):
            diagnostics.append(Diagnostic(path, f"is no text, got {shown(text)}", "write it in UTF-8"))
            return False
        return True

    return value_of(document, ()), figures


def _figure_faults(table: Mapping[str, Any], path: KeyPath) -> Iterator[Diagnostic]:
    for key, value in table.items():
        if key not in _FIGURE_KEYS:
            yield Diagnostic((*path, key), f"unknown key of a figure, got {shown(value)}", near(str(key), _FIGURE_KEYS))
    checks = (
        ("source", lambda value: isinstance(value, str), "text", 'write source = "where it is from"'),
        ("assumption", lambda value: isinstance(value, bool), "true or false", "write assumption = true"),
        ("range", _is_pair, "two values", "write range = [lowest, highest]"),
    )
    for key, good, wanted, remedy in checks:
        if key in table and not good(table[key]):
            yield Diagnostic((*path, key), f"must be {wanted}, got {shown(table[key])}", remedy)


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2
