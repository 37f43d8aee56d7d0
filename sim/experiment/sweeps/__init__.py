"""Sweeps: every variant at the points of a design over several keys.

`designs` says which points, `sweep` measures there, and `sensitivity` says how much each key matters.
"""
