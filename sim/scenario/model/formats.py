"""The table `[formats]`: figures of the formats in which layers travel, where they are not those that ship.

`registry/formats` has those that ship, with their sources; a scenario changes single figures of them, or names a format
of its own. Left out: formats that differ from layer to layer of one image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from sim.errors import shown
from sim.figures import Duration, Quantity, Rate, Table, invalid, setting
from sim.registry.formats import FORMATS, Format
from sim.units import UnitError

Share = Annotated[float, Quantity("number", lambda value: _share(value), repr, 0.5, least=0, most=1000)]
Cores = Annotated[float, Quantity("number", lambda value: _share(value), repr, 1.0, above=0, most=4096)]


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise UnitError(f"must be a number, got {shown(value)}", "write a number such as 0.5")


class FormatTable(Table):
    """One format of layers. What is not said is as the format of that name that ships has it, or as of `tar`."""

    wire: Share | None = setting("wire", None, about="How many bytes travel for a byte of content.")
    rate_Bps: Rate | None = setting(
        "rate", None, about="How much content one core decompresses; without it nothing is decompressed."
    )
    cores: Cores | None = setting("cores", None, about="How many cores one layer that is decompressed uses at once.")
    written: Share | None = setting("written", None, about="How many bytes unpacking writes for a byte of content.")
    boot_s: Duration | None = setting(
        "boot", None, about="What a boot takes longer for each GiB of the root filesystem's content."
    )
    compress_Bps: Rate | None = setting(
        "compress", None, about="How much content one core of a client packs, where clients have `cores`."
    )
    packs: Literal["all", "rootfs"] | None = setting(
        "packs", None, about="Whether every layer is packed, or the root filesystem and no kernel."
    )

    @model_validator(mode="after")
    def _travels(self) -> Self:
        if self.wire == 0:
            raise invalid("wire must be above 0, got 0", "write how many bytes travel for a byte of content")
        return self

    def over(self, shipped: Format) -> Format:
        """The figures, those of `shipped` where the table says nothing."""
        given: dict[str, Any] = {
            "wire": self.wire, "rate_Bps": self.rate_Bps, "cores": self.cores, "written": self.written,
            "boot_s": None if self.boot_s is None else self.boot_s / 2**30, "compress_Bps": self.compress_Bps,
            "packs": self.packs,
        }  # fmt: skip
        return replace(shipped, **{name: value for name, value in given.items() if value is not None})


def format_named(name: str | None, tables: Mapping[str, FormatTable]) -> Format | None:
    """The format of a name, as a scenario has it; None where none is named. KeyError if there is none of that name."""
    if name is None:
        return None
    if name in tables:
        return tables[name].over(FORMATS.get(name, FORMATS["tar"]))
    return FORMATS[name]
