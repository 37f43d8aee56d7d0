"""How the program ends: what happened as an exit code, and as one line where somebody made a mistake.

A user's mistake never shows a traceback, a bug of ours always does. A reader that goes away (`regsim show ... | head`)
has what it wanted, so that is no failure.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

import typer

from sim.errors import InputError, of_options

DONE: Final = 0
BUG: Final = 1
BAD_USE: Final = 2
UNDECIDED: Final = 98
MISSED: Final = 99
INTERRUPTED: Final = 130

# typer names one of its usage errors; the class of all of them moved between its versions.
_UsageError: Final[type[Exception]] = typer.BadParameter.__mro__[1]


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
    except OSError as error:
        if error.filename is not None:
            return _bug()
        _discard_output()
        return _refused(f"standard output: cannot be written ({error.strerror}); make room or send it elsewhere")
    except Exception:
        return _bug()
    if code == INTERRUPTED:
        print("interrupted", file=sys.stderr)
    return code if isinstance(code, int) else DONE


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
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
