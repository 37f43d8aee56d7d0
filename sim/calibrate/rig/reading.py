"""Reading a rig's files strictly: scenarios from JSON, seconds and bytes from CSV.

What they say is `files`'s, what has to hold between their parts `checks`'. Every fault is reported at once, each with
the file, the scenario or line, the key and the value.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from sim.calibrate.rig import checks
from sim.calibrate.rig.files import Measured, RigScenario
from sim.errors import InputError, InputErrors
from sim.files import parse_json, read_text

#: No measurement is as large.
_MOST_BYTES: Final = 1 << 28


def read_scenarios(path: str | Path) -> tuple[RigScenario, ...]:
    """The scenarios of a RIG.json. InputError(s) that name the file, the scenario, the key and the value."""
    text = _text(path)
    try:
        document = parse_json(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}", f"is no JSON: {error.msg}", "give a list of scenarios") from None
    except ValueError as error:  # a number or a nesting that Python refuses
        raise InputError(str(path), f"can't be read: {error}", "give a list of scenarios") from None
    if not isinstance(document, list):
        raise InputError(str(path), f"must be a list of scenarios, got {type(document).__name__}")
    try:
        scenarios = TypeAdapter(tuple[RigScenario, ...]).validate_python(document)
    except ValidationError as error:
        raise InputErrors([_fault(str(path), found, document) for found in error.errors()]) from None
    faults = list(checks.of_rig(str(path), scenarios))
    if faults:
        raise InputErrors(faults)
    return scenarios


def read_measured(path: str | Path) -> tuple[Measured, ...]:
    """The rows of a MEASURED.csv. InputError(s) that name the file, the line, the column and the value.

    Columns beyond those of `Measured` are ignored.
    """
    reader = csv.DictReader(_text(path).splitlines())
    wanted = list(Measured.model_fields)
    if reader.fieldnames is None or set(wanted) - set(reader.fieldnames):
        raise InputError(f"{path}:1", "the header lacks columns", f"it needs {', '.join(wanted)}")
    rows: list[Measured] = []
    errors: list[InputError] = []
    for row in reader:
        if None in row or None in row.values():
            fields = sum(value is not None for value in row.values()) + len(row.get(None) or ())
            problem = f"must have {len(reader.fieldnames)} fields as the header has, got {fields - (None in row)}"
            errors.append(InputError(f"{path}:{reader.line_num}", problem, "one field a column"))
            continue
        try:
            rows.append(Measured.model_validate({key: row[key] for key in wanted}))
        except ValidationError as error:
            errors += [_fault(f"{path}:{reader.line_num}", found, None) for found in error.errors()]
    if errors:
        raise InputErrors(errors)
    return tuple(rows)


def _text(path: str | Path) -> str:
    try:
        return read_text(path, _MOST_BYTES)
    except FileNotFoundError:
        raise InputError(str(path), "no such file", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"can't be read: {error}", "give a text file in UTF-8") from None


def _fault(where: str, found: Mapping[str, Any], document: list[Any] | None) -> InputError:
    """One pydantic error as one line."""
    place = list(found["loc"])
    named = []
    if document is not None and place and isinstance(place[0], int):
        number = place.pop(0)
        given = document[number]
        named = [str(given.get("name", number) if isinstance(given, dict) else number)]
    key = [".".join(map(str, place))] if place else []
    got = "" if found["type"] in ("missing", "value_error") else f", got {json.dumps(found['input'], default=str)[:80]}"
    problem = str(found["msg"]).removeprefix("Value error, ")
    return InputError(": ".join([where, *named, *key]), problem + got, _REMEDIES.get(found["type"], ""))


#: Where pydantic's words name the fault but not what to do.
_REMEDIES = {"missing": "add it", "extra_forbidden": "remove it, or spell it as the format does"}


def by_repeat(rows: tuple[Measured, ...]) -> dict[tuple[str, int], dict[int, list[Measured]]]:
    """The rows of each (scenario, step), by repeat."""
    grouped: dict[tuple[str, int], dict[int, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grouped[row.scenario, row.step][row.repeat].append(row)
    return grouped
