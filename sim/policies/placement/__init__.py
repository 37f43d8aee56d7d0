"""Which nodes run a deploy's instances.

`place(view: PlacementView, parameters) -> tuple[int, ...]`, `view.wanted` of them. A push that goes straight to nodes
goes to the first, or to the first few, so a rule returns them in the order in which it would have them pushed to.

A rule may have `cell(view, parameters) -> float` beside: deploys of one client that want as many nodes and have the
same cell are placed alike, so the rule is asked once for all of them. In that view the two draws are arrays, one number
for each of many deploys, and so is the cell: arithmetic on them. Without it a rule is asked for each deploy.

A rule that looks at `view.deploy` (`sim.policies.snapshot.Deploy`), such as for what nodes hold, is asked as each
deploy begins. Then nobody knows before the run where anything runs: a demand in which nodes are replaced is refused.

`_order` has what several rules do: rank by distance, and take candidates by their weight.
"""
