"""Which nodes run a deploy's instances.

`place(view: PlacementView, parameters) -> tuple[int, ...]`, `view.wanted` of them.
"""
