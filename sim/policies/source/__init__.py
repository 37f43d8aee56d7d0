"""Which nodes a node fetches a layer from: `parents(view: Holders, parameters) -> Parents`.

No parent means its upstream. Parents are nodes that have the whole layer; each sends an equal part of it.
"""
