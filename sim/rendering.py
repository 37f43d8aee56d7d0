"""The one door from results to the room that renders them, and what every finding shows through it.

Results hold numbers. Their `verdict`, `plot()`, `table` and the like are made in `sim.report`, which stands above the
rooms of results and imports what it renders. So a result names the function that renders it, whose module is loaded
when somebody asks: whoever only wants numbers loads neither pandas nor matplotlib, and no modules import each other.
Nothing else below `sim.report` knows of it; a test holds that, and that every function that is named here is there.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def render(renderer: str, result: Any, *about: Any) -> Any:
    """What a function of `sim.report`, named `MODULE.FUNCTION`, makes of a result."""
    module, _, function = renderer.rpartition(".")
    return getattr(importlib.import_module(f"sim.report.{module}"), function)(result, *about)


class Finding:
    """What somebody asked for and got: it shows itself in a line, in HTML, as a table, as a plot and as files."""

    @cached_property
    def table(self) -> pd.DataFrame:
        """Its numbers, a row each, in base units and not rounded; `.attrs["columns"]` says what each column means."""
        made: pd.DataFrame = render("frames.table", self)
        return made

    @overload
    def plot(self, kind: str = "", *, ax: None = None) -> Figure: ...
    @overload
    def plot(self, kind: str = "", *, ax: Axes) -> Axes: ...
    def plot(self, kind: str = "", *, ax: Axes | None = None) -> Figure | Axes:
        """A picture by matplotlib: a figure, or with `ax` what is most asked for, drawn into these axes.

        InputError for a `kind` that there is not, with those that there are.
        """
        made: Figure | Axes = render("drawing.plot", self, kind, ax)
        return made

    def write(self, directory: str | Path, beside: Mapping[str, Any] | None = None) -> None:
        """Files that `sim.load_result` reads again; `manifest.json` comes last, when all others are there.

        The document has what stands `beside`, too. InputError when the directory cannot be made.
        """
        render("saving.write", self, directory, beside)

    def __repr__(self) -> str:
        line: str = render("faces.line", self)
        return line

    def _repr_html_(self) -> str:
        """What a notebook shows; every name in it is escaped."""
        page: str = render("faces.html", self)
        return page
