"""The walls of the house: which room may import which, where SimPy lives, and how a module looks from outside.

The rules are read off the source, so that a wall falls in this file and not in somebody's fourth module.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

SIM = Path(__file__).parents[1] / "sim"
#: Rooms of `sim/`, ground floor first; a room imports itself and rooms listed before it. `sim/__init__.py` and
#: `sim/__main__.py` are the roof: they may use all of them, and nobody uses them.
ORDER = (
    "version", "errors", "schemas", "units", "figures", "streams", "plugins", "files", "rendering",
    "document", "tables", "records", "network", "registry", "contrib", "theory", "policies", "scenario",
    "workload", "protocol", "engines", "stats", "accounting", "manifest", "result", "runner", "experiment",
    "report", "calibrate", "explore", "cli", "docs",
)  # fmt: skip
#: The one module below `report` that knows of it: results ask it for the function that renders them.
DOOR = "rendering.py"
#: The parts of `network`, each of which uses those before it.
PARTS = ("topology", "fairshare", "tcp", "packets")
LONGEST = 320
#: Modules that are longer, and the one subject that each has.
LONGER = {
    "document.py": "every key of a scenario, written from the schema",
    "protocol/programs.py": "every program of the protocol",
    "protocol/build.py": "a scenario as rows",
    "protocol/routes.py": "ways and lanes over the graph",
    "protocol/ops/deploys.py": "a deploy's ops",
    "protocol/ops/faults.py": "every kind of fault",
    "protocol/ops/holdings.py": "what registries hold",
    "protocol/ops/pull.py": "a pull's ops",
    "protocol/ops/sync.py": "a copy's ops",
    "records/layout.py": "rows as objects or as arrays",
}
SOURCES = {path.relative_to(SIM).as_posix(): path.read_text() for path in sorted(SIM.rglob("*.py"))}
PURE = ("network", "registry", "contrib", "records", "protocol")


def room_of(module: str) -> str:
    """The first part of a path or a dotted name below `sim`."""
    return module.replace("/", ".").removesuffix(".py").split(".")[0]


@cache
def parsed(source: str) -> ast.Module:
    """A text's syntax tree, made once for all rules."""
    return ast.parse(source)


def imported(source: str, package: str = "sim") -> Iterator[str]:
    """The dotted names of all modules that a text imports, wherever; relative ones count from `package`."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (part.value for part in node.args if isinstance(part, ast.Constant))


def climbs(module: str, source: str) -> list[str]:
    """The imports of a module that lead to a room above its own, or to the roof; `cli` and `docs` use public names."""
    here = ORDER.index(room_of(module))
    package = ".".join(("sim", *Path(module).parts[:-1]))
    inside = [name for name in imported(source, package) if name.split(".")[0] == "sim"]
    rooms = {name: name.split(".")[1] if "." in name else "cli" for name in inside}
    return [name for name, room in rooms.items() if room not in ORDER or ORDER.index(room) > here]


def texts(source: str) -> list[str]:
    """The strings of a text but for its docstrings, the constant parts of f-strings among them."""
    tree = parsed(source)
    bodies = [n.body for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docs = [body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)]
    constants = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n not in docs)
    return [n.value for n in constants if isinstance(n.value, str)]


def rendered(source: str) -> list[str]:
    """The functions of `sim.report` that a text asks the door for."""
    calls = (n for n in ast.walk(parsed(source)) if isinstance(n, ast.Call) and ast.unparse(n.func) == "render")
    return [n.args[0].value for n in calls if isinstance(n.args[0], ast.Constant)]


def nested_imports(source: str) -> list[int]:
    """The lines of imports inside a function or a method."""
    functions = (n for n in ast.walk(parsed(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [n.lineno for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)]


def circles(sources: dict[str, str]) -> list[list[str]]:
    """The modules of which each imports, by way of others or not, all of its circle: for types alone or not.

    That a module's import runs the `__init__` of the packages that it is in is no import of its own.
    """
    dotted = {".".join(("sim", *Path(one).with_suffix("").parts)).removesuffix(".__init__"): one for one in sources}
    graph = nx.DiGraph()
    for name, module in dotted.items():
        package = ".".join(("sim", *Path(module).parts[:-1]))
        for found in imported(sources[module], package):
            target = found
            while target and target not in dotted:
                target = target.rpartition(".")[0]
            if target and target != name:
                graph.add_edge(name, target)
    return sorted(sorted(one) for one in nx.strongly_connected_components(graph) if len(one) > 1)


def uses_simpy(source: str) -> bool:
    return any(name.split(".")[0] == "simpy" for name in imported(source))


ROOMS = [module for module in SOURCES if module not in ("__init__.py", "__main__.py")]


def test_every_room_has_its_place() -> None:
    """Whatever lies in `sim/` is a room in the order."""
    assert {room_of(module) for module in ROOMS} <= set(ORDER)


def test_imports_go_down() -> None:
    """A module imports its own room and the rooms before it, nothing else of `sim`."""
    found = {module: climbs(module, SOURCES[module]) for module in ROOMS}
    assert {module: names for module, names in found.items() if names} == {}


def test_no_modules_import_each_other() -> None:
    """There is no circle of modules, not even one that only a type checker goes round."""
    assert circles(SOURCES) == []


def test_one_door_leads_up_to_the_room_that_renders() -> None:
    """Below `report` one module names it, to load what a result asks for; and all that results ask for is there."""
    below = [module for module in ROOMS if ORDER.index(room_of(module)) < ORDER.index("report")]
    assert [module for module in below if any("sim.report" in text for text in texts(SOURCES[module]))] == [DOOR]
    asked = [name for module in below for name in rendered(SOURCES[module])]
    assert len(asked) > 5
    for module, _, function in (name.rpartition(".") for name in asked):
        assert callable(getattr(importlib.import_module(f"sim.report.{module}"), function))


def test_the_network_s_parts_use_those_before_them() -> None:
    """Of the four parts of `network` none imports one that comes after it, nor what all of them come to."""
    allowed = {part: PARTS[: number + 1] for number, part in enumerate(PARTS)}
    for module, source in SOURCES.items():
        parts = Path(module).parts
        if parts[0] != "network" or len(parts) == 2:
            continue
        inside = [name.split(".") for name in imported(source, ".".join(("sim", *parts[:-1])))]
        used = {name[2] for name in inside if name[:2] == ["sim", "network"]}
        assert used <= set(allowed[parts[1]]), module


def test_only_the_reference_engine_waits() -> None:
    """SimPy is imported in one module."""
    assert [module for module, source in SOURCES.items() if uses_simpy(source)] == ["engines/reference.py"]


def test_imports_stand_at_the_top() -> None:
    """No import hides inside a function."""
    assert {module: lines for module, source in SOURCES.items() if (lines := nested_imports(source))} == {}


def test_every_module_says_what_it_is() -> None:
    """A module opens with a docstring whose first paragraph is whole."""
    opening = {module: (ast.get_docstring(parsed(source)) or "").split("\n\n")[0] for module, source in SOURCES.items()}
    assert [module for module, text in opening.items() if not text.endswith((".", ":", "`", "?", ")"))] == []


def test_every_module_fits_on_a_few_screens() -> None:
    """No module is longer than 320 lines, but for those that are one subject, which are."""
    assert {module for module, source in SOURCES.items() if len(source.splitlines()) > LONGEST} == {*LONGER}


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_needs_no_simpy(room: str) -> None:
    """Libraries of their own, and the protocol, which engines run: all their modules import with SimPy blocked."""
    wanted = [
        ".".join(("sim", *Path(module).with_suffix("").parts)).removesuffix(".__init__")
        for module in SOURCES
        if room_of(module) == room
    ]
    code = f"import sys, importlib; sys.modules['simpy'] = None; [importlib.import_module(m) for m in {wanted}]"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SIM.parent)
    assert ended.returncode == 0, ended.stderr


def test_a_wall_that_falls_is_seen() -> None:
    """Each rule finds the mistake it is there for, and leaves what is right alone."""
    assert climbs("network/graph.py", "from sim.protocol.names import Names") == ["sim.protocol.names.Names"]
    assert climbs("network/graph.py", "from ..scenario import load") == ["sim.scenario.load"]
    assert climbs("network/graph.py", "from .. import runner") == ["sim.runner"]
    assert climbs("units.py", "import sim") == ["sim"]
    assert climbs("units.py", "from sim import __version__") == ["sim.__version__"]
    assert climbs("cli/run.py", "import sim") == []
    assert climbs("units.py", "if TYPE_CHECKING:\n    from sim.cli import run") == ["sim.cli.run"]
    assert texts("'doc'\nx = f'sim.report.{y}'\ndef f():\n    'doc'\n    return 'a'") == ["sim.report.", "a"]
    assert rendered("render('verdict.verdict', self)\nother('a.b')") == ["verdict.verdict"]
    assert circles({"a.py": "if TYPE_CHECKING:\n    from sim import b", "b.py": "import sim.a"}) == [["sim.a", "sim.b"]]
    assert circles({"a.py": "from sim.b import c", "b.py": "import sim.d", "d.py": ""}) == []
    assert climbs("tables/rows.py", "import importlib\nimportlib.import_module('sim.cli')") == ["sim.cli"]
    assert climbs("engines/run.py", "from sim.tables.rows import PHASES\nfrom . import text\nimport simpy") == []
    typing_only = "if TYPE_CHECKING:\n    from sim.a.one import One"
    assert circles({"a/one.py": "from sim.a import two", "a/two.py": typing_only}) == [["sim.a.one", "sim.a.two"]]
    assert (
        circles({"a/__init__.py": "from sim.a.one import One", "a/one.py": "", "b.py": "from sim.a import One"}) == []
    )
    assert circles({"a/__init__.py": "from .one import One", "a/one.py": "from . import x"}) == [["sim.a", "sim.a.one"]]
    assert nested_imports("class A:\n    def f(self):\n        import os") == [3]
    assert nested_imports("import os\nif os:\n    import sys") == []
    assert uses_simpy("from simpy.events import Event")
    assert not uses_simpy("import simpyx")
