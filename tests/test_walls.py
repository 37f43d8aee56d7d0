"""The walls of the house: which room may import which, where SimPy lives, and how a module looks from outside.

The rules are read off the source, so that a wall falls in this file and not in somebody's fourth module.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

SIM = Path(__file__).parents[1] / "sim"
#: Rooms of `sim/`, ground floor first; a room imports itself and rooms listed before it. `sim/__init__.py` and
#: `sim/__main__.py` are the roof: they may use all of them, and nobody uses them.
ORDER = (
    "errors", "units", "figures", "streams", "plugins", "files", "tables", "records", "network", "registry", "contrib",
    "theory", "policies", "scenario", "workload", "protocol", "engines", "stats", "accounting", "manifest", "result",
    "runner", "experiment", "report", "calibrate", "cli",
)  # fmt: skip
#: The parts of `network`, each of which uses those before it.
PARTS = ("topology", "fairshare", "tcp", "packets")
#: What the roof tells everybody.
OPEN = ("sim.__version__",)
#: Names that are only types and may lie above: `Comparison.plot()` calls the figures, which are typed to draw it.
TYPED = {"plots.py": ["sim.experiment.comparison.Comparison"]}
LONGEST = 320
#: Modules that are longer, and the one subject that each has.
LONGER = {
    "protocol/state.py": "every row of a run's state",
    "protocol/programs.py": "every program of the protocol",
    "protocol/build.py": "a scenario as rows",
    "protocol/routes.py": "ways and lanes over the graph",
    "protocol/ops/deploys.py": "a deploy's ops",
    "protocol/ops/holdings.py": "what registries hold",
    "protocol/ops/pull.py": "a pull's ops",
    "protocol/ops/sync.py": "a copy's ops",
    "records/layout.py": "rows as objects or as arrays",
}
#: Rooms of which files still import each other in a circle; `""` is the roof.
IN_CIRCLES = ("", "experiment", "manifest", "report", "result", "runner")
SOURCES = {path.relative_to(SIM).as_posix(): path.read_text() for path in sorted(SIM.rglob("*.py"))}
PURE = ("network", "registry", "contrib", "records", "protocol")


def room_of(module: str) -> str:
    """The first part of a path or a dotted name below `sim`."""
    return module.replace("/", ".").removesuffix(".py").split(".")[0]


def imported(source: str, package: str = "sim") -> Iterator[str]:
    """The dotted names of all modules that a text imports, wherever; relative ones count from `package`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (part.value for part in node.args if isinstance(part, ast.Constant))


def climbs(module: str, source: str) -> list[str]:
    """The imports of a module that lead to a room above its own, or to the roof; only `cli` uses public names."""
    here = ORDER.index(room_of(module))
    package = ".".join(("sim", *Path(module).parts[:-1]))
    inside = [name for name in imported(source, package) if name.split(".")[0] == "sim" and name not in OPEN]
    rooms = {name: name.split(".")[1] if "." in name else ORDER[-1] for name in inside}
    return [name for name, room in rooms.items() if room not in ORDER or ORDER.index(room) > here]


def typed(source: str) -> list[str]:
    """The names that a text imports for type checkers alone."""
    guarded = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.If))
    return [name for n in guarded if ast.unparse(n.test) == "TYPE_CHECKING" for name in imported(ast.unparse(n.body))]


def nested_imports(source: str) -> list[int]:
    """The lines of imports inside a function or a method."""
    functions = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [n.lineno for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)]


def circles(sources: dict[str, str]) -> list[list[str]]:
    """The modules of which each imports, by way of others or not, all of its circle: for types alone or not.

    That a module's import runs the `__init__` of the packages that it is in is no import of its own.
    """
    dotted = {".".join(("sim", *Path(one).with_suffix("").parts)).removesuffix(".__init__"): one for one in sources}
    graph = networkx.DiGraph()
    for name, module in dotted.items():
        package = ".".join(("sim", *Path(module).parts[:-1]))
        for found in imported(sources[module], package):
            target = found
            while target and target not in dotted:
                target = target.rpartition(".")[0]
            if target and target != name:
                graph.add_edge(name, target)
    return sorted(sorted(one) for one in networkx.strongly_connected_components(graph) if len(one) > 1)


def uses_simpy(source: str) -> bool:
    return any(name.split(".")[0] == "simpy" for name in imported(source))


ROOMS = [module for module in SOURCES if module not in ("__init__.py", "__main__.py")]


def test_every_room_has_its_place() -> None:
    """Whatever lies in `sim/` is a room in the order."""
    assert {room_of(module) for module in ROOMS} <= set(ORDER)


def test_imports_go_down() -> None:
    """A module imports its own room and the rooms before it, nothing else of `sim`."""
    found = {module: climbs(module, SOURCES[module]) for module in ROOMS}
    assert {module: names for module, names in found.items() if names} == TYPED
    assert all(set(names) <= set(typed(SOURCES[module])) for module, names in TYPED.items())


def test_no_files_import_each_other_in_a_circle() -> None:
    """A file can be read, and changed, knowing only files that know nothing of it: types included."""
    rooms = {room_of(name.removeprefix("sim").lstrip(".")) for circle in circles(SOURCES) for name in circle}
    assert rooms <= set(IN_CIRCLES)


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
    opening = {
        module: (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0] for module, source in SOURCES.items()
    }
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
    assert climbs("cli/run.py", "import sim") == climbs("units.py", "from sim import __version__") == []
    assert typed("if TYPE_CHECKING:\n    from sim.cli import run\nimport sim.tables.rows") == ["sim.cli.run"]
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
