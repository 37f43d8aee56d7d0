"""Machine code linked once: what kernel code calls is optimized where it is entered, and nowhere else.

Numba makes each function a library of its own, with all that it calls, and theirs, linked into it, optimized and
emitted: for some hundred functions that took three times as long as doing it once. While `linked_once` holds,
a library is left as it is, unless its name begins with `ENTRY`: that one gets all that it calls, directly or not.

This knows numba from inside: `CodeLibrary.finalize` and what asks a library for an address (numba/core/codegen.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from numba.core import codegen as numbas

ENTRY: Final = "enter_"
#: Numba's own classes, whose methods are replaced for a while.
codegen: Any = numbas


@contextmanager
def linked_once() -> Iterator[None]:
    """Compile kernel code so; to be left before anything else is compiled."""
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
        _link(library, [*_all_called(library), *inner])
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
        yield
    finally:
        codegen.CPUCodeLibrary.finalize = finalize
        codegen.JITCodeLibrary.get_pointer_to_function = pointer
        codegen.JITCPUCodegen.set_env = set_env


def _is_entry(library: Any) -> bool:
    return str(library.name).startswith(ENTRY)


def _link(library: Any, others: list[Any]) -> None:
    """Link in what is called and not there, from those others that have it, until all is.

    LLVM leaves out what nobody calls when it is linked in, so callers come before those that they call. Nobody outside
    calls what is linked in, and LLVM is to know it: it then sees all callers, and that no function fails.
    """
    having = {
        function.name: other
        for other in others
        for function in other._final_module.functions
        if not function.is_declaration
    }
    module = library._final_module
    while True:
        missing = [having[fn.name] for fn in module.functions if fn.is_declaration and fn.name in having]
        if not missing:
            break
        for other in dict.fromkeys(missing):
            if hasattr(library, "_reload_init"):  # numba's older versions, of 0.60, have none
                library._reload_init.update(other._reload_init)
            module.link_in(other._get_module_for_linking(), preserve=True)
    for function in module.functions:
        if function.name in having and not function.is_declaration:
            function.linkage = "internal"


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
