"""What a measuring rig did and measured: scenarios as JSON, seconds and bytes as CSV, read strictly.

A scenario is hosts on a star (rates in Mbit/s of IP packets, one-way delay in ms), and steps: operations that start
together, each step when the one before has ended. `tests/rig/README.md` describes the files.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from sim.calibrate.rig import checks
from sim.errors import InputError, InputErrors
from sim.files import read_text
from sim.network.packets.windows import Congestion

_Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1)]


_MOST_BYTES = 1 << 28
LIMIT_S = 600.0
"""The rig waits for a step so long."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Host(_Strict):
    """A host and its access link: rates in Mbit/s of IP packets, one-way delay in ms.

    `registry` says which runs on it: a plain one, or `proxy:HOST`, which pulls through the registry of another host.
    A host `via` another sits behind that one's access link.
    """

    name: _Name
    up: _Above0
    down: _Above0
    delay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    registry: Annotated[str, Field(pattern="^(plain|proxy:.+)$")] | None = None
    via: _Name | None = None

    @property
    def upstream(self) -> str | None:
        """The host that this one's registry pulls through to."""
        kind, _, upstream = (self.registry or "").partition(":")
        return upstream if kind == "proxy" else None


class Operation(_Strict):
    """One client process at one host: a push of `layers` (key and bytes, kernel first) or a pull, under a `tag`."""

    op: Literal["push", "pull"]
    at: _Name
    to: _Name | None = None
    source: _Name | None = Field(None, alias="from")
    image: _Name
    tag: _Name = "latest"
    layers: tuple[tuple[_Name, Annotated[int, Field(ge=0)]], ...] = ()

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Operation:
        if self.op == "push" and (self.to is None or not self.layers):
            raise ValueError("a push needs `to` and `layers`")
        if self.op == "pull" and self.source is None:
            raise ValueError("a pull needs `from`")
        return self

    @property
    def peer(self) -> str:
        """The host of the registry that it talks to."""
        return (self.to if self.op == "push" else self.source) or ""


class Cut(_Strict):
    """In a step, everything from and to a host is lost: from `after_s` after its start on, for `for_s`."""

    host: _Name
    step: Annotated[int, Field(ge=0)]
    after_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    for_s: Annotated[float, Field(gt=0, le=LIMIT_S)]


class RigScenario(_Strict):
    """One scenario of the rig."""

    name: _Name
    congestion: Congestion
    hosts: tuple[Host, ...]
    repeat: Annotated[int, Field(gt=0)]
    steps: tuple[tuple[Operation, ...], ...]
    cuts: tuple[Cut, ...] = ()


class Measured(_Strict):
    """One row of the CSV: one operation of one repeat."""

    scenario: str
    repeat: int
    step: int
    op: Literal["push", "pull"]
    at: str
    peer: str
    image: str
    concurrent: int
    seconds: _Above0
    step_tx_bytes: _Above0
    step_rx_bytes: _Above0


def read_scenarios(path: str | Path) -> tuple[RigScenario, ...]:
    """The scenarios of a RIG.json. InputError(s) that name the file, the scenario, the key and the value."""
    text = _text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}", f"is no JSON: {error.msg}", "give a list of scenarios") from None
    except (ValueError, RecursionError) as error:  # a number or a nesting that Python refuses
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
