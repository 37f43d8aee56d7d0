"""The topology as a picture: where places are, what joins them, how much of it is used, and what holds deploys back.

`network` gathers what is drawn, from a scenario or a run of it; `layout` says where it stands, `land` has the outlines
of land, and `drawing` makes SVG of it, in the colours of `map.css`.
"""
