"""Where runs are made and kept: one run as a task, worker processes, a Dask cluster, the store of finished runs.

`runs` is what experiments use; it knows finished runs (`store`) and has the others made (`executors`, `cluster`) by
workers that each make one at a time (`worker`).
"""
