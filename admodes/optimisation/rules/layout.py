"""Local rules for operations that move entries: two that cancel (transposing twice), and those that
change nothing (the whole of an array), are left out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step
from admodes.core.values import shape_of
from admodes.ops.indexing import is_basic
from admodes.optimisation.folding import Folding, Table, params_of
from admodes.optimisation.indices import along_one_axis, covers
from admodes.optimisation.literals import number
from admodes.programs.keys import param_key


def reshape(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The same shape; a reshape of a reshape."""
    (x,) = args
    if copy.alike(x, value):
        return x
    inner = copy.made(x, "reshape")
    if inner is not None:
        return copy.make("reshape", inner.args[0], like=value, shape=shape_of(value))
    stretched = copy.made(x, "broadcast_to")
    if stretched is not None and not shape_of(copy.value(stretched.args[0])):
        return copy.make("broadcast_to", stretched.args[0], like=value, shape=shape_of(value))
    return None


def transpose(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Axes in their order; a transpose of a transpose."""
    (x,) = args
    axes = params["axes"]
    if axes == tuple(range(len(axes))):
        return x
    inner = copy.made(x, "transpose")
    if inner is not None:
        both = tuple(params_of(inner)["axes"][k] for k in axes)
        return copy.make("transpose", inner.args[0], like=value, axes=both)
    shape = shape_of(copy.value(x))
    long = [k for k in axes if shape[k] != 1]
    if long == sorted(long) and copy.value(x).__class__ is np.ndarray:
        return copy.make("reshape", x, like=value, shape=shape_of(value))
    return None


def broadcast_to(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The same shape; a stretch of a stretch; a stretch by axes of length 1."""
    (x,) = args
    if copy.alike(x, value):
        return x
    inner = copy.made(x, "broadcast_to")
    if inner is not None:
        return copy.make("broadcast_to", inner.args[0], like=value, shape=shape_of(value))
    return _as_reshape(copy, x, value)


def _as_reshape(copy: Folding, x: Any, value: Any) -> Any:
    own = copy.value(x)
    if own.__class__ is np.ndarray and value.__class__ is np.ndarray and own.size == value.size:
        return copy.make("reshape", x, like=value, shape=value.shape)
    return None


def total(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A sum over axes of length 1; the sum of what is negated, where nothing else reads that."""
    (x,) = args
    own = copy.value(x)
    if not copy.zeros_are_alike():
        # A sum begins with 0, which -0 does not change.
        return None
    if own.__class__ is not np.ndarray or own.dtype.kind != "f":
        return x if own.__class__ is float and value.__class__ is float else None
    if own.size == math.prod(shape_of(value)) and value.__class__ is np.ndarray:
        return copy.make("reshape", x, like=value, shape=value.shape)
    minus = copy.made(x, "negate")
    if minus is not None and copy.once(x):
        return copy.make("negate", copy.row(op, minus.args, params, _if_array(value)), like=value)
    return None


def _if_array(value: Any) -> Any:
    return value if value.__class__ is np.ndarray else None


def getitem(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """All entries in order; positions at equal distances as a slice; what was placed or assigned at
    this index; an entry of a stack; entries of what is negated, where nothing else reads it, are
    negated, which a sum may take up."""
    (x,) = args
    own = copy.value(x)
    index = params["index"]
    line = _equal_steps(index, shape_of(own))
    if line is not None:
        return copy.make("getitem", x, like=value, index=line)
    negated = copy.made(x, "negate")
    if negated is not None and copy.once(x) and own.__class__ is np.ndarray:
        picked = copy.make("getitem", negated.args[0], like=value, index=index)
        return copy.make("negate", picked, like=value)
    if own.__class__ is not np.ndarray or not is_basic(index):
        return None
    if covers(index, own.shape):
        return copy.make("reshape", x, like=value, shape=shape_of(value))
    moved = copy.made(x, "assign")
    if moved is not None and param_key(params_of(moved)["index"]) == param_key(index):
        return moved.args[-1] if copy.alike(moved.args[-1], value) else None
    part = _part(copy, x, index, value, NESTED)
    if part is not None:
        return part
    placed = copy.made(x, "place")
    if placed is not None and len(placed.shape) == 1 and index == slice(1, None, None):
        return _without_first(copy, placed, value)
    stacked = copy.made(x, "stack")
    if stacked is not None and not (stacked.params or {}).get("axis", 0):
        k = index[0] if index.__class__ is tuple and len(index) == 1 else index
        if isinstance(k, int) and copy.alike(stacked.args[k], value):
            return stacked.args[k]
    return None


NESTED = 4
"""So deep may sums of placed arrays be nested of which a part is looked for."""


def _part(copy: Folding, x: Any, index: Any, value: Any, depth: int) -> Any:
    """x[index] where x is zero but for what was placed at this index, or apart from it; and where x
    is a sum of such arrays, as the adjoints of the factors of a decomposition are put together."""
    placed = copy.made(x, "place")
    if placed is not None:
        at, (inner,) = params_of(placed)["index"], placed.args
        here, there = _span(index, placed.shape), _span(at, placed.shape)
        if param_key(at) == param_key(index) or (here is not None and here == there):
            return inner if copy.alike(inner, value) else None
        return np.zeros(value.shape, value.dtype) if _apart(here, there) else None
    added = copy.made(x, "add")
    if added is None or depth == 0 or not all(copy.alike(a, added.like) for a in added.args):
        return None
    first = _part(copy, added.args[0], index, value, depth - 1)
    second = None if first is None else _part(copy, added.args[1], index, value, depth - 1)
    return None if second is None else copy.make("add", first, second, like=value)


def _span(index: Any, shape: tuple[int, ...]) -> tuple[int, range] | None:
    """The axis and the positions on it that an index takes, if it takes all along the others."""
    found = along_one_axis(index, shape)
    if found is None or not isinstance(found[1], slice):
        return None
    return found[0], range(*found[1].indices(shape[found[0]]))


def _apart(one: tuple[int, range] | None, two: tuple[int, range] | None) -> bool:
    """Whether no entry is in both of two parts, each from its first position upwards."""
    if one is None or two is None or one[0] != two[0]:
        return False
    p, q = sorted((one[1], two[1]), key=lambda at: at.start)
    return p.step > 0 and q.step > 0 and p.stop <= q.start


def _without_first(copy: Folding, placed: Step, value: Any) -> Any:
    """What was placed at a slice of a line, in the line without its first entry, which transposes
    of moves have for what goes nowhere."""
    line = params_of(placed)["index"]
    if line.__class__ is not slice or (line.step or 1) < 1:
        return None
    start, stop, step = line.indices(placed.shape[0])
    if start < 1 or start >= stop:
        return None
    count = len(range(start, stop, step))
    shorter = _line(start - 1, step, count, placed.shape[0] - 1)
    return copy.make("place", placed.args[0], like=value, index=shorter, shape=value.shape)


def place(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Entries that fill the whole array in order; positions at equal distances as a slice."""
    (x,) = args
    own = copy.value(x)
    line = _equal_steps(params["index"], params["shape"])
    if line is not None:
        return copy.make("place", x, like=value, index=line, shape=params["shape"])
    if own.__class__ is np.ndarray and covers(params["index"], params["shape"]):
        return copy.make("reshape", x, like=value, shape=params["shape"])
    return None


def _equal_steps(index: Any, shape: tuple[int, ...]) -> slice | None:
    """A slice of these positions in a line, which are given as an array."""
    if index.__class__ is tuple and len(index) == 1:
        (index,) = index
    if index.__class__ is not np.ndarray or index.ndim != 1 or len(shape) != 1:
        return None
    if index.dtype.kind not in "iu" or len(index) < 2 or index[0] < 0:
        return None
    step = int(index[1]) - int(index[0])
    if step < 1 or (np.diff(index) != step).any():
        return None
    return _line(int(index[0]), step, len(index), shape[0])


def _line(start: int, step: int, count: int, size: int) -> slice:
    """The slice of so many positions of a line, in the form that has the fewest numbers."""
    stop = start + (count - 1) * step
    found = slice(start or None, None if stop + step >= size else stop + 1, step)
    return found if step > 1 else slice(found.start, found.stop)


def assign(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Entries that are there already; entries in the place of others that were assigned."""
    x, v = args
    index = params["index"]
    if not copy.alike(x, value) or not is_basic(index):
        return None
    if _is_picked(copy, v, x, index):
        return x
    before = copy.made(x, "assign")
    if before is not None and param_key(before.params) == param_key(params):
        first = before.args[0]
        return copy.row(op, (first, v), params, value) if copy.alike(first, value) else None
    return None


def _is_picked(copy: Folding, v: Any, x: Any, index: Any) -> bool:
    """Whether v is x[index]."""
    picked = copy.made(v, "getitem")
    if picked is None or x.__class__ is not Ref or picked.args[0] != x:
        return False
    return param_key(params_of(picked)["index"]) == param_key(index)


def assigned_sum(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sum of an array with zeros at an index and of what is placed there: it is assigned there.
    The cotangent of `x[index] += v` is such a sum."""
    for a, b in (args, args[::-1]):
        zeroed, placed = copy.made(a, "assign"), copy.made(b, "place")
        if zeroed is None or placed is None or not copy.zeros_are_alike():
            continue
        index = params_of(placed)["index"]
        same = param_key(params_of(zeroed)["index"]) == param_key(index) and is_basic(index)
        x, zero = zeroed.args
        if same and number(zero) == 0.0 and copy.alike(x, value) and copy.alike(b, value):
            return copy.make("assign", x, placed.args[0], like=value, index=index)
    return None


FEW = 8
"""Arrays in stacks that are added before they are stacked, at most."""
STRETCH = REGISTRY["broadcast_to"]


def stretched_operand(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """An entrywise operation takes what was stretched itself, where its other operands give the
    result its shape; else its result is stretched, where that has fewer entries before."""
    if value.__class__ is not np.ndarray or len(args) < 2:
        return None
    steps = copy.steps
    for a in args:
        if a.__class__ is np.ndarray or (a.__class__ is Ref and steps[a.row].op is STRETCH):
            break
    else:
        return None
    for i, a in enumerate(args):
        stretched = copy.made(a, "broadcast_to")
        if stretched is None:
            continue
        source = stretched.args[0]
        others = [shape_of(copy.value(b)) for k, b in enumerate(args) if k != i]
        if np.broadcast_shapes(*others) == value.shape and _typed(copy, op, args, i, source):
            return copy.row(op, (*args[:i], source, *args[i + 1 :]), params, value)
    return _stretched_result(copy, op, args, params, value)


def _stretched_result(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    sources = tuple(_before_stretching(copy, a) for a in args)
    shape = np.broadcast_shapes(*(shape_of(copy.value(a)) for a in sources))
    kinds = {copy.value(a).dtype for a in sources if copy.value(a).__class__ is np.ndarray}
    if math.prod(shape) >= value.size or not shape or kinds != {value.dtype}:
        return None
    small = copy.row(op, sources, params, np.broadcast_to(np.zeros((), value.dtype), shape))
    return copy.make("broadcast_to", small, like=value, shape=value.shape)


def _before_stretching(copy: Folding, a: Any) -> Any:
    """What was stretched; a number in the place of an array that repeats it."""
    step = copy.made(a, "broadcast_to")
    if step is not None:
        return step.args[0]
    c = number(a) if a.__class__ is np.ndarray else None
    return a if c is None else c


def _typed(copy: Folding, op: Op, args: tuple, i: int, source: Any) -> bool:
    """Whether a Python float in the place of argument i leaves the dtype."""
    if copy.value(source).__class__ is not float:
        return True
    rest = [copy.value(b) for k, b in enumerate(args) if k != i and (op.active(k) or op.discrete)]
    kinds = [b.dtype for b in rest if b.__class__ is np.ndarray]
    return any(k == np.float64 for k in kinds)


def merged_places(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sum (or difference) of two arrays that are filled at the same places, and of two that
    were only reshaped for that."""
    a, b = args
    if a.__class__ is not Ref or b.__class__ is not Ref:
        return None
    for name in ("place", "reshape"):
        one, two = copy.made(a, name), copy.made(b, name)
        if one is None or two is None or not _same_move(copy, name, one, two):
            continue
        if name == "reshape" and not all(copy.made(s.args[0], "place") for s in (one, two)):
            return None
        # The move is done once instead of twice only where nothing else needs the parts.
        if not copy.once(a) and not copy.once(b):
            return None
        inner = copy.value(one.args[0])
        both = copy.row(op, (one.args[0], two.args[0]), None, _if_array(inner))
        return copy.row(REGISTRY[name], (both,), one.params, value)
    return None


def merged_stacks(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sum (or difference) of two stacks of a few arrays each, before these are stacked."""
    one, two = (copy.made(a, "stack") for a in args)
    if one is None or two is None or not all(map(copy.once, args)):
        return None
    pairs = list(zip(one.args, two.args))
    alike = one.shape == two.shape and param_key(one.params) == param_key(two.params)
    inner = np.broadcast_to(np.zeros((), value.dtype), _without_axis(one))
    if not alike or len(pairs) > FEW or not all(copy.alike(a, inner) for p in pairs for a in p):
        return None
    sums = [copy.row(op, pair, None, inner) for pair in pairs]
    return copy.row(REGISTRY["stack"], tuple(sums), one.params, value)


def _without_axis(stack: Step) -> tuple[int, ...]:
    """The shape of each of the arrays that are stacked."""
    axis = params_of(stack).get("axis", 0) % len(stack.shape)
    return stack.shape[:axis] + stack.shape[axis + 1 :]


def _same_move(copy: Folding, name: str, one: Any, two: Any) -> bool:
    if not copy.alike(one.args[0], copy.value(two.args[0])):
        return False
    if name == "reshape":
        return one.shape == two.shape
    return is_basic(params_of(one)["index"]) and param_key(one.params) == param_key(two.params)


TABLE: Table = {
    REGISTRY["reshape"]: (reshape,),
    REGISTRY["transpose"]: (transpose,),
    REGISTRY["broadcast_to"]: (broadcast_to,),
    REGISTRY["unbroadcast"]: (total,),
    REGISTRY["sum"]: (total,),
    REGISTRY["getitem"]: (getitem,),
    REGISTRY["place"]: (place,),
    REGISTRY["assign"]: (assign,),
}
PLACES: Table = {
    REGISTRY["add"]: (merged_places, merged_stacks, assigned_sum),
    REGISTRY["subtract"]: (merged_places, merged_stacks),
}
