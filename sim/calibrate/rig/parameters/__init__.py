"""Parameters of the rig's model: what they mean, and the fitted ones that ship with the package.

One set for each congestion control, the same for all scenarios under it; `sim/calibrate/rig/fit.py` made them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path

from sim.errors import InputError, near
from sim.files import read_text

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a client process on the rig costs beyond bytes over rate.

    A push and a pull each: `start_s`, the process's start and end, s; `trips`, round trips per request (1 on an open
    connection, 2 where each request opens one); `request_bytes`, headers and handshakes per request in the direction of
    the blobs; `byte_s`, seconds per byte of hashing and writing. `push_upload_bytes` is what each blob sent adds to
    that, since its requests carry the state of an upload. `request_s` is a registry's service time of a request, s.

    What TCP does has no parameter: it goes packet by packet (`network/packets`).
    """

    push_start_s: float
    push_trips: float
    push_byte_s: float
    push_request_bytes: float
    push_upload_bytes: float
    pull_start_s: float
    pull_trips: float
    pull_byte_s: float
    pull_request_bytes: float
    request_s: float


def shipped(congestion: str) -> Parameters:
    """The parameters fitted for a congestion control; InputError for one that was never measured."""
    folder = resources.files(__name__)
    known = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    if congestion not in known:
        raise InputError("congestion", f"no parameters were fitted for {congestion!r}", f"one of {', '.join(known)}")
    return _parse(folder.joinpath(f"{congestion}.toml").read_text(encoding="utf-8"), f"{congestion}.toml")


def read(path: str | Path) -> Parameters:
    """The parameters in a file like those that ship."""
    try:
        return _parse(read_text(path, _MOST_BYTES), str(path))
    except FileNotFoundError:
        raise InputError(str(path), "no such file", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"can't be read: {error}", "give a text file in UTF-8") from None


def _parse(text: str, name: str) -> Parameters:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(name, f"is no TOML: {error}") from None
    table = document.get("parameters", {})
    wanted = [field.name for field in fields(Parameters)]
    for key in table:
        if key not in wanted:
            raise InputError(f"{name}: parameters.{key}", "unknown key", near(key, wanted))
    values = {}
    for key in wanted:
        given = table.get(key)
        value = given.get("value") if isinstance(given, dict) else given
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise InputError(f"{name}: parameters.{key}", f"must be a number of 0 or more, got {value!r}")
        values[key] = float(value)
    return Parameters(**values)
