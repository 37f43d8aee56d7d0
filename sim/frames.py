"""A table of rows as a pandas DataFrame; loaded only when somebody asks for one."""

from __future__ import annotations

import pandas as pd

from sim.rows import Table


def frame(table: Table) -> pd.DataFrame:
    """The table (n_rows, n_columns), text as unordered categoricals with their categories sorted."""
    columns = {
        name: pd.Categorical(values, categories=sorted(set(values))) if isinstance(values, list) else values
        for name, values in table.arrays().items()
    }
    return pd.DataFrame(columns)
