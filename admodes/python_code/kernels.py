"""Each operation as Python on NumPy alone: an expression, a function of NumPy, or a small function
that is printed above the code.
"""

from __future__ import annotations

import ast
import copy
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.rebinding import numpy_path
from admodes.ops.indexing import along_axis_index, lined_up
from admodes.python_code.literals import called, literal, numpy_name
from admodes.python_code.sources import (
    Substituted,
    definition,
    free_names,
    lookup,
    meaning,
    parameters,
)

INFIX: dict[Any, ast.operator] = {
    np.add: ast.Add(),
    np.subtract: ast.Sub(),
    np.multiply: ast.Mult(),
    np.divide: ast.Div(),
    np.power: ast.Pow(),
    np.matmul: ast.MatMult(),
    np.bitwise_and: ast.BitAnd(),
    np.bitwise_or: ast.BitOr(),
}
"""NumPy's functions that Python writes with a sign."""

COMPARED: dict[Any, ast.cmpop] = {
    np.greater: ast.Gt(),
    np.greater_equal: ast.GtE(),
    np.less: ast.Lt(),
    np.less_equal: ast.LtE(),
    np.equal: ast.Eq(),
    np.not_equal: ast.NotEq(),
}


def _place(x: Any, index: Any, shape: Any) -> Any:
    """Zeros of a shape with x added at index."""
    out = np.zeros(shape, np.result_type(x))
    np.add.at(out, index, x)
    return out


def _add_along(w: Any, indices: Any, axis: Any, shape: Any) -> Any:
    indices = lined_up(indices, shape, axis)
    out = np.zeros(shape, w.dtype)
    np.add.at(out, along_axis_index(indices, axis), w)
    return out


def _assign(x: Any, v: Any, index: Any) -> Any:
    """x with v at an index."""
    y = np.full(np.shape(x), x, np.result_type(x, v))
    y[index] = v
    return y


def _strong(p: Any, t: Any) -> Any:
    """p t, and 0 wherever t is exactly 0."""
    return np.where(t == 0, 0.0, p * t)


def _tangents(s: Any, t: Any) -> Any:
    """s t, and 0 wherever either is exactly 0."""
    return np.where((s == 0) | (t == 0), 0.0, s * t)


def _sparse_product(
    data: Any, indices: Any, indptr: Any, x: Any, shape: Any, transposed: Any
) -> Any:
    """A sparse matrix in CSR, or its transpose, times a vector or matrix."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    into, of = (indices, rows) if transposed else (rows, indices)
    y = np.zeros((shape[0], *x.shape[1:]))
    np.add.at(y, into, np.reshape(data, (-1,) + (1,) * (x.ndim - 1)) * x[of])
    return y


def _shares(x, of, axis):
    """e^x / Σ e^x along an axis, or with 2 in the place of e."""
    power = np.exp2 if of == "logaddexp2" else np.exp
    y = power(x - np.max(x, axis=axis, keepdims=True))
    return y / np.sum(y, axis=axis, keepdims=True)


def _running_mean(t, x, of, axis, back=False):
    """The means of the first 1, 2, … entries of t along an axis, with weights e^x, or with 2 in the
    place of e; back: its transpose."""
    t, x = np.moveaxis(t, axis, 0), np.moveaxis(x, axis, 0)
    power = np.exp2 if of == "logaddexp2" else np.exp
    sums = getattr(np, of).accumulate(x)
    y = np.zeros(t.shape, np.result_type(t, x))
    for k in range(len(x)):
        if back:
            y[k] = np.sum(power(x[k] - sums[k:]) * t[k:], axis=0)
        else:
            y[k] = np.sum(power(x[: k + 1] - sums[k]) * t[: k + 1], axis=0)
    return np.moveaxis(y, 0, axis)


def _recurrence(a, b, axis, back=False):
    """y[k] = a[k] y[k-1] + b[k] along an axis; back: y[k] = a[k+1] y[k+1] + b[k]."""
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    y = b.astype(np.result_type(a, b))
    for k in range(1, len(b)):
        if back:
            y[-k - 1] += a[-k] * y[-k]
        else:
            y[k] += a[k] * y[k - 1]
    return np.moveaxis(y, 0, axis)


def _running_choice(t, x, y, axis, back=False):
    """The entries of t where those of y, the largest of x so far along an axis, come from; at ties
    the mean of t there and of what was chosen before; back: its transpose."""
    t, x, y = (np.moveaxis(a, axis, 0) for a in (t, x, y))
    u = t.copy()
    for k in range(1, len(x))[:: -1 if back else 1]:
        stays, enters = y[k] == y[k - 1], y[k] == x[k]
        old, new = np.where(stays & enters, 0.5, stays), np.where(stays & enters, 0.5, enters)
        if back:
            u[k - 1] += old * u[k]
            u[k] = new * u[k]
        else:
            u[k] = old * u[k - 1] + new * t[k]
    return np.moveaxis(u, 0, axis)


STRONG: dict[str, Callable] = {"strong_mul": _strong, "tangent_mul": _tangents}
"""Products in which an exact zero wins, for factors that are not finite."""

PLAINER: dict[str, Callable] = {
    "matmul": np.matmul,
    "broadcast_to": np.broadcast_to,
    "reshape": np.reshape,
    "sum": np.sum,
    "mean": np.mean,
    "amax": np.max,
    "amin": np.min,
    "any_of": np.any,
    "all_of": np.all,
    "getitem": lambda x, index: x[index],
    "place": _place,
    "assign": _assign,
    "add_along_axis": _add_along,
    "sparse_matmul": _sparse_product,
    "recurrence": _recurrence,
    "running_choice": _running_choice,
    "accumulate": lambda x, of, axis: getattr(np, of).accumulate(x, axis=axis),
    "logaddexp_reduce": lambda x, axis: np.logaddexp.reduce(x, axis=axis),
    "logaddexp2_reduce": lambda x, axis: np.logaddexp2.reduce(x, axis=axis),
    "logaddexp_scan": lambda x, axis: np.logaddexp.accumulate(x, axis=axis),
    "logaddexp2_scan": lambda x, axis: np.logaddexp2.accumulate(x, axis=axis),
    "running_mean": _running_mean,
    "shares": _shares,
    "where": np.where,
    "stack": lambda *xs, axis=0: np.stack(xs, axis),
    "concatenate": lambda *xs, axis=0: np.concatenate(xs, axis),
    "strong_mul": np.multiply,
    "tangent_mul": np.multiply,
    "erf": lambda x: np.vectorize(math.erf, [float])(x),
    "erfc": lambda x: np.vectorize(math.erfc, [float])(x),
    "gammaln": lambda x: np.vectorize(math.lgamma, [float])(x),
}
"""Kernels without what only makes them faster, open to more arguments or strong where all factors
are finite."""


def plain_kernel(op: Op) -> Callable[..., Any]:
    """The value of an operation as NumPy code without what only makes it faster."""
    return PLAINER.get(op.name, op.array)


class Kernels:
    """Expressions for operations. helpers: the functions that they use, in the order in which they
    are to be printed; array: how an array among the parameters is written; plain_products: whether
    a strong product was printed as a plain one."""

    def __init__(self, taken: set[str], array: Callable[[np.ndarray], ast.expr]) -> None:
        self.taken = taken
        self.array = array
        self.helpers: dict[str, ast.FunctionDef] = {}
        self.names: dict[Any, str] = {}
        self.used: set[str] = set()
        self.plain_products = False

    def fresh(self) -> Kernels:
        """The same helpers for another function, of which none is used yet."""
        other = copy.copy(self)
        other.used, other.plain_products = set(), False
        return other

    def used_helpers(self) -> list[ast.FunctionDef]:
        """The definitions that are needed, each after those that it uses."""
        needed = set(self.used)
        for name, node in reversed(self.helpers.items()):
            if name in needed:
                needed |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return [node for name, node in self.helpers.items() if name in needed]

    def call(
        self, op: Op, args: list[ast.expr], params: dict | None, finite: bool = True
    ) -> ast.expr:
        """op of expressions; finite: whether the arguments were. Raises ValueError for a kernel
        without source."""
        if op.name in STRONG:
            self.plain_products = self.plain_products or finite
        if op.name == "einsum":
            assert params is not None
            subscripts = f"{','.join(params['terms'])}->{params['output']}"
            return called(numpy_name("einsum"), ast.Constant(subscripts), *args)
        kernel = PLAINER.get(op.name, op.array)
        kernel = kernel if finite else STRONG.get(op.name, kernel)
        given = params or {}
        if numpy_path(kernel) is not None:
            return self._numpy(kernel, args, given)
        node = definition(kernel)
        body = _single_expression(node)
        plain = node.args.kwarg is None and not op.elementwise
        if body is not None and plain and _reads_once(body, parameters(node)):
            return self._inline(kernel, node, body, args, given)
        name = self._helper(kernel, op.name)
        extra = {k: literal(v, self.array) for k, v in given.items()}
        if parameters(node) == [*parameters(node)[: len(args)], *extra]:
            return called(ast.Name(name), *args, *extra.values())
        return called(ast.Name(name), *args, **extra)

    def summed(self, x: ast.expr, old: tuple[int, ...], new: tuple[int, ...]) -> ast.expr:
        """x of shape old, summed over every axis that broadcasting stretched from shape new."""
        extra = len(old) - len(new)
        ones = [k + extra for k, n in enumerate(new) if n == 1 and old[k + extra] != 1]
        axes = (*range(extra), *ones)
        if not axes:
            return x
        if len(axes) == len(old) and not new:
            return called(numpy_name("sum"), x)
        axis = literal(axes if len(axes) > 1 else axes[0])
        if not ones:
            return called(numpy_name("sum"), x, axis=axis)
        kept = called(numpy_name("sum"), x, axis=axis, keepdims=ast.Constant(True))
        return kept if not extra else called(numpy_name("reshape"), kept, literal(new))

    def _numpy(self, function: Any, args: list[ast.expr], params: dict) -> ast.expr:
        if len(args) == 2 and function in INFIX:
            left, right = args
            opposite = _opposite(right) if function is np.add else None
            if opposite is not None:
                return ast.BinOp(left, ast.Sub(), opposite)
            return ast.BinOp(left, INFIX[function], right)
        if len(args) == 2 and function in COMPARED:
            return ast.Compare(args[0], [COMPARED[function]], [args[1]])
        if function is np.negative:
            return ast.UnaryOp(ast.USub(), args[0])
        path = numpy_path(function)
        assert path is not None
        if function in (np.reshape, np.broadcast_to):
            return called(numpy_name(*path), *args, literal(params["shape"]))
        given = {
            k: literal(v, self.array) for k, v in params.items() if not _is_default(function, k, v)
        }
        return called(numpy_name(*path), *args, **given)

    def _inline(
        self, kernel: Any, node: Any, body: ast.expr, args: list[ast.expr], params: dict
    ) -> ast.expr:
        names = [x.arg for x in (*node.args.posonlyargs, *node.args.args)]
        by = dict(zip(names, args))
        by |= {k: literal(v, self.array) for k, v in params.items()}
        signature = inspect.signature(kernel).parameters
        for k, p in signature.items():
            if k not in by and p.default is not p.empty:
                by[k] = literal(p.default)
        if node.args.vararg is not None:
            by[node.args.vararg.arg] = ast.List(args)
        by |= self._meanings(kernel, node)
        return _tidied(Substituted(by).visit(copy.deepcopy(body)))

    def _meanings(self, function: Any, node: Any) -> dict[str, ast.expr]:
        """What the names that a kernel takes from outside are in the printed code."""
        made: dict[str, ast.expr] = {}
        for name in sorted(free_names(node)):
            found = lookup(function, name)
            known = meaning(found)
            if known is None:
                kernel = PLAINER.get(found.name, found.array) if isinstance(found, Op) else found
                path = numpy_path(kernel)
                known = numpy_name(*path) if path else ast.Name(self._helper(kernel, name))
            made[name] = known
        return made

    def _helper(self, function: Any, wanted: str) -> str:
        """The name of the function that is printed for a kernel."""
        if function in self.names:
            self.used.add(self.names[function])
            return self.names[function]
        node = copy.deepcopy(definition(function))
        name = wanted.lstrip("_")
        while name in self.taken or name == "np":
            name += "_"
        self.taken.add(name)
        self.used.add(name)
        self.names[function] = name
        by = self._meanings(function, node)
        if isinstance(node, ast.Lambda):
            lines: list[ast.stmt] = [ast.Return(node.body)]
            node = ast.FunctionDef(name, node.args, lines, [], lineno=1)
        node.name = name
        made = Substituted(by).visit(node)
        self.helpers[name] = ast.fix_missing_locations(made)
        return name


def _single_expression(node: ast.FunctionDef | ast.Lambda) -> ast.expr | None:
    """What a function returns, where it does nothing else."""
    if isinstance(node, ast.Lambda):
        return node.body
    body = [s for s in node.body if not _is_docstring(s)]
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None


def _is_docstring(s: ast.stmt) -> bool:
    return isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)


def _reads_once(body: ast.expr, names: list[str]) -> bool:
    read = [n.id for n in ast.walk(body) if isinstance(n, ast.Name) and n.id in names]
    return len(read) == len(set(read)) and not any(
        isinstance(n, (ast.Lambda, ast.comprehension)) for n in ast.walk(body)
    )


def _is_default(function: Any, name: str, x: Any) -> bool:
    """Whether an option of a NumPy function has the value that it has without it."""
    try:
        default = inspect.signature(function).parameters[name].default
    except (ValueError, TypeError, KeyError):
        return False
    if default is np._NoValue:
        return x is False or x is None
    return default is x or (isinstance(x, (int, str)) and default == x)


def _opposite(node: ast.expr) -> ast.expr | None:
    """p for -p, where the minus may stand before the first factor of a product."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        left = _opposite(node.left)
        return None if left is None else ast.BinOp(left, node.op, node.right)
    return None


def _tidied(node: ast.expr) -> ast.expr:
    """The usual way to write a transposed matrix, an index and a stack along the first axis."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Subscript):
        inner = node.slice
        if ast.unparse(inner.value) == "np.s_":
            return ast.Subscript(node.value, inner.slice)
    if isinstance(node, ast.Call):
        text = ast.unparse(node.func)
        if text.endswith(".transpose") and isinstance(node.func, ast.Attribute):
            order = [getattr(e, "value", None) for e in getattr(node.args[0], "elts", [])]
            if order == list(range(len(order)))[::-1]:
                return ast.Attribute(node.func.value, "T")
        if text in ("np.stack", "np.concatenate") and ast.unparse(node.args[-1]) == "0":
            return ast.Call(node.func, node.args[:1], [])
    return node
