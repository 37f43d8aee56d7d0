"""Machine code linked once: what kernel code calls is optimized where it is entered, and nowhere else.

Numba makes each function a library of its own, with all that it calls, and theirs, linked into it, optimized and
emitted: for some hundred functions that took three times as long as doing it once. While `linked_once` holds,
a library is left as it is, unless its name begins with `ENTRY`: that one gets all that it calls, directly or not, and
what was compiled apart from it (`apart`).

This knows numba from inside: `CodeLibrary.finalize` and what asks a library for an address (numba/core/codegen.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from llvmlite import binding
from numba.core import codegen as numbas

ENTRY: Final = "entry_of_"
#: Numba's own classes, whose methods are replaced for a while.
codegen: Any = numbas


#: What compiled code is made of, by the symbols under which another part calls it.
Exported = Mapping[str, Any]


def _nothing() -> tuple[Exported, bytes]:
    return {}, b""


@contextmanager
def linked_once(apart: Callable[[], tuple[Exported, bytes]] = _nothing) -> Iterator[list[Any]]:
    """Compile kernel code so; to be left before anything else is compiled.

    `apart` is asked when the entry is linked: what another part calls of this one, and that part's bitcode. What is
    given to the block are the libraries that were made in it and are not linked yet.
    """
    finalize = codegen.CPUCodeLibrary.finalize
    pointer = codegen.JITCodeLibrary.get_pointer_to_function
    set_env = codegen.JITCPUCodegen.set_env

    inner: list[Any] = []

    def finalize_entry(library: Any) -> None:
        if not _is_entry(library):
            library._raise_if_finalized()
            library._finalized = True
            inner.append(library)
            return
        own = set(_defined(library._final_module))
        exported, bitcode = apart()
        loaded = _link(library._final_module, exported, [*_all_called(library), *inner])
        if hasattr(library, "_reload_init"):
            library._reload_init.update(loaded)
        if bitcode:
            library._final_module.link_in(binding.parse_bitcode(bitcode))
        _hide(library._final_module, own)
        library._linking_libraries = []
        finalize(library)

    def pointer_of_entry(library: Any, name: str) -> Any:
        return pointer(library, name) if _is_entry(library) else 0

    def set_env_if_there(self: Any, name: str, env: Any) -> None:
        if self._engine.get_global_value_address(name):
            set_env(self, name, env)

    codegen.CPUCodeLibrary.finalize = finalize_entry
    codegen.JITCodeLibrary.get_pointer_to_function = pointer_of_entry
    codegen.JITCPUCodegen.set_env = set_env_if_there
    try:
        yield inner
    finally:
        codegen.CPUCodeLibrary.finalize = finalize
        codegen.JITCodeLibrary.get_pointer_to_function = pointer
        codegen.JITCPUCodegen.set_env = set_env


def _is_entry(library: Any) -> bool:
    return str(library.name).startswith(ENTRY)


def bitcode_of(exported: Exported, others: Sequence[Any]) -> bytes:
    """Compiled code under its symbols, with all that it calls from those other libraries, as LLVM writes it."""
    empty = next(iter(exported.values())).library.codegen._create_empty_module("apart")
    module = binding.parse_assembly(str(empty))
    if _link(module, exported, others):
        raise TypeError("code that has something loaded before it runs can't be compiled apart")
    _hide(module, set(exported))
    code: bytes = module.as_bitcode()
    return code


def _link(module: Any, exported: Exported, others: Sequence[Any]) -> set[Any]:
    """Link in what is exported, under its symbols, and what is called and not there, from those others that have it,
    until all is; what has to be loaded before it runs.

    LLVM leaves out what nobody calls when it is linked in, so callers come before those that they call.
    """
    having = {name: other for other in others for name in _defined(other._final_module)}
    loaded: set[Any] = set()
    for made in exported.values():
        loaded.update(getattr(made.library, "_reload_init", ()))
        module.link_in(made.library._final_module, preserve=True)
    while True:
        missing = [having[fn.name] for fn in module.functions if fn.is_declaration and fn.name in having]
        if not missing:
            break
        for other in dict.fromkeys(missing):
            loaded.update(getattr(other, "_reload_init", ()))  # numba 0.60 has none
            module.link_in(other._get_module_for_linking(), preserve=True)
    for symbol, made in exported.items():
        module.get_function(made.fndesc.llvm_func_name).name = symbol
    return loaded


def _hide(module: Any, kept: set[str]) -> None:
    """Nobody outside calls what is linked in, and LLVM is to know it: it then sees all callers, and that no function
    fails."""
    for function in module.functions:
        if not function.is_declaration and function.name not in kept:
            function.linkage = "internal"


def _defined(module: Any) -> list[str]:
    return [function.name for function in module.functions if not function.is_declaration]


def _all_called(library: Any) -> list[Any]:
    """The libraries that one needs, each once, in the order in which they are met."""
    found: dict[Any, None] = {}
    left = list(library._linking_libraries)
    while left:
        one = left.pop()
        if one not in found:
            found[one] = None
            left += one._linking_libraries
    return list(found)
