"""Demand as data: which deploys are asked for, when, by whom and of what, sorted by time, before the world starts."""
