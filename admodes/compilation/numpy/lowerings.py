"""The statement of each operation on arrays: NumPy's own function with a buffer that takes the
result, where there is one; otherwise the operation's kernel, called as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.numpy.calls import index_text, kernel_call
from admodes.compilation.numpy.contraction import (
    Statement,
    averaged,
    einsum,
    matmul,
    reducer,
    reduction,
)
from admodes.compilation.numpy.kernels import DEEPEST, as_float64
from admodes.compilation.numpy.orders import reduces
from admodes.compilation.numpy.placement import is_array, is_view
from admodes.compilation.numpy.writer import NumpyWriter
from admodes.compilation.scattering import scattered
from admodes.core.entries import meetings
from admodes.core.op import Op
from admodes.core.record import Ref, Step
from admodes.ops.indexing import picked_rows

FLOATS = "fc"

SMALL = 4096
"""Selections of so many entries are faster as x[positions] than as take."""


def is_ufunc(step: Step) -> bool:
    """Whether NumPy's ufunc on these arguments gives what the operation does."""
    op: Op = step.op
    return op.entrywise and isinstance(op.array, np.ufunc) and not step.params


def statement_of(op: Op) -> Statement | None:
    """How an operation that is no ufunc is written, if not as a call of its kernel."""
    return reduction if reduces(op) else STATEMENTS.get(op.name)


def overwrites(step: Step, values: tuple) -> bool:
    """Whether the statement of a row may write into an argument's memory. (NumPy takes three times
    as long for that where there is one entry.)"""
    if step.op.rewrites:
        return _rewrites_first(step, values)
    return _calls_ufunc(step, values) and step.size != 1


def _rewrites_first(step: Step, values: tuple) -> bool:
    """Whether a row whose result is its first argument with other entries may be written there."""
    x = values[0]
    return is_array(x) and x.dtype == step.dtype and all(map(_takes, values))


def _calls_ufunc(step: Step, values: tuple) -> bool:
    return is_ufunc(step) and _same_kinds(step, values)


def array_row(writer: NumpyWriter, i: int, step: Step) -> None:
    """Write the statement of a row that is an array, or a number made from arrays."""
    values = writer.values(step)
    if i in writer.slopes:
        above, tie = (writer.text(a) for a in writer.slopes[i])
        writer.anew(i, f"{writer.use('tie_slope', tie_slope)}({above}, {tie})")
    elif not is_array(step.like):
        if not _reduced_to_number(writer, i, step, values):
            _dispatched(writer, i, step)
    elif is_view(step) and is_array(values[0]):
        writer.view(i, step, _view_text(writer, step))
    elif _calls_ufunc(step, values):
        if not _accumulated(writer, i, step):
            _ufunc(writer, i, step)
    elif (statement := statement_of(step.op)) and all(map(_takes, values)):
        statement(writer, i, step)
    elif all(map(_takes, values)) or step.op.raw:
        writer.anew(i, kernel_call(writer, step))
    else:
        _dispatched(writer, i, step)


def tie_slope(above: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """1 above, ½ at a tie, else 0, as a factor; the test itself serves where there is no tie."""
    return np.where(above, 1.0, np.where(tie, 0.5, 0.0)) if np.count_nonzero(tie) else above


def _takes(x: Any) -> bool:
    """Whether kernels take an argument without conversion."""
    return x.dtype.kind in FLOATS + "b" if is_array(x) else x.__class__ is float


def _same_kinds(step: Step, values: tuple) -> bool:
    """Whether the ufunc reads the arguments as eager evaluation hands them on; truth values and
    whole numbers only beside arrays of the result's type, to which NumPy converts them."""
    kinds = {x.dtype for x in values if is_array(x)}
    if step.op.elementwise and kinds != {step.dtype}:
        whole = {np.dtype(np.int64)} if step.dtype == np.float64 else set()
        return step.dtype in kinds and kinds <= {step.dtype, np.dtype(bool), *whole}
    return True


def _ufunc(writer: NumpyWriter, i: int, step: Step) -> None:
    function = writer.use(f"{step.op.array.__name__}", step.op.array)
    out = writer.target(i, step, overwrites=step.size != 1)
    given = writer.operands(step, None if out is None else writer.layout(Ref(i)))
    if out is None:
        writer.anew(i, f"{function}({given})")
    else:
        # NumPy takes the results of these two by keyword only.
        keyword = "out=" if step.op.array in (np.maximum, np.minimum) else ""
        writer.body.append(f"{function}({given}, {keyword}{out})")


def _dispatched(writer: NumpyWriter, i: int, step: Step) -> None:
    """The operation as eager evaluation runs it."""
    call = writer.use(f"{step.op.name}_call", step.op.dispatch)
    given = ", ".join(
        writer.text(a) if isinstance(a, Ref) else writer.bind(a, "k") for a in step.args
    )
    text = f"{call}(({given},), {writer.bind(step.params, 'p') if step.params else None})"
    if is_array(step.like):
        writer.anew(i, text)
    else:
        writer.store(i, text, DEEPEST + 1)


def _reduced_to_number(writer: NumpyWriter, i: int, step: Step, values: tuple) -> bool:
    """The rows that make one number of arrays, where NumPy's function is called directly."""
    rule = _reduction_number if reduces(step.op) else NUMBERS.get(step.op.name)
    if rule is None or not all(is_array(x) and x.dtype.kind in FLOATS + "b" for x in values):
        return False
    text = rule(writer, step, values)
    if text is None:
        return False
    entry = text.endswith("]") or ".item(" in text
    if step.like.__class__ is float and not entry and i not in writer.operands_only:
        text = f"float({text})"
    # An entry of an argument may be read later as well, that of a buffer may have changed by then.
    writer.store(i, text, 1 if text.endswith("]") else DEEPEST + 1)
    return True


def _reduction_number(writer: NumpyWriter, step: Step, values: tuple) -> str | None:
    averages = step.op.structure.averages
    if averages and values[0].dtype == np.float16:
        return None
    total = f"{reducer(writer, step)}({writer.text(step.args[0])}, None)"
    return f"{total} / {averaged(writer, step)!r}" if averages else total


def _matmul_number(writer: NumpyWriter, step: Step, values: tuple) -> str | None:
    if values[0].dtype.kind == "c" or values[1].dtype.kind == "c":
        return None
    a, b = (writer.text(x) for x in step.args)
    return f"{writer.function(np.dot)}({a}, {b})"


def _item(writer: NumpyWriter, step: Step, values: tuple) -> str | None:
    index = (step.params or {})["index"]
    parts = index if isinstance(index, tuple) else (index,)
    whole = len(parts) == values[0].ndim and all(isinstance(p, (int, np.integer)) for p in parts)
    if not whole or not as_float64(values[0]):
        return None
    found = tuple(int(p) for p in parts)
    listed = writer.listed(step.args[0])
    if listed is not None:
        return f"{listed}[{np.ravel_multi_index(found, values[0].shape, mode='wrap')}]"
    return f"{writer.text(step.args[0])}.item({', '.join(map(str, found))})"


def _only_entry(writer: NumpyWriter, step: Step, values: tuple) -> str | None:
    return f"{writer.text(step.args[0])}.item()" if as_float64(values[0]) else None


NUMBERS: dict[str, Callable[[NumpyWriter, Step, tuple], str | None]] = {
    "matmul": _matmul_number,
    "getitem": _item,
    "reshape": _only_entry,
}


def _view_text(writer: NumpyWriter, step: Step) -> str:
    source = writer.text(step.args[0])
    params = step.params or {}
    match step.op.name:
        case "getitem":
            return f"{source}[{index_text(writer, params['index'])}]"
        case "reshape":
            return f"{source}.reshape({step.shape})"
        case "transpose":
            return f"{source}.transpose({tuple(map(int, params['axes']))})"
    return kernel_call(writer, step)


def _where(writer: NumpyWriter, i: int, step: Step) -> None:
    function = writer.function(np.where)
    given = ", ".join(writer.operand(a, False) for a in step.args)
    writer.anew(i, f"{function}({given})")


def _broadcast_to(writer: NumpyWriter, i: int, step: Step) -> None:
    x = writer.text(step.args[0])
    out = _empty(writer, i, step)
    if is_array(writer.value(step.args[0])):
        writer.body.append(f"{writer.function(np.copyto)}({out}, {x})")
    else:
        writer.body.append(f"{out}.fill({x})")


def _empty(writer: NumpyWriter, i: int, step: Step) -> str:
    """Memory of its own for row i, whose entries are still to be written."""
    out = writer.target(i, step)
    return _anew_empty(writer, i, step) if out is None else out


def _anew_empty(writer: NumpyWriter, i: int, step: Step) -> str:
    dtype = writer.bind(step.dtype, "dtype")
    writer.anew(i, f"{writer.function(np.empty)}({step.shape}, {dtype})")
    return writer.texts[i]


def _place(writer: NumpyWriter, i: int, step: Step) -> None:
    index = (step.params or {})["index"]
    if meetings(step.op, step.params, step.shape):
        writer.anew(i, _summed(writer, step) or kernel_call(writer, step))
        return
    dtype = writer.bind(step.dtype, "dtype")
    text = f"{writer.function(np.zeros)}({step.shape}, {dtype})"
    if i in writer.returned:
        writer.anew(i, text)
    else:
        # Nothing else writes into this array, so that its zeros stay from run to run.
        writer.texts[i] = f"v{i}"
        writer.static.add(i)
        writer.setup.append(f"v{i} = {text}")
    writer.body.append(f"v{i}[{index_text(writer, index)}] = {writer.text(step.args[0])}")


def _summed(writer: NumpyWriter, step: Step) -> str | None:
    """Entries that are added into zeros where an index of integers says."""
    function = scattered(step, writer.value(step.args[0]))
    if function is None:
        return None
    return f"{writer.bind(function, 'summed')}({writer.text(step.args[0])})"


def _selection(writer: NumpyWriter, i: int, step: Step) -> None:
    """x[positions]: of integers by NumPy's take, which is the fastest."""
    index = (step.params or {})["index"]
    x = writer.value(step.args[0])
    if not is_array(x):
        writer.anew(i, kernel_call(writer, step))
        return
    text = writer.text(step.args[0])
    rows = picked_rows(index, x.shape)
    if rows is None or (x.ndim == 1 and rows.size <= SMALL):
        writer.anew(i, f"{text}[{index_text(writer, index)}]")
        return
    axes = len(index) if isinstance(index, tuple) else 1
    axis = None if axes == x.ndim else 0
    if axis == 0 and axes > 1:
        text = f"{text}.reshape({(-1, *x.shape[axes:])})"
    given = f"{text}.take({writer.bind(rows, 'p')}, {axis}"
    out = writer.target(i, step, dense=True)
    if out is None:
        writer.layouts[i] = np.empty(step.shape, step.dtype)
        writer.anew(i, f"{given})")
    else:
        # The positions are within bounds; NumPy buffers the result where it has to check that.
        writer.body.append(f"{given}, {out}, 'clip')")


def _accumulated(writer: NumpyWriter, i: int, step: Step) -> bool:
    """a + place(b): b is added into the entries of a, without an array of zeros between."""
    placed = writer.absorbed.get(i)
    if placed is None:
        return False
    first, index, shape, w = placed
    a = writer.text(first)
    out = writer.target(i, step, overwrites=True, dense=shape is not None)
    if out is None:
        out = _anew_empty(writer, i, step)
    same = i in writer.static or i in writer.taken
    if not same or writer.layout(Ref(i)) is not writer.layout(first):
        writer.body.append(f"{writer.function(np.copyto)}({out}, {a})")
    whole = f"{out}.reshape({shape})" if shape else out
    place = f"{whole}[{index_text(writer, index)}]"
    if not is_array(writer.value(w)) and not np.empty(shape or step.shape)[index].ndim:
        sign = "+" if step.op.name == "add" else "-"
        writer.body.append(f"{place} {sign}= {writer.text(w)}")
        return True
    (writer.setup if i in writer.static else writer.body).append(f"v{i}_at = {place}")
    function = writer.use(step.op.array.__name__, step.op.array)
    writer.body.append(f"{function}(v{i}_at, {writer.text(w)}, v{i}_at)")
    return True


def _stack(writer: NumpyWriter, i: int, step: Step) -> None:
    values = writer.values(step)
    if all(v.__class__ is float for v in values) and as_float64(step.like):
        parts = ", ".join(writer.text(a) for a in step.args)
        writer.anew(i, f"{writer.function(np.array)}(({parts},))")
        return
    axis = (step.params or {}).get("axis", 0) % step.like.ndim
    out = _empty(writer, i, step)
    for k, a in enumerate(step.args):
        where = ", ".join([":"] * axis + [str(k)])
        if i in writer.static and np.ndim(values[k]):
            writer.setup.append(f"v{i}_{k} = {out}[{where}]")
            writer.body.append(f"copyto(v{i}_{k}, {writer.text(a)})")
            writer.function(np.copyto)
        else:
            writer.body.append(f"{out}[{where}] = {writer.text(a)}")


def _concatenate(writer: NumpyWriter, i: int, step: Step) -> None:
    parts = ", ".join(writer.text(a) for a in step.args)
    axis = (step.params or {})["axis"]
    function = writer.function(np.concatenate)
    out = writer.target(i, step)
    if out is None:
        writer.anew(i, f"{function}(({parts},), {axis})")
    else:
        writer.body.append(f"{function}(({parts},), {axis}, {out})")


def _assign(writer: NumpyWriter, i: int, step: Step) -> None:
    x, v = step.args
    out = writer.target(i, step, overwrites=_rewrites_first(step, writer.values(step)))
    if out is None:
        out = _anew_empty(writer, i, step)
    if out != writer.text(x):
        writer.body.append(f"{writer.function(np.copyto)}({out}, {writer.text(x)})")
    place = f"{out}[{index_text(writer, (step.params or {})['index'])}]"
    writer.body.append(f"{place} = {writer.text(v)}")


STATEMENTS: dict[str, Statement] = {
    "assign": _assign,
    "matmul": matmul,
    "einsum": einsum,
    "where": _where,
    "broadcast_to": _broadcast_to,
    "getitem": _selection,
    "place": _place,
    "stack": _stack,
    "concatenate": _concatenate,
}
"""Operations that are no ufuncs, but for which NumPy takes a buffer or there is a better way."""
