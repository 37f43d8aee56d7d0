"""Whether there can be machine code here, found out without loading what makes it.

Numba has no package for every system and every new Python, and whoever debugs kernel code turns it off. Everything runs
without it, by the same functions in the interpreter: the same numbers, later.
Source: numba's manual, "Environment variables" (NUMBA_DISABLE_JIT).
"""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from typing import Final

_NEEDED: Final = ("numba", "llvmlite")


def lacking() -> str:
    """What machine code lacks, in a few words; nothing where it can be made."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "numba is not to compile (NUMBA_DISABLE_JIT)"
    return next((f"{name} is not installed" for name in _NEEDED if not _is_there(name)), "")


@cache
def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # somebody's finder that refuses it, or a module without a spec
        return False
