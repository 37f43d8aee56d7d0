"""The rooms of the house, read off the code: what each is for, which it imports, and a drawing of that.

A room is a module or a folder directly in `sim`. What is imported for type checkers alone does not count, and `sim`
itself, whose names are imported when they are first used, is no room. An arrow that a longer way says as well is left
out of the drawing, and stands in the list below it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from sim.docs import layers, markdown

SIM: Final = Path(__file__).parents[1]
DRAWING: Final = "rooms.svg"
#: What a line of the drawing's legend says of rooms that import a package from outside.
OUTSIDE: Final[Mapping[str, str]] = {"simpy": "imports SimPy", "numba": "imports numba"}

_TITLE: Final = "The rooms of the house, and which imports which"
_INTRODUCTION: Final = f"""\
![Boxes for the rooms of the package and arrows for imports]({DRAWING})

Each box is a folder or a module of `sim/`; an arrow leads from a room to one that it imports, always downwards: no two
rooms import each other, and a test holds that. Where a longer way of arrows leads to the same room no arrow is drawn;
the list has all of them. Whoever wants to know one part reads it and what lies below it, and nothing else. One door
leads up: a result, asked to render itself, has `report` do it by a name that is looked up then."""

_MODULE: Final = re.compile(r"sim(\.[a-z_0-9]+)+")

Imports = dict[str, frozenset[str]]


def rooms() -> dict[str, list[Path]]:
    """The modules of each room, by its name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(SIM.rglob("*.py")):
        name = path.relative_to(SIM).parts[0].removesuffix(".py")
        if not name.startswith("__") and "__pycache__" not in path.parts:
            found.setdefault(name, []).append(path)
    return found


def imported(source: str) -> Iterator[str]:
    """The dotted names that a module imports when it runs, or by a name that stands in it as text, when it is asked."""
    tree = ast.parse(source)
    typed = {id(node) for guard in _guards(tree) for part in guard.body for node in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in typed:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _MODULE.fullmatch(node.value):
            yield node.value


def _guards(tree: ast.Module) -> Iterator[ast.If]:
    """What is for type checkers alone."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")


@cache
def _names(room: str) -> frozenset[str]:
    return frozenset(name for path in rooms()[room] for name in imported(path.read_text(encoding="utf-8")))


def imports() -> Imports:
    """The rooms that each room imports."""
    known = rooms()
    return {
        room: frozenset(
            parts[1] for name in _names(room)
            if len(parts := name.split(".")) > 1 and parts[0] == "sim" and parts[1] in known and parts[1] != room
        )
        for room in known
    }  # fmt: skip


def about(room: str) -> str:
    """The first paragraph of what a room says of itself."""
    path = SIM / room / "__init__.py" if (SIM / room).is_dir() else SIM / f"{room}.py"
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(told.split("\n\n")[0].split())


def parts(room: str) -> list[str]:
    """The folders of modules directly within a room."""
    inside = (path.parent for path in rooms()[room] if path.stem == "__init__")
    return sorted(folder.name for folder in inside if folder.parent == SIM / room)


def page() -> str:
    """The page, whose picture is the drawing."""
    return markdown.page(_TITLE, _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    arrows = imports()
    levels = layers.levels(arrows)
    for level in sorted(set(levels.values()), reverse=True):
        here = [room for room in sorted(arrows) if levels[room] == level]
        yield markdown.entries(_line(room, sorted(arrows[room])) for room in here)


def _line(room: str, below: list[str]) -> str:
    inside = f" Parts: {', '.join(parts(room))}." if parts(room) else ""
    uses = f" Imports {', '.join(below)}." if below else " Imports no other room."
    return f"- `{room}`: {markdown.sentence(about(room))}{inside}{uses}"


def drawing() -> str:
    """The drawing, as SVG."""
    arrows = imports()
    boxes = {room: layers.Box(room, _in_lines(parts(room)), about(room), _mark(room)) for room in arrows}
    legend = [(name, words) for name, words in OUTSIDE.items() if any(box.mark == name for box in boxes.values())]
    return layers.svg(boxes, arrows, _TITLE, legend)


def _mark(room: str) -> str:
    """The first package of those in the legend that a room imports."""
    packages = {name.split(".")[0] for name in _names(room)}
    return next((name for name in OUTSIDE if name in packages), "")


def _in_lines(words: list[str], widest: int = 30) -> tuple[str, ...]:
    """Words, as many a line as fit; a long list is cut short, since the list below the drawing has it."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= widest:
            lines[-1] += f", {word}"
        elif len(lines) == 2:
            lines[-1] += ", ..."
            break
        else:
            lines.append(word)
    return tuple(lines)
