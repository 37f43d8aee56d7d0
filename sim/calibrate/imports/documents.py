"""JSON as others wrote it: read to a bound, and looked into without trust.

What is not of the expected type counts as not there, so that a reader meets dictionaries, lists, text and numbers
where it asks for them; what it needs and does not find it says by name. Left out: validation against a schema, since
systems add fields with each release.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sim.calibrate.imports.found import shown_text
from sim.errors import InputError
from sim.workload.logs.textfile import whole

#: No cluster's or registry's answer is larger: 5,000 nodes with 50 images each are some 150 MB.
MOST_CHARACTERS: Final = 1 << 28
#: No layer is larger: so much no registry stores as one blob, and sums stay exact.
MOST_BYTES: Final = 1 << 50
Json = Mapping[str, Any]


def text_of(path: str) -> str:
    """The file's text, unpacked. InputError where there is none, or it is too large."""
    return whole(path, MOST_CHARACTERS)


def document_of(path: str, text: str) -> Any:
    """A JSON document, or a list of those in a file that has one a line. InputError where it is neither."""
    try:
        return json.loads(text)
    except RecursionError:
        raise InputError(path, "is nested too deeply", "give it as the system wrote it") from None
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0].lstrip().startswith("{"):
            raise InputError(path, f"is no JSON ({_short(error)})", "give all of what the command printed") from None
        return [_line(path, number, line) for number, line in enumerate(lines, 1)]


def _line(path: str, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except RecursionError:
        raise InputError(f"{path}:{number}", "is nested too deeply", "give it as the system wrote it") from None
    except ValueError as error:
        raise InputError(f"{path}:{number}", f"is no JSON ({_short(error)})", "give whole lines") from None


def _short(error: ValueError) -> str:
    return shown_text(str(error).partition(";")[0])


def table(value: Any) -> Json:
    """A dictionary as it is, and an empty one for whatever else stands there."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> Iterator[Json]:
    """The dictionaries of a list, none for whatever else stands there."""
    return (part for part in value if isinstance(part, dict)) if isinstance(value, list) else iter(())


def text(value: Any) -> str:
    """Text as it is, and an empty one for whatever else stands there."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """A finite number, also one that is written as text as Prometheus and OTLP do; None for whatever else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def size_bytes(path: str, value: Any, of: str) -> int:
    """A size from 0 bytes on. InputError naming the file and whose size it is, where it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_BYTES:
        return value
    problem = f"size of {shown_text(of)} must be bytes from 0 to {MOST_BYTES:,}, got {shown_text(repr(value)[:80])}"
    raise InputError(path, problem, "give the manifest as the registry has it")
