"""The compiled engine: the same text as machine code, with its own queue. Import it late: numba takes half a second."""

from __future__ import annotations

import ctypes
import json
import zlib
from functools import partial
from pathlib import Path
from typing import Any, Final

from sim import policies
from sim.engines import kernels
from sim.engines.host import Host
from sim.protocol import rules_native
from sim.protocol.assembly import Assembled
from sim.protocol.rules import FUNCTIONS
from sim.protocol.state import (
    LAYOUT,
)
from sim.records import ArrayState
from sim.records.compiling import MachineCode, compile_text

_UNITS: dict[int, MachineCode] = {}


class Compiled:
    """One run; `state` has its rows."""

    def __init__(self, assembled: Assembled, tables: dict[str, Any], host: Host) -> None:
        self.state = ArrayState(LAYOUT, tables)
        self._unit = unit(assembled, left_out(assembled))
        self._host = host
        self._failure: BaseException | None = None
        self._callback = ctypes.CFUNCTYPE(None)(self._asked)
        self.state.g["host"] = ctypes.cast(self._callback, ctypes.c_void_p).value
        host.attach(self.state)

    def _asked(self) -> None:
        try:
            self._host.ask_from_state()
        except BaseException as failure:
            self._failure = failure
            self.state.g["stopped"] = 1

    def run(self) -> None:
        """Run until nothing is left to happen."""
        self._unit(self.state.address)
        if self._failure is not None:
            raise self._failure


#: A rule: its kind and name.
Named = tuple[str, str]
_NONE: Final[frozenset[Named]] = frozenset()


def left_out(assembled: Assembled) -> frozenset[Named]:
    """The rules of the folder that there is no machine code for, which is made if there is none yet.

    What numba does not take is found out when it fails, and kept beside what it made.
    """
    whole = unit(assembled)
    known = _known_left_out(whole)
    if known is not None:
        return known
    try:
        whole.make()
    except Exception:  # numba has no one class for what it can't do
        found = frozenset(
            (kind, name) for kind in FUNCTIONS for name in policies.names(kind)
            if not rules_native.compiles(kind, policies.rule(kind, name))
        )  # fmt: skip
        if not found:
            raise
        _note(whole).write_text(json.dumps(sorted(found)), encoding="utf-8")
        return found
    return _NONE


def is_kept(assembled: Assembled) -> bool:
    """Whether there is machine code for the protocol, in memory or on disk, but for rules that numba does not take."""
    without = _known_left_out(unit(assembled))
    return without is not None and unit(assembled, without).is_kept


def _known_left_out(whole: MachineCode) -> frozenset[Named] | None:
    """The same as far as it has been found out; None if it has not."""
    if whole.is_kept:
        return _NONE
    note = _note(whole)
    if not note.exists():
        return None
    return frozenset((kind, name) for kind, name in json.loads(note.read_text(encoding="utf-8")))


def _note(whole: MachineCode) -> Path:
    """Where that stands, of the rules as they are now."""
    return whole.folder / f"rules_{zlib.crc32(rules_native.sources().encode()):08x}.json"


def unit(assembled: Assembled, without: frozenset[Named] = _NONE) -> MachineCode:
    """The machine code, made once a process and kept on disk; `without` some rules."""
    sources = (kernels.dispatch_source(assembled), kernels.rows_source(), kernels.ASK_HOST)
    constants = kernels.constants_source()
    named = [(kind, policies.names(kind)) for kind in FUNCTIONS]
    key = zlib.crc32("".join((*sources, constants, *map(repr, sorted(without)), repr(named))).encode())
    found = _UNITS.get(key)
    if found is None:
        extra: dict[str, Any] = {}
        exec(compile("\n".join(sources), kernels.__file__, "exec"), extra)
        made = {name: extra[name] for name in ("dispatch", "rows_are_low", "ask_host")}
        found = _UNITS[key] = compile_text(
            LAYOUT, kernels.modules(), "run_to_end", made,
            (*sources, constants, rules_native.sources(left_out=without), *map(repr, sorted(without))),
            partial(rules_native.functions, left_out=without),
        )  # fmt: skip
    return found
