"""The Python statements of reductions and of products that add up along an axis (sum, matmul,
einsum), with the buffer and the order of axes that make them fastest.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.numpy.calls import kernel_call, literal
from admodes.compilation.numpy.kernels import as_float64
from admodes.compilation.numpy.placement import is_array
from admodes.compilation.numpy.writer import NumpyWriter
from admodes.core.record import Ref, Step
from admodes.core.values import shape_of

Statement = Callable[[NumpyWriter, int, Step], None]

LONG = 4096
"""Rows of so many entries are added as fast by NumPy as by BLAS."""


def reduction(writer: NumpyWriter, i: int, step: Step) -> None:
    """A sum, mean or extreme entry over some axes."""
    structure = step.op.structure
    if structure.averages and step.dtype == np.float16:
        writer.anew(i, kernel_call(writer, step))
        return
    if not (structure.adds and _blas_sum(writer, i, step)):
        _reduced(writer, i, step)
    if structure.averages:
        name, count = writer.texts[i], averaged(writer, step)
        divide = writer.function(np.divide)
        writer.body.append(f"{divide}({name}, {count!r}, {name})")


def averaged(writer: NumpyWriter, step: Step) -> float:
    """How many entries a mean is of, as NumPy divides by it."""
    shape = shape_of(writer.value(step.args[0]))
    return float(step.op.structure.terms(shape, step.params))


def reducer(writer: NumpyWriter, step: Step) -> str:
    ufunc = step.op.structure.combine
    return writer.use(f"{ufunc.__name__}_reduce", ufunc.reduce)


def _reduced(writer: NumpyWriter, i: int, step: Step) -> None:
    old, shape = shape_of(writer.value(step.args[0])), step.shape
    axes = step.op.structure.axes(old, step.params)
    left = tuple(n for k, n in enumerate(old) if k not in axes)
    keep = shape != left and len(shape) == len(old)
    among = literal(writer, None if len(axes) == len(old) else axes[0] if len(axes) == 1 else axes)
    given = f"{writer.text(step.args[0])}, {among}, None"
    function, out = reducer(writer, step), writer.target(i, step)
    again = shape != left and not keep
    if out is None:
        tail = f".reshape({shape})" if again else ""
        writer.anew(i, f"{function}({given}, None, {keep}){tail}")
        return
    if again:
        writer.setup.append(f"v{i}total = {out}.reshape({left})")
        out = f"v{i}total"
    writer.body.append(f"{function}({given}, {out}, {keep})")


def _blas_sum(writer: NumpyWriter, i: int, step: Step) -> bool:
    """A sum over neighbouring axes as a product with ones, where sums may be taken in any order:
    up to thirty times as fast as NumPy adds up short rows."""
    (x,) = step.args
    own = writer.value(x)
    if not writer.loose or not as_float64(own) or not own.size or own.ndim < 2:
        return False
    axes = step.op.structure.axes(own.shape, step.params)
    if not axes:
        return False
    first, last = axes[0], axes[-1] + 1
    before, n, after = (
        math.prod(own.shape[k:m]) for k, m in ((0, first), (first, last), (last, own.ndim))
    )
    together = axes == tuple(range(first, last)) and (before == 1 or after == 1 or own.ndim == 3)
    if not together or n == 1 or (before == 1 and after > LONG):
        return False
    flat = writer.layout(x).flags
    if not flat.c_contiguous and not (flat.f_contiguous and own.ndim == 2 and len(axes) == 1):
        return False
    ones = writer.bind(_ones(n), "k")
    parts = tuple(m for m in (before, after) if m != 1) or (1,)
    if after == 1:
        call, tail = f"{writer.shaped(x, (before, n))}.dot({ones}", parts
    elif before == 1:
        call, tail = f"{ones}.dot({writer.shaped(x, (n, after))}", parts
    else:
        call, tail = f"{writer.function(np.matmul)}({ones}, {writer.text(x)}", parts
    out = writer.target(i, step, dense=True)
    if out is None:
        again = "" if step.shape == tail else f".reshape({step.shape})"
        writer.anew(i, f"{call}){again}")
        return True
    writer.body.append(f"{call}, {writer.shaped(Ref(i), tail)})")
    return True


@functools.cache
def _ones(n: int) -> np.ndarray:
    return np.ones(n)


def matmul(writer: NumpyWriter, i: int, step: Step) -> None:
    first, *rest = (_dense(writer, a) for a in step.args)
    given = ", ".join((first, *rest))
    function = writer.function(np.matmul)
    layouts = [writer.layout(a) for a in step.args]
    if writer.loose and all(as_float64(x) and x.ndim < 3 for x in writer.values(step)):
        out = writer.target(i, step)
        if out is None or writer.layout(Ref(i)).flags.c_contiguous:
            # The method is called faster than the ufunc.
            function, given = f"{first}.dot", rest[0]
        elif writer.value(step.args[0]).shape[1] == 1:
            # NumPy gives BLAS no column times a row where the result lies column by column.
            function = writer.function(np.multiply)
    elif writer.loose and _thin(step, layouts) and not all(map(_in_lines, layouts)):
        # NumPy goes through matrices whose entries lie apart in an order that does not mind the
        # memory; einsum minds it, also for its result.
        function, out = writer.function(np.einsum), None
        given = f"'...ij,...jk->...ik', {given}"
    else:
        out = writer.target(i, step)
    if out is None:
        writer.anew(i, f"{function}({given})")
    else:
        writer.body.append(f"{function}({given}, {out})")


def einsum(writer: NumpyWriter, i: int, step: Step) -> None:
    """Where sums may be taken in any order, NumPy is not asked for the best one again: what it
    would find for two operands are products of matrices, which the optimiser has found, and sums
    of one operand alone, which are taken first."""
    params = step.params or {}
    terms, output = [set(term) for term in params["terms"]], set(params["output"])
    if not writer.loose or len(terms) != 2 or not terms[0] ^ terms[1] <= output:
        writer.anew(i, kernel_call(writer, step))
        return
    text = f"{','.join(params['terms'])}->{params['output']}"
    call = f"{writer.function(np.einsum)}({text!r}, {', '.join(map(writer.text, step.args))}"
    out = writer.target(i, step)
    if out is None:
        writer.anew(i, f"{call})")
    else:
        writer.body.append(f"{call}, out={out})")


def _thin(step: Step, layouts: list[np.ndarray]) -> bool:
    """Whether products of a stack are those of a matrix and a vector as one row or column."""
    return 1 in step.shape[-2:] and all(x.ndim > 1 for x in layouts)


def _in_lines(x: np.ndarray) -> bool:
    """Whether the rows or the columns of the matrices of a stack lie in one piece."""
    return x.ndim < 3 or x.size == 0 or x.itemsize in x.strides[-2:]


def _dense(writer: NumpyWriter, a: Any) -> str:
    """An argument of matmul. Constants with strides of 0, which BLAS does not take, are made
    dense."""
    if is_array(a) and a.ndim > 1 and 0 in a.strides:
        return writer.bind(np.ascontiguousarray(a), "k")
    return writer.text(a)
