"""Scenarios that ship with the package, found by name wherever one stands: `metros`, `published/kraken`.

Left out: scenarios of a user's own, which are found by their paths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: Where they are: the repository's `scenarios/`, which the package has under this name. A link is followed, so that
#: files beside that folder are found as from the file itself.
FOLDER: Final = (Path(__file__).parents[1] / "shipped").resolve()


def names() -> tuple[str, ...]:
    """The scenarios that are questions by themselves; those in folders are what others build on or compare with."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def located(source: str | Path) -> Path:
    """The file that is meant: the path itself, or, where there is nothing and the name is a shipped one's, that."""
    path = Path(source)
    if path.exists() or path.is_absolute() or ".." in path.parts:
        return path
    shipped = FOLDER / path.with_name(f"{path.name.removesuffix('.toml')}.toml")
    return shipped if shipped.is_file() else path


def base_located(source: str, folder: Path) -> Path:
    """The same for a path that a file in `folder` names, from there and not from the current folder.

    OSError or ValueError where no file can have such a name.
    """
    beside = folder / source
    if beside.exists() or Path(source).is_absolute() or ".." in Path(source).parts:
        return beside
    shipped = FOLDER / f"{source.removesuffix('.toml')}.toml"
    return shipped if shipped.is_file() else beside


def folder_located(source: str | Path) -> Path:
    """The same for a folder: `published`."""
    path = Path(source)
    if path.exists() or path.is_absolute() or ".." in path.parts or not (FOLDER / path).is_dir():
        return path
    return FOLDER / path
