"""The what-if page: a scenario's figures as sliders, and an answer at once that gets better.

`regsim explore` serves it to this machine alone; `--save` writes a page that needs nobody to serve it.
"""
