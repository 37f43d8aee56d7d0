"""A run's tables as pandas DataFrames, and two views of them; loaded only when somebody asks for one.

Columns keep their names and units, and each frame says in its `attrs` what its columns mean. Text is categorical, so
that a frame is no larger than its table.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from sim.tables.columns import Column, Table


def frame(table: Table) -> pd.DataFrame:
    """The table (n_rows, n_columns), text as unordered categoricals with their categories sorted."""
    made = pd.DataFrame(
        {
            column.name: _categorical(table, column.name) if column.kind == "text" else table.column(column.name)
            for column in table.columns
        }
    )
    return explained(made, table.columns)


def explained(made: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """The frame itself, whose `attrs["columns"]` has each column's unit and meaning from now on."""
    made.attrs["columns"] = {column.name: column.about for column in columns}
    return made


def _categorical(table: Table, name: str) -> pd.Categorical[str]:
    codes, entries = table.codes(name)
    order = sorted(range(len(entries)), key=entries.__getitem__)
    rank = np.empty(len(entries), np.int32)
    rank[order] = np.arange(len(entries))
    categories = pd.Index([entries[at] for at in order])
    made: pd.Categorical[str] = pd.Categorical.from_codes(rank[codes], categories=categories)
    return made


def dedup(deploys: pd.DataFrame, bin_s: float) -> pd.DataFrame:
    """By the bin of time in which deploys ended: layer bytes saved, bytes moved, and the share saved; (n_bins, 3)."""
    bins = (deploys["ended_s"] // bin_s * bin_s).rename("from_s")
    moved_bytes = deploys["pushed_bytes"] + deploys["pulled_bytes"]
    table = pd.DataFrame({"saved_bytes": deploys["saved_bytes"], "moved_bytes": moved_bytes}).groupby(bins).sum()
    table["saved_share"] = table["saved_bytes"] / (table["saved_bytes"] + table["moved_bytes"])
    return table


def listing(lists: pd.DataFrame, at_s: float, central: str) -> pd.DataFrame:
    """The union of all registries' lists at a time: repository, tag, rom, registries, central, gone; (n_shown, 6).

    `lists` has what came to lists and went, in each registry's own order.
    """
    names = ["registry", "repository", "tag"]
    texts = lists.astype(dict.fromkeys(names, "object"))  # groups of categoricals are all combinations of them
    there = texts[texts["changed_s"] <= at_s].groupby(names, sort=False)["present"].last()
    seen = texts[texts["shown_s"] <= at_s].groupby(names, sort=False)[["present", "rom", "changed_s"]].last()
    shown = seen[seen["present"]].reset_index()
    shown["has"] = there.reindex(pd.MultiIndex.from_frame(shown[names])).to_numpy(dtype=bool)
    shown["central"] = shown["registry"] == central
    by_image = shown.groupby(["repository", "tag"], sort=True)
    found = by_image.agg(rom=("rom", "last"), registries=("registry", ", ".join), central=("central", "any"))
    found["gone"] = ~by_image["has"].any()
    return found.reset_index()
