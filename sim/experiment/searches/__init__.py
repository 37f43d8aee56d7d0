"""Searches: the value of a key at which something changes (`capacity`, `crossover`), and which variant is the `best`.

Each makes runs until what it looks for is decided, and no more. The first two halve a range by `bisection`.
"""
