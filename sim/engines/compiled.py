"""The compiled engine: the same functions as machine code, with a queue of its own (`sim.records.queue`).

Machine code is kept on disk under a checksum of all its source. Import this late: numba takes half a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from sim import policies
from sim.engines import kernels
from sim.engines.host import Host
from sim.errors import InputError
from sim.files import replacing
from sim.policies.userrule import UserRule
from sim.protocol import rules_native
from sim.protocol.assembly import Assembled
from sim.protocol.rules import FUNCTIONS, Outside
from sim.protocol.state import LAYOUT
from sim.records import ArrayState
from sim.records.compiling import MachineCode, compile_kernel

_UNITS: dict[int, MachineCode] = {}
#: What engines bind anew and what ops know by name, as source, by the number of what it is made for, which is kept too.
_SOURCES: dict[int, tuple[Assembled, tuple[str, str, str], str]] = {}


class Compiled:
    """One run; `state` has its rows."""

    def __init__(
        self, assembled: Assembled, tables: dict[str, Any], host: Host, outside: Sequence[Outside] = ()
    ) -> None:  # fmt: skip
        self.state = ArrayState(LAYOUT, tables)
        self._outside = outside
        self._unit = unit(assembled, outside, left_out(assembled, outside))
        self._host = host
        self._failure: BaseException | None = None
        self._callback = ctypes.CFUNCTYPE(None)(self._asked)
        # Its address as it lies there: what `ctypes.cast` is given it makes refer to itself.
        self.state.g["host"] = ctypes.c_void_p.from_buffer(self._callback).value
        host.attach(self.state)

    def _asked(self) -> None:
        """Answer what compiled ops ask; an exception waits until machine code has returned."""
        try:
            self._host.ask_from_state()
        except BaseException as failure:
            self._failure = failure
            self.state.g["stopped"] = 1

    def run(self) -> None:
        """Run until nothing is left to happen. InputError for what a user's rule raises, and may not decide."""
        own = [other.own for other in self._outside if other.own is not None]
        try:
            self._unit(self.state.address)
        except Exception as error:
            if not own:
                raise
            raise _fault(own, f"raised {type(error).__name__}: {error}") from error
        finally:
            # It knows this engine, whose state would stay until somebody looks for cycles.
            del self._callback
        if self._failure is not None:
            raise self._failure
        if self.state.g["rule_broke"]:
            raise _fault(own, "decided what can't be carried out")


def _fault(own: Sequence[UserRule], problem: str) -> InputError:
    """What one of these rules did wrong in machine code, where nothing else can go wrong."""
    named = own[0].path if len(own) == 1 else f"one of {', '.join(rule.path for rule in own)}"
    return InputError(named, problem, "--engine reference says where, and by what")


#: A rule: its kind and name.
Named = tuple[str, str]
_NONE: Final[frozenset[Named]] = frozenset()


def left_out(assembled: Assembled, outside: Sequence[Outside] = ()) -> frozenset[Named]:
    """The rules that there is no machine code for, among those that ship and a user's own; it is made if there is none.

    What numba does not take is found out when it fails, and kept beside what it made. A user's own are tried before: it
    takes a second for each, and half a minute to make the whole.
    """
    own = [other for other in outside if other.own is not None]
    whole = unit(assembled, own)
    known = _known_left_out(whole, own)
    if known is not None:
        return known
    found = frozenset((one.kind, one.name) for one in own if not rules_native.compiles(one.kind, one.rule))
    if not found:
        try:
            whole.make()
        except Exception:  # numba has no one class for what it can't do
            found = frozenset(
                (kind, name) for kind in FUNCTIONS for name in policies.names(kind)
                if not rules_native.compiles(kind, policies.rule(kind, name))
            )  # fmt: skip
            if not found:
                raise
    if found and whole.keeps:
        with contextlib.suppress(OSError):  # without a note it is found out again
            whole.folder.mkdir(parents=True, exist_ok=True)
            with replacing(_note(whole, own)) as temporary:
                temporary.write_text(json.dumps(sorted(found)), encoding="utf-8")
    return found


def is_kept(assembled: Assembled, outside: Sequence[Outside] = ()) -> bool:
    """Whether there is machine code for the protocol, in memory or on disk, but for rules that numba does not take."""
    own = [other for other in outside if other.own is not None]
    without = _known_left_out(unit(assembled, own), own)
    return without is not None and unit(assembled, own, without).is_kept


def _known_left_out(whole: MachineCode, outside: Sequence[Outside]) -> frozenset[Named] | None:
    """The same as far as it has been found out; None if it has not."""
    if whole.is_kept:
        return _NONE
    if not whole.keeps:
        return None
    try:
        noted = json.loads(_note(whole, outside).read_text(encoding="utf-8"))
        return frozenset((str(kind), str(name)) for kind, name in noted)
    except (OSError, ValueError, TypeError, RecursionError):  # there is none, or none that can be read
        return None


def _note(whole: MachineCode, outside: Sequence[Outside]) -> Path:
    """Where that stands, of the rules as they are now."""
    return whole.folder / f"rules_{zlib.crc32(rules_native.sources(outside).encode()):08x}.json"


def is_loaded(assembled: Assembled) -> bool:
    """Whether there is machine code for the protocol and all rules that ship in this process's memory."""
    return unit(assembled).is_loaded


def _sources(assembled: Assembled) -> tuple[tuple[str, str, str], str]:
    if id(assembled) not in _SOURCES:
        sources = (kernels.dispatch_source(assembled), kernels.rows_source(), kernels.ASK_HOST)
        _SOURCES[id(assembled)] = assembled, sources, kernels.constants_source()
    _, sources, constants = _SOURCES[id(assembled)]
    return sources, constants


def unit(
    assembled: Assembled, outside: Sequence[Outside] = (), without: frozenset[Named] = _NONE
) -> MachineCode:  # fmt: skip
    """The machine code, made once a process and kept on disk; `without` some rules, and with some from outside."""
    outside = [one for one in outside if one.is_numbers and (one.kind, one.name) not in without]
    sources, constants = _sources(assembled)
    named = [(kind, policies.names(kind)) for kind in FUNCTIONS]
    digests = [f"{one.kind} {one.name} {one.own.digest}" for one in outside if one.own is not None]
    key = zlib.crc32("".join((*sources, constants, *map(repr, sorted(without)), repr(named), *digests)).encode())
    found = _UNITS.get(key)
    if found is None:
        extra: dict[str, Any] = {}
        exec(compile("\n".join(sources), kernels.__file__, "exec"), extra)
        made = {name: extra[name] for name in ("dispatch", "rows_are_low", "ask_host")}
        found = _UNITS[key] = compile_kernel(
            LAYOUT, kernels.modules(), "run_to_end", made,
            (*sources, constants, rules_native.sources(outside, without), *map(repr, sorted(without))),
            partial(rules_native.functions, outside=outside, left_out=without), kernels.far_modules(),
        )  # fmt: skip
    return found
