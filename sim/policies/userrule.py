"""A rule of a user's own as its text: made into a module, with what is wrong with it, and watched while it decides.

A rule is kept as its text, never as code: so it has a digest, under which runs are stored and manifests know it; so a
scenario has its rules as they were when it was loaded, whatever becomes of the files; and so workers elsewhere make it
anew and need no folder. That holds because a rule is all of its decision: it imports nothing but what is listed here
(`IMPORTS`), reads no files and holds no state. What it does all the same, and whatever it returns that can't be carried
out, is an InputError that names its file and the line.

Left out: rules of several files, and a rule that never ends.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import FunctionType, ModuleType
from typing import Any, Final

from pydantic import BaseModel

from sim import policies
from sim.errors import InputError, near
from sim.plugins import NoParameters
from sim.policies.decisions import wrong_with

#: What rules may import: of this program what has no part in a run, and of Python what neither draws nor remembers.
IMPORTS: Final = (
    "sim.figures", "sim.plugins", "sim.policies", "sim.registry", "sim.contrib.swarm.rules", "sim.units",
    "__future__", "bisect", "collections", "dataclasses", "enum", "fractions", "functools", "heapq", "itertools",
    "math", "operator", "pydantic", "re", "statistics", "typing",
)  # fmt: skip
#: Of Python's own functions those that a rule does without: what they give does not follow from a view.
_CALLS: Final = ("__import__", "compile", "eval", "exec", "globals", "hash", "id", "input", "open", "vars")


@dataclass(frozen=True)
class UserRule:
    """A rule as its text; `path` is the file that it was read from, or what errors call the program that has it."""

    kind: str
    name: str
    path: str
    text: str
    registered: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (self.kind, self.name, self.path, self.text, self.registered)

    @property
    def function_name(self) -> str:
        """What its function is called."""
        return policies.FUNCTIONS[self.kind]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def about(self) -> str:
        """What it says of itself; nothing if it is not Python."""
        try:
            return ast.get_docstring(ast.parse(self.text)) or ""
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ""

    def module(self) -> ModuleType:
        """Its module, made once a process; its function is watched. InputError when it can't be one."""
        return _module_of(self)

    def fault(self, problem: str, remedy: str, line: int = 0) -> InputError:
        """Something wrong with it, in a line of its text if one is named."""
        return InputError(f"{self.path}: line {line}" if line else self.path, problem, remedy)


#: Rules by their kinds and names.
Rules = Mapping[tuple[str, str], UserRule]


def _arrived(*values: Any) -> UserRule:
    """A rule that comes from another process: its module is made first, as what follows may be of its classes."""
    rule = UserRule(*values)
    rule.module()
    return rule


@cache
def _module_of(rule: UserRule) -> ModuleType:
    """The module of a rule's text. InputError when it can't be one."""
    tree = _parsed(rule)
    for fault in _faults_of(rule, tree):
        raise fault
    module = ModuleType(f"regsim_rule_{rule.kind}_{rule.name.replace('-', '_')}_{rule.digest[:12]}")
    module.__file__ = rule.path
    if rule.registered:  # no file: what shows tracebacks has its text from here
        linecache.cache[rule.path] = (len(rule.text), None, rule.text.splitlines(keepends=True), rule.path)
    sys.modules[module.__name__] = module  # where pydantic, and pickle, look for what its classes name
    try:
        exec(compile(rule.text, rule.path, "exec", dont_inherit=True), vars(module))
        _complete(rule, module)
    except InputError:
        del sys.modules[module.__name__]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise _raised(rule, error, "does not import", "mend it") from error
    return module


def _parsed(rule: UserRule) -> ast.Module:
    try:
        return ast.parse(rule.text)
    except SyntaxError as error:
        raise rule.fault(f"is not Python: {error.msg}", "mend it", error.lineno or 0) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise rule.fault(f"is not Python: {error}", "mend it") from None


def functions_in(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions of a module, by name."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _faults_of(rule: UserRule, tree: ast.Module) -> Iterator[InputError]:
    """What is seen without running it."""
    name, functions = rule.function_name, functions_in(tree)
    if not ast.get_docstring(tree):
        yield rule.fault("has no docstring", 'begin it with """What the rule does, in a sentence."""')
    if name not in functions:
        others = {function: kind for kind, function in policies.FUNCTIONS.items() if function in functions}
        close = near(name, functions)
        remedy = f"write def {name}(view, parameters)"
        if others:
            function, kind = next(iter(others.items()))
            remedy = f"a file with {function} belongs into {kind}/, or {remedy}"
        elif close.startswith("did"):
            remedy = f"{close.removesuffix('?')}, which is to be called {name}?"
        yield rule.fault(f"has no function {name}, which a {rule.kind} is", remedy)
    if name in functions:
        yield from _faults_of_function(rule, functions[name])
    yield from _impure(rule, tree)


def _faults_of_function(rule: UserRule, function: ast.FunctionDef) -> Iterator[InputError]:
    taken = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    others = function.args.vararg or function.args.kwarg or function.args.kwonlyargs
    if len(taken) != 2 or taken[1] != "parameters" or others:
        got = ast.unparse(function.args)
        yield rule.fault(
            f"{function.name} must take view and parameters, got ({got})",
            f"write def {function.name}(view, parameters)", function.lineno,
        )  # fmt: skip
    if not ast.get_docstring(function):
        yield rule.fault(
            f"{function.name} has no docstring", "begin it with a sentence that says what it decides", function.lineno
        )


def _impure(rule: UserRule, tree: ast.Module) -> Iterator[InputError]:
    """Imports of what a rule may not have, and state that it would keep."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for module in _imported(node):
            if not any(module == allowed or module.startswith(f"{allowed}.") for allowed in IMPORTS):
                chance = "draws come with the view, and " if module.split(".")[0] in ("random", "numpy") else ""
                remedy = f"leave it out: {chance}a rule may import {', '.join(IMPORTS)}"
                yield rule.fault(f"imports {module}", remedy, line)
        if isinstance(node, ast.Global | ast.Nonlocal):
            names = ", ".join(node.names)
            yield rule.fault(f"keeps state in {names}", "decide by the view and the parameters alone", line)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            yield rule.fault(f"calls {node.func.id}", "decide by the view and the parameters alone", line)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}"]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _complete(rule: UserRule, module: ModuleType) -> None:
    """Have a module's function watched, and parameters if it has none of its own. InputError if they can't be."""
    function, cell = getattr(module, rule.function_name, None), getattr(module, "cell", None)
    if not isinstance(function, FunctionType):
        raise rule.fault(
            f"its {rule.function_name} is no function", f"write def {rule.function_name}(view, parameters)"
        )
    model = module.__dict__.setdefault("Parameters", NoParameters)
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise rule.fault("its Parameters is no model", "derive it from sim.figures.Table")
    if not (model.model_config.get("frozen") and model.model_config.get("extra") == "forbid"):
        raise rule.fault(
            "its Parameters may be changed, or have keys that it does not know", "derive it from sim.figures.Table"
        )
    setattr(module, rule.function_name, _watched(rule, function))
    if isinstance(cell, FunctionType):
        module.cell = _tried(rule, cell)  # type: ignore[attr-defined]


def _watched(rule: UserRule, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A rule's function that raises InputError for what it raises, and for what can't be carried out."""
    asked = _tried(rule, function)
    line = function.__code__.co_firstlineno if isinstance(function, FunctionType) else 0

    @functools.wraps(function)
    def watched(view: Any, parameters: Any) -> Any:
        decision = asked(view, parameters)
        wrong = wrong_with(rule.kind, view, decision)
        if wrong is not None:
            raise rule.fault(f"{rule.function_name} {wrong.problem}", wrong.remedy, line)
        return decision

    return watched


def _tried(rule: UserRule, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The same function, of which whatever it raises is an InputError."""

    @functools.wraps(function)
    def tried(view: Any, parameters: Any) -> Any:
        try:
            return function(view, parameters)
        except InputError:
            raise
        except (Exception, SystemExit) as error:
            problem = f"{getattr(function, '__name__', rule.function_name)} raised"
            raise _raised(rule, error, problem, "mend it; regsim check --policies tries it on many views") from error

    return tried


def _raised(rule: UserRule, error: BaseException, problem: str, remedy: str) -> InputError:
    """What a rule raised, and in which line of its text the last time."""
    places = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == rule.path]
    message = " ".join(str(error).split())
    what = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return rule.fault(f"{problem} {what}", remedy, (places[-1] if places else 0) or 0)


def unwatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """A rule's function as its file has it."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function
