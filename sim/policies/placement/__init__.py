"""Which nodes run a deploy's instances.

`place(view: PlacementView, parameters) -> tuple[int, ...]`, `view.wanted` of them. A push that goes straight to nodes
goes to the first, or to the first few, so a rule returns them in the order in which it would have them pushed to.
`_order` has what several rules do: rank by distance, and take candidates by their weight.
"""
