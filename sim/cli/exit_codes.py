"""How the program ends: what happened as an exit code, and as one line where somebody made a mistake.

A user's mistake never shows a traceback, a bug of ours always does. A reader that goes away (`regsim show ... | head`)
has what it wanted, so that is no failure.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import typer

from sim.errors import InputError, of_options

DONE: Final = 0
BUG: Final = 1
BAD_USE: Final = 2
UNDECIDED: Final = 98
MISSED: Final = 99
INTERRUPTED: Final = 130

#: Of a shell's making: 128 and the signal's number.
TERMINATED: Final = 143
#: What no program can help, and what a user can do about it.
_REMEDIES: Final[Mapping[int, str]] = {
    errno.EMFILE: "raise how many files a process may have open (ulimit -n)",
    errno.ENFILE: "close other programs' files",
    errno.ENOMEM: "raise how much memory a process may have (ulimit -v), or ask for less",
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EROFS: "name a place that can be written to",
    errno.EIO: "look after that disk",
    errno.ESTALE: "ask again when that file system is back",
}
_LIMITS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)

# typer names one of its usage errors; the class of all of them moved between its versions.
_UsageError: Final[type[Exception]] = typer.BadParameter.__mro__[1]


class Terminated(BaseException):
    """Somebody asked the program to end (SIGTERM); what is half done is cleared away, as for an interrupt."""


@contextmanager
def ending_well() -> Iterator[None]:
    """SIGTERM ends what is inside as an interrupt would; only a main thread is sent signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    raise Terminated


def code_of(work: Callable[[], Any]) -> int:
    """Do the work, a typer application that does not exit by itself; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = work()
        sys.stdout.flush()
    except InputError as error:
        return _refused(str(of_options(error)))
    except _UsageError as error:
        return _refused(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # typer and rich each answer a broken pipe with an exit of their own; nothing else here exits.
        _discard_output()
        return DONE
    except Terminated:
        print("terminated", file=sys.stderr)
        return TERMINATED
    except (OSError, MemoryError, ImportError) as error:
        problem = _of_the_machine(error)
        return _bug() if problem is None else _refused(problem)
    except Exception as error:
        if isinstance(error.__cause__, Terminated):  # as a class was made, Python says it so
            print("terminated", file=sys.stderr)
            return TERMINATED
        return _bug()
    if code == INTERRUPTED:
        print("interrupted", file=sys.stderr)
    return code if isinstance(code, int) else DONE


def _of_the_machine(error: Exception) -> str | None:
    """What no program can help as one line, with what a user can do about it; None for what is our bug."""
    if isinstance(error, OSError):
        remedy = _REMEDIES.get(error.errno or 0)
        if error.filename is None and error.errno not in _LIMITS:
            _discard_output()
            return f"standard output: cannot be written ({error.strerror}); make room or send it elsewhere"
        return None if remedy is None else f"{error.filename or 'this process'}: {error.strerror}; {remedy}"
    if isinstance(error, MemoryError):
        return f"memory: there is not enough of it; {_REMEDIES[errno.ENOMEM]}"
    # The loader's words for a library that had no memory or no descriptor left to be loaded with.
    loader = ("failed to map segment", "cannot allocate", "Too many open files")
    said = [line for line in str(error).splitlines() if any(words in line for words in loader)]
    if not said:
        return None
    return f"memory: a library cannot be loaded ({said[-1]}); raise what a process may have (ulimit -v, ulimit -n)"


def _refused(lines: str) -> int:
    print(lines, file=sys.stderr)
    return BAD_USE


def _bug() -> int:
    traceback.print_exc()
    print("regsim: this is a bug of regsim; please report it with the lines above", file=sys.stderr)
    return BUG


def _usage(error: Any) -> str:
    """`regsim run: no such option: --sed; see regsim run --help`; the whole help when nothing was asked."""
    context, message = error.ctx, error.format_message()
    command = context.command_path if context else "regsim"
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(message)
    sentence = " ".join(message.split()).rstrip(".")
    return f"{command}: {sentence[:1].lower()}{sentence[1:]}; see {command} --help"


def _discard_output() -> None:
    """Let what is still buffered go nowhere, so that closing standard output cannot fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
    except OSError:  # no descriptor is left
        return
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
