"""What the files of a measuring rig say: its scenarios, and a row for each operation that was measured.

A scenario is hosts on a star (rates in Mbit/s of IP packets, one-way delay in ms), and steps: operations that start
together, each step when the one before has ended. `tests/rig/README.md` describes the files, `rigfiles` reads them.
Left out: how the rig makes and measures them (`tests/rig`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.network.tcp.transport import Congestion

_Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1)]

LIMIT_S = 600.0
"""The rig waits for a step so long."""

Op = Literal["push", "pull", "copy", "sync"]
COPIES = ("copy", "sync")
"""What goes from registry to registry."""


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
    """One client process at one host: a push of `layers` (key and bytes, kernel first) or a pull, under a `tag`; or,
    from registry to registry, a copy of what a tag means or a sync, which brings all tags of a repository."""

    op: Op
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
        if self.op in COPIES and (self.to is None or self.source is None):
            raise ValueError(f"a {self.op} needs `from` and `to`")
        return self

    @property
    def peer(self) -> str:
        """The host of the registry that it talks to; of a copy or a sync, that which it brings something to."""
        return (self.source if self.op == "pull" else self.to) or ""


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
    op: Op
    at: str
    peer: str
    image: str
    concurrent: int
    seconds: _Above0
    step_tx_bytes: _Above0
    step_rx_bytes: _Above0
