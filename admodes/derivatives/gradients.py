"""grad, jacobian, hessian and hvp: a function goes in, the function that computes its derivative
comes out. They are built from jvp and vjp alone, so that they nest in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.checking import Count, checked, to_check, unchecked_result
from admodes.core.forward import jvp
from admodes.core.portable import made_by
from admodes.core.pytree import checked_input, flatten, flatten_like, match_shapes, unflatten
from admodes.core.reverse import Evaluation, vjp
from admodes.core.space import is_complex
from admodes.core.values import shape_of
from admodes.derivatives.choosing import explained
from admodes.derivatives.crossings import crossing
from admodes.derivatives.jacobians import MODES, FunctionOfLeaves, whole_jacobian
from admodes.derivatives.layouts import LAYOUTS, arranged, rowwise
from admodes.errors import BadType, BadValue, choices

COMPOSITIONS = (
    "forward-over-reverse",
    "reverse-over-forward",
    "forward-over-forward",
    "reverse-over-reverse",
)
Argnums = int | tuple[int, ...]


def grad(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """The gradient of a scalar function, by one reverse sweep.

    grad(f)(*args) has the structure and shapes of args[argnums] (a tuple of them where argnums is
    a tuple). has_aux: f returns (result, aux), and grad(f)(*args) returns (gradient, aux). For
    complex arguments see ad.vjp. Raises TypeError where f's result is not one real number.

    >>> import admodes as ad
    >>> ad.grad(lambda x, y: x * ad.sin(y), argnums=(0, 1))(2.0, 0.0)
    (0.0, 2.0)
    """

    def gradient(*args: Any, **kwargs: Any) -> Any:
        out, found = value_and_grad(f, argnums, has_aux)(*args, **kwargs)
        return (found, out[1]) if has_aux else found

    gradient.__name__ = f"grad({_name(f)})"
    return made_by(gradient, grad, f, argnums, has_aux)  # type: ignore[no-any-return]


def value_and_grad(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """(f(*args), gradient) from one evaluation and one reverse sweep; what the sweep has passed
    is freed as it goes. has_aux: f returns (result, aux), and so the first item is that pair.

    >>> import admodes as ad
    >>> ad.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen, restricted = restrict(f, argnums, args, kwargs)
        watched = bool(Count.blocks) and to_check(chosen)
        if watched:
            chosen = checked(chosen, "grad")
        with quiet():
            run = Evaluation(restricted, chosen, has_aux, copy=False)
            out = run.result()
            _one_number(out, f, "grad")
            grads = run.gradient()
        found = grads if isinstance(argnums, tuple) else grads[0]
        result = (out, run.aux) if has_aux else out, found
        return unchecked_result(result) if watched else result

    both.__name__ = f"value_and_grad({_name(f)})"
    return made_by(both, value_and_grad, f, argnums, has_aux)  # type: ignore[no-any-return]


def _one_number(out: Any, f: Callable, who: str) -> None:
    """Refuse a result that is not one number."""
    if out.__class__ is float:
        return
    leaves, out_tree = flatten(out)
    if out_tree.kind is not None or shape_of(out) != ():
        kind = out_tree.kind and out_tree.kind.__name__
        what = f"a {kind} of {len(leaves)}" if kind else f"an array of shape {shape_of(out)}"
        raise BadType(
            f"{who} needs a function with one number as its result, but {_name(f)} returned "
            f"{what}: reduce it (.sum()) or use ad.jacobian"
        )
    if is_complex(out):
        raise BadType(
            f"{who} needs a real result, but {_name(f)} returned a complex number: take its real "
            "part, its absolute value, or use ad.vjp"
        )


def jacobian(
    f: Callable,
    argnums: Argnums = 0,
    mode: str = "auto",
    layout: str = "standard",
    has_aux: bool = False,
    block: int | None = None,
) -> Callable:
    """The Jacobian ∂f_i/∂x_j, of shape out.shape + in.shape.

    mode "forward" takes one direction per input component, "reverse" one per output component;
    blocks of directions go through one sweep together. "auto" takes the mode with fewer
    directions; where the numbers are alike, the one with fewer operations, but reverse mode for
    a few single numbers that are not being recorded (as by ad.compile);
    jacobian(f).explain(*args) says which is taken and why, what both cost, and what ad.advise says
    of all ways. Where f takes or returns tuples, lists or dicts, or argnums is a tuple, the result
    is a tree of blocks: outputs outside, inputs inside.

    layout "transposed" has shape in.shape + out.shape (D[f]_ij = ∂f_j/∂x_i), "unrolled" is the
    matrix of all output by all input components, "unrolled-transposed" its transpose. "batched",
    for f from B×… to B×… whose rows do not mix, has shape B + out row + in row; rows that mix are
    an error. has_aux: f returns (result, aux), and (Jacobian, aux) is returned. block: so many
    directions go through one sweep together at most, for less memory.

    Raises ValueError for an unknown mode or layout and for a block below 1, TypeError for complex
    values.

    >>> import admodes as ad
    >>> ad.jacobian(lambda x, y: (x * y, x + y), argnums=(0, 1))(2.0, 3.0)
    ((3.0, 2.0), (1.0, 1.0))
    """
    if mode not in MODES:
        raise BadValue(f"mode {mode!r}: {choices(mode, MODES)}")
    if layout not in LAYOUTS:
        raise BadValue(f"layout {layout!r}: {choices(layout, LAYOUTS)}")
    if block is not None and block < 1:
        raise BadValue(f"block={block}: at least one direction goes through a sweep")

    def point(args: tuple, kwargs: dict) -> tuple[FunctionOfLeaves, Any]:
        chosen, restricted = restrict(f, argnums, args, kwargs)
        inputs = chosen if isinstance(argnums, tuple) else chosen[0]
        xs, tree = flatten(inputs)
        # A number of NumPy stays one, for the truth values that f compares it to.
        xs = [x if x.__class__ is np.float64 else checked_input(x, "jacobian") for x in xs]

        def flat(*leaves: Any) -> Any:
            inputs = unflatten(tree, list(leaves))
            return restricted(*inputs) if isinstance(argnums, tuple) else restricted(inputs)

        return FunctionOfLeaves(flat, xs, has_aux, _name(f), block), tree

    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        at, tree = point(args, kwargs)
        if layout == "batched":
            out_tree, blocks, aux = rowwise(at)
        else:
            out_tree, blocks, aux = whole_jacobian(at, mode)
            blocks = [
                [arranged(b, y, x, layout) for b, x in zip(row, at.shapes, strict=True)]
                for row, y in blocks
            ]
        found = unflatten(out_tree, [unflatten(tree, row) for row in blocks])
        return (found, aux) if has_aux else found

    def explain(*args: Any, **kwargs: Any) -> str:
        own = point(args, kwargs)[0].explanation(mode)
        return explained(_without_aux(f) if has_aux else f, args, kwargs, argnums, "jacobian", own)

    jacobian_of.explain = explain  # type: ignore[attr-defined]
    jacobian_of.__name__ = f"jacobian({_name(f)})"
    made_by(jacobian_of, jacobian, f, argnums, mode, layout, has_aux, block)
    return jacobian_of


def hessian(f: Callable, argnums: Argnums = 0, mode: str = "auto") -> Callable:
    """The Hessian, of shape out.shape + in.shape + in.shape, as a Jacobian of a Jacobian.

    mode is one of the four compositions ("forward-over-reverse" …); "auto" is
    forward-over-reverse. Where it crosses a kink that counts there is an ad.KinkWarning, which says
    what it is on both sides; ad.compile(ad.hessian(f)) and derivatives of it have none (ad.strict
    finds every kink).

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    outer, inner = _composition(mode)
    found = jacobian(jacobian(f, argnums, inner), argnums, outer)

    def hessian_of(*args: Any, **kwargs: Any) -> Any:
        chosen, restricted = restrict(f, argnums, args, kwargs)
        with crossing(hessian_of.__name__, lambda xs: restricted(*xs), chosen):
            return found(*args, **kwargs)

    def explain(*args: Any, **kwargs: Any) -> str:
        asked = "is taken, as was asked for" if mode != "auto" else "is what mode='auto' takes"
        own = f"{outer}-over-{inner} {asked}"
        return explained(f, args, kwargs, argnums, "hessian", own)

    hessian_of.explain = explain  # type: ignore[attr-defined]
    hessian_of.__name__ = f"hessian({_name(f)})"
    return made_by(hessian_of, hessian, f, argnums, mode)  # type: ignore[no-any-return]


def hvp(f: Callable, x: Any, v: Any, mode: str = "forward-over-reverse") -> Any:
    """H v, the Hessian of the scalar function f at x times v, without forming H. At kinks it warns
    as ad.hessian does.

    Raises ValueError where v has not the structure and the shapes of x.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.hvp(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    outer, inner = _composition(mode)
    leaves, tree = flatten(x)
    match_shapes(leaves, flatten_like(v, tree, "hvp: v", "x"), "hvp: v", "point x")
    with crossing(f"hvp({_name(f)})", f, x):
        return _hvp(f, x, v, outer, inner)


def _hvp(f: Callable, x: Any, v: Any, outer: str, inner: str) -> Any:
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


def _without_aux(f: Callable) -> Callable:
    """f without its second result."""

    def result(*args: Any, **kwargs: Any) -> Any:
        return f(*args, **kwargs)[0]

    result.__name__ = _name(f)
    return result


def _composition(mode: str) -> tuple[str, str]:
    if mode == "auto":
        mode = COMPOSITIONS[0]
    if mode not in COMPOSITIONS:
        raise BadValue(f"mode {mode!r}: choose auto or one of {', '.join(COMPOSITIONS)}")
    outer, inner = mode.split("-over-")
    return outer, inner


def restrict(f: Callable, argnums: Argnums, args: tuple, kwargs: dict) -> tuple[tuple, Callable]:
    """The arguments that argnums names, and f as a function of them alone: f itself where these are
    all in order."""
    if argnums.__class__ is int and argnums == 0 and len(args) == 1 and not kwargs:
        return args, f  # the usual case, which is the quickest to tell
    places = positions(argnums, len(args), _name(f))
    if not kwargs and places == tuple(range(len(args))):
        return args, f

    def of_chosen(*chosen: Any) -> Any:
        full = list(args)
        for i, x in zip(places, chosen, strict=True):
            full[i] = x
        return f(*full, **kwargs)

    of_chosen.__name__ = _name(f)
    return tuple(args[i] for i in places), of_chosen


def positions(argnums: Argnums, count: int, name: str) -> tuple[int, ...]:
    """The arguments that argnums names, of a function of this name that is called with so many,
    each counted from 0.

    Raises TypeError for what is no position or tuple of positions, ValueError for one that there is
    not, or that is named twice.

    >>> positions((0, -1), 3, "f")
    (0, 2)
    """
    places = argnums if isinstance(argnums, tuple) else (argnums,)
    for i in places:
        if not isinstance(i, (int, np.integer)):
            raise BadType(f"argnums={argnums!r}: give a position or a tuple of positions")
        if not -count <= i < count:
            raise BadValue(f"argnums={argnums}, but {name} was called with {count} argument(s)")
    places = tuple(int(i) % count for i in places)
    if len(set(places)) != len(places):
        raise BadValue(f"argnums={argnums} names an argument twice")
    return places


def _name(f: Callable) -> str:
    """What a function is called. Raises TypeError for what is none, such as its value."""
    if not callable(f):
        raise BadType(
            "a derivative is that of a function, not of an object of type "
            f"{type(f).__name__}: write ad.grad(f)(x) in the place of ad.grad(f(x))"
        )
    return getattr(f, "__name__", type(f).__name__)
