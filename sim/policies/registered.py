"""Rules that a program registers, such as a notebook: a function is written out as the file that it would be.

    @sim.policy("placement")
    def warmest(view, parameters):
        '''The node that already has the kernel, the nearest of them first.'''
        ...

    sim.compare(sim.load("metros.toml", {"policies.placement": "warmest"}))

From then on it is a rule like any other (`sim.policies.outside`): it has a digest, workers in other processes and on
other machines make it from its text, and a store tells its versions apart. For that the text must be whole, so what the
function uses of its program is written out with it: numbers and text as they are at that moment, functions and classes
of the same program by their source, and of modules what rules may import. What else it uses, such as a table that the
program changes, is refused in a line: it is to come as a parameter, or by the view.

Left out: rules with flags of their own, as triggers have (`ON_DEMAND`), and functions whose source Python can't find,
as those that are typed at `python`'s own prompt. These can stand in files.
"""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import math
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from sim import policies
from sim.errors import InputError, near, shown
from sim.policies import conformance
from sim.policies.outside import register
from sim.policies.userrule import IMPORTS, UserRule

F = TypeVar("F", bound=Callable[[Any, Any], Any])

_REMEDY: Final = "write it into a file KIND/NAME.py and name its folder in run.policies_path"
_LOADS: Final = ("LOAD_NAME", "LOAD_GLOBAL")


def policy(
    kind: str, name: str | None = None, *, parameters: type[BaseModel] | None = None,
    cell: Callable[[Any, Any], Any] | None = None,
) -> Callable[[F], F]:  # fmt: skip
    """A decorator that registers a function as a rule of a kind, under its own name unless another is given.

    `parameters` is the class of what a scenario may give it (a `sim.figures.Table`), `cell` what goes with a placement
    (`sim.policies.placement`). The function stays what it is. Scenarios that are loaded, or changed by `with_`, from
    then on may choose the rule, and keep it as it is now: registered again under its name it is another for those that
    are loaded after that. InputError if it is no rule, by what the conformance suite finds.

    >>> import sim
    >>> @sim.policy("placement")
    ... def first_nodes(view, parameters):
    ...     '''As many nodes as are wanted, in their order.'''
    ...     return tuple(view.nodes[: view.wanted])
    >>> sim.load("metros", {"policies.placement": "first-nodes"}).policies.placement.name
    'first-nodes'
    """
    if kind not in policies.KINDS:
        raise InputError("policy", f"there is no kind of rules {shown(kind)}", near(kind, policies.KINDS))

    def registering(function: F) -> F:
        rule = written_out(kind, name, function, parameters, cell)
        for fault in conformance.faults(rule):
            raise fault
        register(rule)
        return function

    return registering


def written_out(
    kind: str, name: str | None, function: Callable[..., Any], parameters: type[BaseModel] | None = None,
    cell: Callable[..., Any] | None = None,
) -> UserRule:  # fmt: skip
    """A function of this program as a rule. InputError where its text would not be whole."""
    own = getattr(function, "__name__", "")
    wanted = own.strip("_").replace("_", "-") if name is None else name
    where = f"policy {kind} {wanted}"
    if not isinstance(function, FunctionType):
        raise InputError(where, f"must be a function, got {shown(function)}", "write @sim.policy above a def")
    writer = _Writer(where, function.__module__)
    main = policies.FUNCTIONS[kind]
    parts = [writer.source(function, called=main)]
    if own != main:
        parts.append(f"{own} = {main}")
    if parameters is None:
        writer.imports.append("from sim.plugins import NoParameters as Parameters")
    else:
        parts.append(writer.named(parameters, "Parameters"))
    if cell is not None:
        parts.append(writer.named(cell, "cell"))
    about = inspect.getdoc(function) or ""
    head = [f'"""{_escaped(about)}"""'] if about else []
    text = "\n\n".join([*head, "\n".join(dict.fromkeys(writer.imports)), *writer.beside, *parts])
    return UserRule(kind, wanted, f"<policy {kind} {wanted}>", f"{text}\n", registered=True)


class _Writer:
    """What has been written out of one program: imports, and what stands beside the function."""

    def __init__(self, where: str, program: str) -> None:
        self.imports: list[str] = []
        self.beside: list[str] = []
        self._where, self._program = where, program
        self._written: dict[str, object] = {}

    def named(self, thing: Any, name: str) -> str:
        """Has a function or class written out; the text that gives it this name."""
        own = str(getattr(thing, "__name__", name))
        self._write(own, thing)
        return f"{name} = {own}" if own != name else ""

    def source(self, thing: Any, called: str | None = None) -> str:
        """The source of a function or class, without what decorates it, and what it uses written out before."""
        try:
            text = textwrap.dedent(_source_of(thing))
            (node,) = ast.parse(text).body
        except (OSError, TypeError, SyntaxError, ValueError):
            raise self._fault(f"the source of {thing.__name__} can't be found", _REMEDY) from None
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            raise self._fault(f"{thing.__name__} is no def", "write it as one")
        if isinstance(thing, FunctionType) and thing.__code__.co_freevars:
            names = ", ".join(thing.__code__.co_freevars)
            raise self._fault(
                f"uses {names} of the function around it", "make it a parameter, or a name of the program"
            )
        own = text.splitlines()[node.lineno - 1 : node.end_lineno]
        if called is not None:
            own[0] = own[0].replace(f"def {node.name}", f"def {called}", 1)
        text = "\n".join(own)
        program = vars(sys.modules[thing.__module__])
        for name in _names_in(compile(text, "<source>", "exec", dont_inherit=True)):
            if name in program and name not in (node.name, called) and not name.startswith("__"):
                self._write(name, program[name])
        return text

    def _write(self, name: str, value: Any) -> None:
        """Have something that a name stands for written out, once."""
        if name in self._written:
            if self._written[name] is not value:
                raise self._fault(f"two things are called {name}", "give one of them another name")
            return
        self._written[name] = value
        home = _home_of(value, name)
        if isinstance(value, ModuleType):
            self.imports.append(f"import {value.__name__} as {name}")
        elif home is not None:
            self.imports.append(f"from {home[0]} import {home[1]} as {name}")
        elif isinstance(value, FunctionType | type) and value.__module__ == self._program:
            text = self.source(value)
            self.beside.append(text if value.__name__ == name else f"{text}\n\n\n{name} = {value.__name__}")
        elif _is_plain(value):
            self.beside.append(f"{name} = {_repr(value)}")
        else:
            what = f"{name}, which is of type {type(value).__name__}"
            raise self._fault(f"uses {what}", "make it a parameter, or numbers and text that do not change")

    def _fault(self, problem: str, remedy: str) -> InputError:
        return InputError(self._where, problem, remedy)


def _source_of(thing: Any) -> str:
    """The source of a function or class. OSError or TypeError where there is none."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        if not isinstance(thing, type):
            raise
    # Of a class in a notebook Python 3.11 does not know the cell; cells that were run again stand where they first did.
    found = dict.fromkeys(_classes_called(thing.__name__))
    fitting = [text for text in found if _is_made_by(text, thing)] if issubclass(thing, BaseModel) else [*found]
    if len(fitting) != 1 and not (fitting and issubclass(thing, BaseModel)):
        raise OSError(thing.__name__)
    return fitting[0]


def _classes_called(name: str) -> Iterator[str]:
    """The source of all classes of a name that were typed in."""
    for entry in [*linecache.cache.values()]:
        text = "".join(entry[2]) if len(entry) > 2 and entry[1] is None else ""
        if f"class {name}" not in text:
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                yield "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])


def _is_made_by(text: str, model: type[BaseModel]) -> bool:
    """Whether source makes a model with the same fields."""
    scope = dict(vars(sys.modules[model.__module__]))
    try:
        exec(compile(text, "<source>", "exec", dont_inherit=True), scope)
        made: type[BaseModel] = scope[model.__name__]
        return made.model_json_schema() == model.model_json_schema()
    except Exception:  # what it needs may be gone
        return False


def _names_in(code: CodeType) -> Iterator[str]:
    """The names that code looks up around itself, and that of all functions and classes within."""
    yield from dict.fromkeys(step.argval for step in dis.get_instructions(code) if step.opname in _LOADS)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _home_of(value: Any, name: str) -> tuple[str, str] | None:
    """The module that has something, of those that rules may import, and what it is called there."""
    own = getattr(value, "__module__", None)
    if isinstance(own, str) and own in sys.modules and _is_allowed(own):
        attribute = getattr(value, "__name__", name)
        if getattr(sys.modules[own], attribute, None) is value:
            return own, attribute
    if _is_plain(value):
        return None
    # What is no function or class, such as `sim.figures.Size`, does not say where it is from.
    for module in [found for found in [*sys.modules] if _is_allowed(found)]:
        if getattr(sys.modules[module], name, None) is value:
            return module, name
    return None


def _is_allowed(module: str) -> bool:
    return any(module == allowed or module.startswith(f"{allowed}.") for allowed in IMPORTS)


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | frozenset):
        return type(value) in (tuple, frozenset) and all(map(_is_plain, value))
    return value is None or type(value) in (int, float, str, bool)


def _repr(value: Any) -> str:
    """A plain value as source; infinity and NaN have no literals."""
    if isinstance(value, tuple):
        return f"({''.join(f'{_repr(part)}, ' for part in value)})"
    if isinstance(value, frozenset):
        return f"frozenset({_repr(tuple(sorted(value, key=repr)))})"
    return f'float("{value}")' if isinstance(value, float) and not math.isfinite(value) else repr(value)


def _escaped(about: str) -> str:
    """A docstring's text between its quotes."""
    return about.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') + (" " if about.endswith('"') else "")
