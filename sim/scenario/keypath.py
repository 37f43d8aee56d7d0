"""Key paths: where a value stands in a scenario, as a tuple of keys and as one text with dots between them.

    links.wan.capacity                                   ("links", "wan", "capacity")
    images."registry.example/team/app:1.2".rootfs        ("images", "registry.example/team/app:1.2", "rootfs")

A key with a dot of its own stands in quotes, as TOML has it (https://toml.io/en/v1.0.0#keys); all others may stand
bare, also those for which TOML itself wants quotes, such as `links.nodes/dal`. Left out: white space around dots.
"""

from __future__ import annotations

import re
from typing import Final

KeyPath = tuple[str | int, ...]

#: What makes a key ambiguous between dots, or before the equals sign of an override.
_AMBIGUOUS: Final = frozenset(".\"'=")
_LONGEST: Final = 200
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?=\.|$)|\'[^\']*\'(?=\.|$)')
_ESCAPED: Final = re.compile(r'\\(["\\])')


def dotted(path: KeyPath) -> str:
    """A path as one text, as errors, overrides and figures have it."""
    return ".".join(_bare_or_quoted(str(key)) for key in path)


def shortened(text: str) -> str:
    """A path as an error shows it: no key is worth more than a line or two."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def split(text: str) -> tuple[str, ...]:
    """The keys of a dotted text; a quotation mark that nothing closes stands for itself."""
    keys: list[str] = []
    at = 0
    while at <= len(text):
        quoted = _QUOTED.match(text, at)
        if quoted is not None:
            mark, inner = quoted[0][0], quoted[0][1:-1]
            keys.append(_ESCAPED.sub(r"\1", inner) if mark == '"' else inner)
            at = quoted.end() + 1
            continue
        end = text.find(".", at)
        end = len(text) if end < 0 else end
        keys.append(text[at:end])
        at = end + 1
    return tuple(keys)


def _bare_or_quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if _AMBIGUOUS & set(key) else key
