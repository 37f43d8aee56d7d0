"""Values as TOML writes them (https://toml.io/en/v1.0.0): text, numbers, lists and inline tables.

Left out: dates, which no key of a scenario takes as such, and text of several lines, which is written with escapes.
"""

from __future__ import annotations

from collections.abc import Mapping


def toml(value: object) -> str:
    """One value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, Mapping) and not value:
        return "{}"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(str(key))} = {toml(part)}" for key, part in value.items()) + " }"
    return str(value)


def toml_key(key: str) -> str:
    """A key, in quotes where TOML wants them."""
    return key if key.isascii() and key.replace("-", "").replace("_", "").isalnum() else toml(key)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
