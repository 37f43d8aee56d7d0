"""State as rows of numbers, and code that is written once and runs two ways.

A *layout* names tables and says what a row of each is made of. A state of that layout keeps its rows as small objects
(`ObjectState`: fast in the interpreter) or as records of arrays (`ArrayState`: what machine code works on).

*Kernel code* is functions over such a state, in the part of Python that the interpreter and numba's nopython mode both
run. It touches state only as `w.table[number].field`, as `w.column[number]` where a table has one number a row, and as
`w.g.field` for the globals, which means the same in both; references are numbers, -1 for none. It allocates nothing:
whoever runs it lengthens tables in between. So there is one algorithm, and both ways agree bit for bit.

In order of reading: `layout` (states), `queue` (the one event queue) and `hashing` (sets and maps), which are kernel
code themselves, `scope` and `cells` (for whoever runs it), and `compiling`, with `linking`, `apart` and `native`, which
teach numba what a state is: these four are imported late, and only if something is compiled. No domain words live here.
"""

from sim.records.layout import ArrayState, Layout, ObjectState

__all__ = ["ArrayState", "Layout", "ObjectState"]
