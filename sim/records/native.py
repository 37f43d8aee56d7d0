"""What a state of rows is to numba: a pointer to where its tables are, so that no function takes more than that.

Passing arrays as numba would takes seven machine words each in every call, and compiling the calls took as long as
compiling what they do. Here `w.table` is where the table's place stands, `w.table[i]` a record, `w.column[i]` a number,
`len(w.table)` its rows, `w.g` the globals. Places are read anew when the engine may have replaced a table meanwhile.
Nothing is checked, unless REGSIM_CHECK_ROWS is set: an index is within its table and not below 0, and a narrow field
can hold what it is given.

Source: numba's manual, "Extending Numba" (low-level API), and LLVM's reference, "tbaa Metadata".
"""

from __future__ import annotations

import operator
import os
import zlib
from typing import Any, Final

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import (
    infer_getattr,
    intrinsic,
    lower_builtin,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    register_model,
)
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature

from sim.records.layout import Layout, names

CHECKS: Final = "REGSIM_CHECK_ROWS" in os.environ
_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()


class StateType(types.Type):
    """A state of one layout."""

    def __init__(self, layout: Layout) -> None:
        self.places: dict[str, tuple[int, Any]] = {}
        for at, name in enumerate(names(layout)):
            row = _row_type(layout.dtype(name))
            self.places[name] = (at, row if name == "g" else TableType(row))
        whole = ", ".join(f"{name}: {kind}" for name, (_, kind) in self.places.items())
        super().__init__(f"State{zlib.crc32(whole.encode()):08x}")


class TableType(types.Type):
    """One of its tables."""

    def __init__(self, row: Any) -> None:
        self.row = row
        # Short, as it is part of the names of all that is compiled.
        super().__init__(f"Rows{zlib.crc32(str(row).encode()):08x}")


class RowType(types.Record):
    """A row with fields, whose loads and stores say which field they are of.

    Narrow whole numbers are wide to kernel code.
    """

    def typeof(self, key: str) -> Any:
        """What kernel code sees."""
        kind = self.stored(key)
        return types.int64 if isinstance(kind, types.Integer) else kind

    def stored(self, name: str) -> Any:
        """What is in memory."""
        return types.Record.typeof(self, name)


register_model(RowType)(models.RecordModel)


def _row_type(dtype: Any) -> Any:
    plain = numba.from_dtype(dtype)
    if not isinstance(plain, types.Record):
        return plain
    fields: Any = [(name, {"type": field.type, "offset": field.offset}) for name, field in plain.fields.items()]
    return RowType(fields, plain.size, plain.aligned)


def _mark(builder: Any, access: Any, what: str) -> Any:
    """Say what a load or a store is of: it is never of the same memory as one of anything else (LLVM's TBAA)."""
    module = builder.module
    root = module.add_metadata(["regsim"])
    kind = module.add_metadata([what, root, ir.Constant(_WORD, 0)])
    access.set_metadata("tbaa", module.add_metadata([kind, kind, ir.Constant(_WORD, 0)]))
    return access


def _field(context: Any, builder: Any, row: RowType, value: Any, name: str) -> tuple[Any, str]:
    """Where a field is, and what it is called among all."""
    kind = context.get_data_type(row.stored(name))
    place = cgutils.get_record_member(builder, value, row.offset(name), kind)
    return place, f"{zlib.crc32(row.name.encode()):08x}.{name}"


@lower_getattr_generic(RowType)
def _get_field(context: Any, builder: Any, row: Any, value: Any, name: str) -> Any:
    place, what = _field(context, builder, row, value, name)
    found = _mark(builder, builder.load(place), what)
    return context.cast(builder, found, row.stored(name), row.typeof(name))


@lower_setattr_generic(RowType)
def _set_field(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    row, given = sig.args
    place, what = _field(context, builder, row, args[0], name)
    wide = context.cast(builder, args[1], given, row.typeof(name))
    stored = context.cast(builder, wide, row.typeof(name), row.stored(name))
    if CHECKS and row.stored(name) != row.typeof(name):
        again = context.cast(builder, stored, row.stored(name), row.typeof(name))
        with builder.if_then(builder.icmp_signed("!=", again, wide), likely=False):
            context.call_conv.return_user_exc(builder, OverflowError, (f"it does not fit into {name}",))
    _mark(builder, builder.store(stored, place), what)


@register_model(StateType)
@register_model(TableType)
class _Pointer(models.OpaqueModel):
    """A pointer to places; a place is an address and a count of rows."""


@infer_getattr
class _StateAttribute(AttributeTemplate):
    key = StateType

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        found = value.places.get(attr)
        return None if found is None else found[1]


@lower_getattr_generic(StateType)
def _table(context: Any, builder: Any, state: StateType, value: Any, name: str) -> Any:
    at, kind = state.places[name]
    place = builder.gep(builder.bitcast(value, _WORD.as_pointer()), [ir.Constant(_WORD, 2 * at)])
    if isinstance(kind, TableType):
        return builder.bitcast(place, _BYTES)
    return builder.inttoptr(_mark(builder, builder.load(place), "places"), context.get_value_type(kind))


@infer_global(operator.getitem)
class _GetRow(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        table, index = args
        if isinstance(table, TableType) and isinstance(index, types.Integer):
            return signature(table.row, table, types.intp)
        return None


@infer_global(operator.setitem)
class _SetRow(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        table, index, _ = args
        if isinstance(table, TableType) and isinstance(index, types.Integer):
            return signature(types.none, table, types.intp, table.row)
        return None


@infer_global(len)
class _Length(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        (table,) = args
        return signature(types.intp, table) if isinstance(table, TableType) else None


def _check(context: Any, builder: Any, table: Any, index: Any, kind: Any) -> None:
    """An index that is not within its table ends the run, where that is asked for: to find faults in kernel code."""
    if CHECKS:
        places = builder.bitcast(table, _WORD.as_pointer())
        count = builder.load(builder.gep(places, [ir.Constant(_WORD, 1)]))
        with builder.if_then(builder.icmp_unsigned(">=", index, count), likely=False):
            context.call_conv.return_user_exc(builder, IndexError, (f"no such row of {str(kind)[:200]}",))


@lower_builtin(operator.getitem, TableType, types.Integer)
def _get_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index = args
    _check(context, builder, table, index, sig.args[0])
    row = sig.args[0].row
    address = _mark(builder, builder.load(builder.bitcast(table, _WORD.as_pointer())), "places")
    if isinstance(row, types.Record):
        at = builder.add(address, builder.mul(index, ir.Constant(_WORD, row.size)))
        return builder.inttoptr(at, context.get_value_type(row))
    column = builder.inttoptr(address, context.get_value_type(row).as_pointer())
    return _mark(builder, builder.load(builder.gep(column, [index])), f"column of {row}")


@lower_builtin(operator.setitem, TableType, types.Integer, types.Any)
def _set_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index, value = args
    _check(context, builder, table, index, sig.args[0])
    address = _mark(builder, builder.load(builder.bitcast(table, _WORD.as_pointer())), "places")
    column = builder.inttoptr(address, context.get_value_type(sig.args[0].row).as_pointer())
    _mark(builder, builder.store(value, builder.gep(column, [index])), f"column of {sig.args[0].row}")
    return context.get_dummy_value()


@lower_builtin(len, TableType)
def _length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    places = builder.bitcast(args[0], _WORD.as_pointer())
    return _mark(builder, builder.load(builder.gep(places, [ir.Constant(_WORD, 1)])), "places")


def state_at(layout: Layout) -> Any:
    """For machine code: what has a state of this layout from its address."""
    kind = StateType(layout)

    @intrinsic
    def found(typing_context: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], _BYTES)

        return kind(types.int64), code

    return found
