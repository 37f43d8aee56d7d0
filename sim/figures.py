"""Figures in a model: typed fields that read text with a unit, and know where their default comes from.

Every table a user writes (a scenario's, a policy's parameters, a topology's) is a `Table`: frozen, and strict
about its keys. Its fields are annotated with the types below, so attribute names carry units while the keys
stay short, and each default stands beside its field as a user would write it, with its source:

    class Parameters(Table):
        size_bytes: Size = figure("size", "10 MB", assumption=True, range=("1 MB", "100 MB"))

`figure` is for what one could measure and must name a source or say that it is assumed; `setting` is for what
one decides. What is not here: which figures a scenario has (`scenario/model`), and how text becomes a number
(`units`). Faults leave a validator as `PydanticCustomError` of type "fault", with problem and remedy apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sim import units
from sim.errors import shown
from sim.units import UnitError


class Table(BaseModel):
    """A table of a file: frozen, read by its keys alone, and a key it does not know is a invalid."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _freeze(self) -> Self:
        """Named tables within are as frozen as the table itself."""
        for name, value in self.__dict__.items():
            if type(value) is dict:
                self.__dict__[name] = Named(value)
        return self


class Named(dict[str, Any]):
    """A table of named values that nobody changes; it pickles and copies as what it is."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("tables are frozen; change a scenario by scenario.with_({...})")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Named, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Named:
        return Named(deepcopy(dict(self), memo))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it was written, and what it rests on; `range` is as written too."""

    value: object
    source: str = ""
    assumption: bool = False
    range: tuple[object, object] | None = None

    @property
    def value_text(self) -> str:
        return str(self.value)

    @property
    def origin(self) -> str:
        """The source, the word assumption, the range: what stands beside the figure; empty when none is given."""
        parts = [self.source, "assumption" if self.assumption else ""]
        parts.append(f"range {self.range[0]} to {self.range[1]}" if self.range else "")
        return ", ".join(part for part in parts if part)


def figure(
    key: str,
    default: object,
    *,
    source: str = "",
    assumption: bool = False,
    range: tuple[str, str] | tuple[float, float] | None = None,
    about: str = "",
) -> Any:
    """A field with a default that is a claim about the world, written as in a file, and what it rests on.

    `about` says in one sentence what the figure is; it is the key's `description` in the JSON Schema.
    """
    if not source and not assumption:
        raise TypeError(f"the default of {key} names no source and is no assumption")
    origin: dict[str, Any] = {"source": source, "assumption": assumption}
    extra = origin | ({"range": list(range)} if range else {})
    return Field(default, alias=key, description=about or None, json_schema_extra=extra)


def setting(key: str, default: object = ..., *, about: str = "") -> Any:
    """A field that is a decision, not a claim; without a default it must be written. `about` as in `figure`."""
    return Field(default, alias=key, description=about or None)


def default_figure(field: FieldInfo) -> Figure | None:
    """What a field's default rests on, or None when it is a setting or has no default."""
    origin = field.json_schema_extra
    if not isinstance(origin, dict):
        return None
    limits = origin.get("range")
    return Figure(
        field.default,
        str(origin["source"]),
        bool(origin["assumption"]),
        (limits[0], limits[1]) if isinstance(limits, list) else None,
    )


#: Text up to so many characters is quoted as it is where a figure is out of bounds.
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Quantity:
    """How one kind of figure is read, bounded and written; stands in a field's annotation."""

    noun: str
    parse: Callable[[object], Any]
    format: Callable[[Any], str]
    example: object
    above: float = -math.inf
    least: float = -math.inf
    most: float = math.inf

    def read(self, value: object) -> Any:
        """The figure as a number (or one of each host); UnitError when it cannot be read or is out of bounds."""
        figure = self.parse(value)
        number = figure.per_s if isinstance(figure, units.PerHost) else figure
        remedy = f"write a {self.noun} such as {self.example!r}".replace("'", '"')
        got = value if isinstance(value, str) and len(value) <= _SHORT else shown(value)
        if number <= self.above:
            raise UnitError(f"must be above {self.bound(self.above)}, got {got}", remedy)
        if number < self.least:
            raise UnitError(f"must be at least {self.bound(self.least)}, got {got}", remedy)
        if number > self.most:
            raise UnitError(f"must be at most {self.bound(self.most)}, got {got}", remedy)
        return figure

    def bound(self, bound: float) -> str:
        """A bound as a file would have it; 0 has no unit."""
        return self.format(bound) if bound and isinstance(self.example, str) else f"{bound:.15g}"

    def _validate(self, value: object) -> Any:
        try:
            return self.read(value)
        except UnitError as error:
            raise invalid(error.problem, error.remedy) from None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        if isinstance(self.example, str):
            return {"type": "string", "examples": [self.example]}
        bounds = {"exclusiveMinimum": self.above, "minimum": self.least, "maximum": self.most}
        finite = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
        return {"type": "integer" if isinstance(self.example, int) else "number"} | finite


def quantity_of(annotation: object) -> Quantity | None:
    """The quantity in a field's metadata or annotation (also inside `| None`), if it has one."""
    if isinstance(annotation, FieldInfo):
        found = next((mark for mark in annotation.metadata if isinstance(mark, Quantity)), None)
        return found or quantity_of(annotation.annotation)
    return next(_quantities(annotation), None)


def _quantities(annotation: object) -> Iterator[Quantity]:
    for part in get_args(annotation):
        if isinstance(part, Quantity):
            yield part
        else:
            yield from _quantities(part)


def invalid(problem: str, remedy: str) -> PydanticCustomError:
    """What a validator raises; both texts reach the user as they are."""
    return PydanticCustomError("fault", "{problem}; {remedy}", {"problem": problem, "remedy": remedy})


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnitError(f"must be a whole number, got {shown(value)}", "write a whole number such as 20")
    return value


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise UnitError(f"must be a number, got {shown(value)}", "write a number such as 0.8")


def _time(value: object) -> float:
    duration_s = units.seconds_of(value)
    if duration_s > _LONGEST_S:
        limit = units.format_seconds(_LONGEST_S)
        raise UnitError(f"must be at most {limit}, got {shown(value)}", "write a time that somebody waits for")
    return duration_s


#: So long that nobody asks for more, and so short or slow that nobody asks for less: beyond these, sums of floats lose
#: what is added, and a run would not end.
_LONGEST_S, _SHORTEST_S, _SLOWEST_BPS = 1e6 * 86400, 1e-9, 1 / 8
#: A petabit a second, which rates in whole parts of a byte hold; sizes up to here are exact in floats.
_FASTEST_BPS, _LARGEST_BYTES = 1e15 / 8, 2**53
#: No packet is under way for longer: to Mars it takes 22 minutes.
_FARTHEST_S = 3600.0
#: Of a part of an image: larger than any, and thousands of them are still counted to the byte.
LARGEST_IMAGE_BYTES: Final = 2**40

Rate = Annotated[
    float,
    Quantity("rate", units.rate_Bps_of, units.format_rate, "10 Gbit/s", above=0, least=_SLOWEST_BPS, most=_FASTEST_BPS),
]
Duration = Annotated[float, Quantity("time", _time, units.format_seconds, "35 ms", least=0)]
Delay = Annotated[float, Quantity("time", _time, units.format_seconds, "35 ms", least=0, most=_FARTHEST_S)]
Period = Annotated[float, Quantity("time", _time, units.format_seconds, "24 h", above=0, least=_SHORTEST_S)]
Size = Annotated[int, Quantity("size", units.bytes_of, units.format_bytes, "36 MiB", above=0, most=_LARGEST_BYTES)]
ImageSize = Annotated[
    int, Quantity("size", units.bytes_of, units.format_bytes, "36 MiB", above=0, most=LARGEST_IMAGE_BYTES)
]
Price = Annotated[float, Quantity("price", units.price_of, units.format_price, "0.09 USD/GB", least=0)]
CapacityPrice = Annotated[
    float,
    Quantity("price of capacity", units.capacity_price_of, units.format_capacity_price, "0.50 USD/Mbit/s", least=0),
]
Cost = Annotated[float, Quantity("cost", units.usd_of, units.format_usd, "0.05 USD", least=0)]
Frequency = Annotated[float, Quantity("frequency", units.per_second_of, units.format_per_second, "50000/day", above=0)]
HostFrequency = Annotated[
    float | units.PerHost, Quantity("frequency", units.frequency_of, units.format_frequency, "50000/day", above=0)
]
Fraction = Annotated[float, Quantity("fraction", units.fraction_of, units.format_fraction, 0.9, least=0, most=1)]
Weight = Annotated[float, Quantity("number", _number, repr, 1.0, least=0)]
Count = Annotated[int, Quantity("whole number", _whole, repr, 20, least=1, most=10**6)]
Packets = Annotated[int, Quantity("whole number", _whole, repr, 50_000_000, least=1, most=10**12)]
#: Of one thing, each with rows of its own while it travels.
Parts = Annotated[int, Quantity("whole number", _whole, repr, 1, least=1, most=1000)]
Retries = Annotated[int, Quantity("whole number", _whole, repr, 4, least=0, most=255)]
WholeNumber = Annotated[int, Quantity("whole number", _whole, repr, 0, least=0, most=2**63 - 1)]
Latitude = Annotated[float, Quantity("latitude", _number, repr, 32.8, least=-90, most=90)]
Longitude = Annotated[float, Quantity("longitude", _number, repr, -96.8, least=-180, most=180)]
