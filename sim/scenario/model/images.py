"""Images: the sizes of a kind's kernel, root filesystem, config and manifest, and how root filesystems differ.

An image is a kernel layer, shared by all of its kind, and a root filesystem of its app (`registry/oci`). Sizes may
vary from app to app and from update to update, by `[images.NAME.sizes]`: lognormal, or as a list or a file has them.
In a file they are a column of CSV: a heading, then one size a row, bytes as a number or text with a unit. Left out:
layers beyond these two, and platforms of one image that differ in size.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import PlainValidator, PrivateAttr, StrictBool, StrictStr, WithJsonSchema

from sim.errors import shown
from sim.figures import (
    LARGEST_IMAGE_BYTES,
    Duration,
    ImageSize,
    Parts,
    Quantity,
    Table,
    Weight,
    figure,
    invalid,
    setting,
)
from sim.files import require_regular
from sim.units import UnitError, bytes_of

Factor = Annotated[float, Quantity("number", lambda value: _factor(value), repr, 1.5, least=1)]


def _factor(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise UnitError(f"must be a number, got {shown(value)}", "write a number such as 1.5")


def _sizes(value: object) -> tuple[int, ...]:
    """Sizes in bytes, above 0."""
    if isinstance(value, list | tuple) and value:
        try:
            found = tuple(part if isinstance(value, tuple) else bytes_of(part) for part in value)
        except UnitError as error:
            raise invalid(error.problem, error.remedy) from None
        if all(0 < size_bytes <= LARGEST_IMAGE_BYTES for size_bytes in found):
            return found
    raise invalid(
        f"must be sizes above 0 and at most 1 TiB, got {shown(value)}", 'write a list such as ["2 MB", "30 MB"]'
    )


SizeList = Annotated[
    tuple[int, ...],
    PlainValidator(_sizes),
    WithJsonSchema({"type": "array", "items": {"type": "string", "examples": ["2 MB"]}, "minItems": 1}),
]
MOST_ARCHITECTURES: Final = 16


def _architectures(value: object) -> tuple[str, ...]:
    """Names of architectures, each once."""
    named = list(value) if isinstance(value, list | tuple) else []
    if not named or not all(isinstance(name, str) and _ARCHITECTURE.fullmatch(name) for name in named):
        raise invalid(f"must be names of architectures, got {shown(value)}", 'write a list such as ["amd64", "arm64"]')
    if len(set(named)) < len(named) or len(named) > MOST_ARCHITECTURES:
        raise invalid(
            f"must be different names, at most {MOST_ARCHITECTURES}, got {shown(value)}", "name each architecture once"
        )
    return tuple(named)


_ARCHITECTURE = re.compile(r"[a-z0-9]([a-z0-9_/.-]{0,62}[a-z0-9])?", re.ASCII)
Architectures = Annotated[
    tuple[str, ...],
    PlainValidator(_architectures),
    WithJsonSchema({"type": "array", "items": {"type": "string", "examples": ["amd64"]}, "minItems": 1}),
]
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_REMEDY = "write bytes as a number, or a size"


class SizesError(ValueError):
    """A file of sizes that cannot be used: which key is wrong, why, and what to do."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(key, problem, remedy)
        self.key, self.problem, self.remedy = key, problem, remedy


class Sizes(Table):
    """How the root filesystems of one kind of image differ.

    They are lognormal with the image's `rootfs` as their median, and `p95`, but for what is larger than `most`; or any
    of `list` alike; or any of a CSV `file`'s `column` alike. Drawn `per` app, an app keeps its size, and each update's
    is that times a lognormal factor with median 1 and `update_p95`; drawn per update, each image's is drawn anew.
    """

    p95_bytes: ImageSize | None = setting(
        "p95", None, about="What 95 % of the root filesystems are below, if lognormal."
    )
    listed: SizeList | None = setting("list", None, about="The sizes that root filesystems have, each as often.")
    file: StrictStr | None = setting("file", None, about="A CSV file of sizes, from the scenario's folder.")
    column: StrictStr | None = setting("column", None, about="The heading of that file's column.")
    per: Literal["app", "update"] = figure(
        "per", "app", assumption=True, about="Whether an app keeps its size, or each of its images has another."
    )
    update_p95: Factor = figure(
        "update_p95",
        1.0,
        assumption=True,
        range=(1.0, 2.0),
        about="What 95 % of updates are below, as a multiple of their app's size.",
    )
    most_bytes: ImageSize = figure(
        "most",
        "1 GiB",
        source="Unikraft Cloud docs, quotas: an account's image storage, sample",
        range=("100 MiB", "10 GiB"),
        about="What no root filesystem is larger than, if they are lognormal.",
    )
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Whoever validates may say in which folder the scenario is."""
        self._folder = Path((context or {}).get("folder", ""))

    @property
    def path(self) -> Path | None:
        """Where the file is."""
        return None if self.file is None else self._folder / self.file

    def given_bytes(self) -> tuple[int, ...] | None:
        """The sizes of the list or of the file; None where they are lognormal. SizesError when the file has none."""
        if self.path is None or self.column is None:
            return self.listed
        try:
            return _column(self.path, require_regular(self.path).st_mtime_ns, self.column)
        except OSError as error:
            raise SizesError(
                "file", f"cannot read {self.path}: {error.strerror}", "paths are from the scenario's folder"
            ) from None


@lru_cache(maxsize=16)
def _column(path: Path, written_ns: int, column: str) -> tuple[int, ...]:
    """A column of sizes; kept, since every variant and every run of a scenario asks."""
    with path.open(newline="", encoding="utf-8") as file:
        try:
            rows = csv.DictReader(file)
            if column not in (rows.fieldnames or ()):
                known = ", ".join(rows.fieldnames or ()) or "nothing"
                raise SizesError("column", f"{path} has no such column, got {shown(column)}", f"it has {known}")
            found = [_size_bytes(path, rows.line_num, row[column]) for row in rows]
        except (csv.Error, UnicodeDecodeError) as error:
            raise SizesError("file", f"{path} is no CSV ({error})", "save it as UTF-8 text with commas") from None
    if not found:
        raise SizesError("file", f"{path} has no sizes", "write one a line below the heading")
    return tuple(found)


def _size_bytes(path: Path, line: int, text: str | None) -> int:
    word = (text or "").strip()
    try:
        size_bytes = bytes_of(f"{word} B" if _NUMBER.fullmatch(word) else word)
    except UnitError as error:
        raise SizesError(
            "file", f"{path}: line {line}: {error.problem}", "write bytes as a number, or a size"
        ) from None
    if size_bytes <= 0:
        raise SizesError(
            "file", f"{path}: line {line}: must be above 0, got {word}", "write bytes as a number, or a size"
        )
    if size_bytes > LARGEST_IMAGE_BYTES:
        raise SizesError(
            "file", f"{path}: line {line}: must be at most 1 TiB, got {shown(word)}", "write what an image has"
        )
    return size_bytes


_KRAFTKIT = "kraftkit oci/README.md"


class Image(Table):
    """A kind of image; without a kernel it is a ROM. `share` is relative to the other images."""

    share: Weight = setting(
        "share", 1.0, about="The part of the apps that are of this kind, relative to the other images' shares."
    )
    kernel_bytes: ImageSize | None = setting(
        "kernel", None,
        about="The size of the kernel, the layer that apps of this kind share; without one the image is a ROM.",
    )  # fmt: skip
    rootfs_bytes: ImageSize = setting(
        "rootfs", about="The size of the root filesystem, the layer that is each app's own."
    )
    layers: Parts = figure(
        "layers", 1, source="kraftkit oci/README.md: a root filesystem is one layer",
        about="In how many layers of equal size the root filesystem is, all of which are new with an update.",
    )  # fmt: skip
    architectures: Architectures | None = setting(
        "architectures", None,
        about='The architectures that it is built for, such as ["amd64", "arm64"], under one index: pushes send all of '
        "it, a node pulls what its own architecture needs. Without it the image runs on every node.",
    )  # fmt: skip
    sizes: Sizes | None = setting(
        "sizes", None, about="How root filesystems differ from app to app and from update to update."
    )
    format: StrictStr | None = setting(
        "format", None,
        about="The format in which its layers travel, such as gzip, zstd or erofs; sizes are then those of their "
        "content. Without it layers travel as they are, and nodes unpack nothing.",
    )  # fmt: skip
    written_rom: StrictBool | None = setting(
        "rom", None, about="Whether it has no kernel; said by leaving the kernel out, and here only for readers."
    )
    boot_s: Duration = figure(
        "boot", "4 ms", source="Unikraft blog, nginx; docs, rootfs-compression, playwright", range=("4 ms", "1152 ms"),
        about="From the image on the node until the instance answers.",
    )  # fmt: skip
    config_bytes: ImageSize = figure(
        "config", "1.9 kB", source=_KRAFTKIT, range=("1.8 kB", "2 kB"), about="The size of the image's config."
    )
    manifest_bytes: ImageSize = figure(
        "manifest", "2.55 kB", source=_KRAFTKIT, range=("2.5 kB", "2.6 kB"), about="The size of the image's manifest."
    )
    index_bytes: ImageSize = figure("index", "4.8 kB", source=_KRAFTKIT, about="The size of the image's index.")

    @property
    def is_rom(self) -> bool:
        return self.kernel_bytes is None
