"""State as rows of numbers, for text that is written once and runs two ways.

A *layout* names tables and says what a row of each is made of. A state of that layout keeps its rows as small objects
(`ObjectState`: fast in the interpreter) or as records of arrays (`ArrayState`: what machine code works on). The text
touches state only as `w.table[number].field`, as `w.column[number]` where a table has one number a row, and as
`w.g.field` for the globals, which means the same in both; references are numbers, -1 for none. `native` teaches numba
what a state is, `compiling` compiles text; neither is imported unless something is compiled. No domain words live here.
"""

from sim.records.layout import ArrayState, Layout, ObjectState

__all__ = ["ArrayState", "Layout", "ObjectState"]
