"""grad, jacobian, hessian and hvp, built from jvp and vjp alone, so that they nest in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.builders import shape_of
from admodes.core.carrier import value
from admodes.core.forward import jvp
from admodes.core.pytree import Tree, checked_input, flatten, unflatten
from admodes.core.reverse import vjp
from admodes.ops.structure import reshape, stack

MODES = ("auto", "forward", "reverse")
COMPOSITIONS = (
    "forward-over-reverse",
    "reverse-over-forward",
    "forward-over-forward",
    "reverse-over-reverse",
)
Argnums = int | tuple[int, ...]


def grad(f: Callable, argnums: Argnums = 0) -> Callable:
    """The gradient of a scalar function, by one reverse sweep.

    grad(f)(*args) has the structure and shapes of args[argnums] (a tuple of them where argnums is
    a tuple). Raises TypeError where f's result is not one number.

    >>> import admodes as ad
    >>> ad.grad(lambda x, y: x * ad.sin(y), argnums=(0, 1))(2.0, 0.0)
    (0.0, 2.0)
    """

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return value_and_grad(f, argnums)(*args, **kwargs)[1]

    return gradient


def value_and_grad(f: Callable, argnums: Argnums = 0) -> Callable:
    """(f(*args), gradient) from one evaluation and one reverse sweep.

    >>> import admodes as ad
    >>> ad.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen, restricted = _restrict(f, argnums, args, kwargs)
        out, pullback = vjp(restricted, *chosen)
        _one_number(out, f, "grad")
        grads = pullback(_like(out, 1.0))
        return out, grads if isinstance(argnums, tuple) else grads[0]

    return both


def _one_number(out: Any, f: Callable, who: str) -> None:
    """Refuse a result that is not one number."""
    leaves, out_tree = flatten(out)
    if out_tree.kind is not None or shape_of(out) != ():
        kind = out_tree.kind and out_tree.kind.__name__
        what = f"a {kind} of {len(leaves)}" if kind else f"an array of shape {shape_of(out)}"
        raise TypeError(
            f"{who} needs a function with one number as its result, but {_name(f)} returned "
            f"{what}: reduce it (.sum()) or use ad.jacobian"
        )


def jacobian(f: Callable, argnums: Argnums = 0, mode: str = "auto") -> Callable:
    """The Jacobian ∂f_i/∂x_j, of shape out.shape + in.shape.

    mode "forward" takes one sweep per input component, "reverse" one per output component, "auto"
    the one with fewer sweeps. Where f takes or returns tuples, lists or dicts, or argnums is a
    tuple, the result is a tree of blocks: outputs outside, inputs inside.

    >>> import admodes as ad
    >>> ad.jacobian(lambda x, y: (x * y, x + y), argnums=(0, 1))(2.0, 3.0)
    ((3.0, 2.0), (1.0, 1.0))
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r}: choose one of {', '.join(MODES)}")

    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        chosen, restricted = _restrict(f, argnums, args, kwargs)
        xs, tree = flatten(chosen if isinstance(argnums, tuple) else chosen[0])
        xs = [checked_input(x, "jacobian") for x in xs]

        def flat(*leaves: Any) -> Any:
            inputs = unflatten(tree, list(leaves))
            return restricted(*inputs) if isinstance(argnums, tuple) else restricted(inputs)

        out_tree, blocks = _blocks(flat, xs, mode)
        return unflatten(out_tree, [unflatten(tree, row) for row in blocks])

    return jacobian_of


def _blocks(flat: Callable, xs: list, mode: str) -> tuple[Tree, list[list]]:
    """The Jacobian's blocks, one list per output leaf with one block per input leaf."""
    n = sum(_size(x) for x in xs)
    if mode == "forward" and n:
        return _forward_blocks(flat, xs)
    out, pullback = vjp(flat, *xs)
    m = sum(_size(y) for y in flatten(out)[0])
    if mode == "auto" and 0 < n <= m:
        return _forward_blocks(flat, xs)
    return _reverse_blocks(out, pullback, xs)


def _forward_blocks(flat: Callable, xs: list) -> tuple[Tree, list[list]]:
    columns: list[list] = []
    for k, x in enumerate(xs):
        columns.append([])
        for direction in _basis(x):
            seeds = [direction if i == k else _like(z, 0.0) for i, z in enumerate(xs)]
            out, dots = jvp(flat, tuple(xs), tuple(seeds))
            columns[k].append(flatten(dots)[0])
        if not columns[k]:
            out = flat(*xs)
    ys, out_tree = flatten(out)
    rows = []
    for j, y in enumerate(ys):
        shapes = [shape_of(x) for x in xs]
        rows.append(
            [
                _assemble([dots[j] for dots in column], shape_of(y), shape, last=True)
                for column, shape in zip(columns, shapes, strict=True)
            ]
        )
    return out_tree, rows


def _reverse_blocks(out: Any, pullback: Callable, xs: list) -> tuple[Tree, list[list]]:
    ys, out_tree = flatten(out)
    rows = []
    for j, y in enumerate(ys):
        found = []
        for direction in _basis(y):
            weights = [direction if i == j else _like(z, 0.0) for i, z in enumerate(ys)]
            found.append(pullback(unflatten(out_tree, weights)))
        rows.append(
            [
                _assemble([g[k] for g in found], shape_of(y), shape_of(x), last=False)
                for k, x in enumerate(xs)
            ]
        )
    return out_tree, rows


def _assemble(parts: list, outer: tuple, inner: tuple, last: bool) -> Any:
    """Columns (last) or rows of one block, joined to shape outer + inner."""
    if not parts:
        return np.zeros(outer + inner)
    if outer + inner == () or (len(parts) == 1 and (inner if last else outer) == ()):
        return parts[0]
    return reshape(stack(parts, axis=-1 if last else 0), shape=outer + inner)


def hessian(f: Callable, argnums: Argnums = 0, mode: str = "auto") -> Callable:
    """The Hessian, of shape out.shape + in.shape + in.shape, as a Jacobian of a Jacobian.

    mode is one of the four compositions ("forward-over-reverse" …); "auto" is
    forward-over-reverse.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    outer, inner = _composition(mode)
    return jacobian(jacobian(f, argnums, inner), argnums, outer)


def hvp(f: Callable, x: Any, v: Any, mode: str = "forward-over-reverse") -> Any:
    """H v, the Hessian of the scalar function f at x times v, without forming H.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.hvp(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    outer, inner = _composition(mode)
    if inner == "reverse":
        gradient = grad(f)
        if outer == "forward":
            return jvp(gradient, (x,), (v,))[1]
        return vjp(gradient, x)[1](v)[0]

    def slope(z: Any) -> Any:
        out, dot = jvp(f, (z,), (v,))
        _one_number(out, f, "hvp")
        return dot

    return jacobian(slope, mode=outer)(x)


def _composition(mode: str) -> tuple[str, str]:
    if mode == "auto":
        mode = COMPOSITIONS[0]
    if mode not in COMPOSITIONS:
        raise ValueError(f"mode {mode!r}: choose auto or one of {', '.join(COMPOSITIONS)}")
    outer, inner = mode.split("-over-")
    return outer, inner


def _restrict(f: Callable, argnums: Argnums, args: tuple, kwargs: dict) -> tuple[tuple, Callable]:
    """The chosen arguments, and f as a function of them alone."""
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    for i in positions:
        if not isinstance(i, int):
            raise TypeError(f"argnums={argnums!r}: give a position or a tuple of positions")
        if not -len(args) <= i < len(args):
            raise ValueError(
                f"argnums={argnums}, but {_name(f)} was called with {len(args)} argument(s)"
            )
    positions = tuple(i % len(args) for i in positions)
    if len(set(positions)) != len(positions):
        raise ValueError(f"argnums={argnums} names an argument twice")

    def restricted(*chosen: Any) -> Any:
        full = list(args)
        for i, x in zip(positions, chosen, strict=True):
            full[i] = x
        return f(*full, **kwargs)

    restricted.__name__ = _name(f)
    return tuple(args[i] for i in positions), restricted


def _basis(x: Any) -> Any:
    """The unit directions of x's shape, one after the other."""
    shape = shape_of(x)
    if shape == ():
        yield _like(x, 1.0)
        return
    for k in range(_size(x)):
        direction = _like(x, 0.0)
        direction.flat[k] = 1.0
        yield direction


def _like(x: Any, number: float) -> Any:
    plain = value(x)
    if shape_of(plain) == ():
        return number
    kind = plain.dtype if getattr(plain, "dtype", None) is not None else np.dtype(float)
    return np.full(shape_of(plain), number, kind if kind.kind == "f" else float)


def _size(x: Any) -> int:
    return int(np.size(value(x)))


def _name(f: Callable) -> str:
    return getattr(f, "__name__", type(f).__name__)
