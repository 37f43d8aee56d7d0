"""Where runs are made and kept: one run as a task, worker processes, a Dask cluster, the store of finished runs."""
