"""Which nodes a node fetches a layer from: `parents(view: Holders, parameters) -> Parents`.

No parent means its upstream. Parents are nodes that have the whole layer; each sends an equal part of it. A rule that
names them by `neighbours` can be compiled; one that gives any other sequence of positions runs in the interpreter.
"""
