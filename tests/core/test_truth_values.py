"""Truth values and whole numbers in arithmetic, for every operation and every interpreter."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

X = np.array([0.7, 1.3, 2.1, 0.4])
ELEMENTWISE = list({id(op): op for op in REGISTRY.values() if op.elementwise}.values())
LOGICAL = [op for op in ELEMENTWISE if op.truths is not None]
NUMBERS = [op for op in ELEMENTWISE if op.truths is None]
NARROW = (np.bool_, np.uint8, np.int8, np.int16)
WAYS = {
    "eager": lambda f: f,
    "numpy": lambda f: ad.compile(f, backend="numpy"),
    "llvm": lambda f: ad.compile(f, backend="llvm"),
}


def routes(f, x):
    """The value and the Jacobian of f by every interpreter."""
    yield "forward", ad.jvp(f, (x,), (np.ones_like(x),))[0], ad.jacobian(f, mode="forward")(x)
    yield "reverse", ad.vjp(f, x)[0], ad.jacobian(f, mode="reverse")(x)
    for backend in ("numpy", "llvm"):
        for mode in ("forward", "reverse"):
            value, slope = (ad.compile(g, backend=backend) for g in (f, ad.jacobian(f, mode=mode)))
            for _ in range(2):
                yield f"{backend} {mode}", value(x), slope(x)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def mask_of(x, count):
    return [x > 1.0, x < 2.0, x > 0.5][:count]


@pytest.mark.parametrize("op", NUMBERS, ids=lambda op: op.name)
def test_a_function_of_masks_is_the_function_of_zeros_and_ones(op):
    masks = mask_of(X, op.arity)
    wanted = op(*(m.astype(float) for m in masks))

    def f(x):
        return x * op(*mask_of(x, op.arity))

    assert op(*masks).dtype == np.float64
    np.testing.assert_allclose(op(*masks), wanted, rtol=1e-12)
    finite = np.isfinite(wanted)
    for way in WAYS.values():
        found = way(f)(X)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, X * wanted, rtol=1e-12)
    samples = ad.vmap(lambda x: op(*mask_of(x, op.arity)))(X)
    np.testing.assert_allclose(samples, wanted, rtol=1e-12)
    close(ad.grad(lambda x: np.sum(np.where(finite, f(x), 0.0)))(X), np.where(finite, wanted, 0))


@pytest.mark.parametrize("op", LOGICAL, ids=lambda op: op.name)
def test_operations_that_are_logic_on_truth_values_are_so_everywhere(op):
    masks = mask_of(X, op.arity)

    def f(x):
        return op(*mask_of(x, op.arity))

    try:
        wanted = op.array(*masks)
    except TypeError:
        for run in (ad.vmap(f), f, lambda x: ad.compile(lambda x: x * f(x))(x)):
            with pytest.raises(TypeError, match=r"write a \^ b|write ~a"):
                run(X)
        return
    assert wanted.dtype == bool
    for found in (op(*masks), ad.vmap(f)(X)):
        assert found.dtype == bool
        np.testing.assert_array_equal(found, wanted)
    for _, value, slope in routes(lambda x: x * op(*mask_of(x, op.arity)), X):
        close(value, X * wanted)
        close(slope, np.diag(1.0 * wanted))


@pytest.mark.parametrize("symbol", ["add", "sub", "mul", "truediv"])
@pytest.mark.parametrize("x", [-3.0, 0.5, 3.0])
def test_truth_values_of_python_floats_count_as_pythons(symbol, x):
    sign = getattr(operator, symbol)

    def f(x):
        return x * sign(x > 0, x < 4)

    wanted = f(x)
    assert type(ad.jvp(lambda x: (x, (x > 0) + 0), (x,), (1.0,))[0][1]) in (int, float)
    for _, value, slope in routes(f, x):
        close(value, wanted)
        close(slope, wanted / x)
    assert ad.Variable(x) * 1.0 is not None
    close((f(ad.Variable(x))).value, wanted)


def test_tests_give_the_truth_values_that_the_inputs_have():
    seen = []

    def f(x):
        first = x if np.ndim(x) == 0 else x[0]
        seen.append(first > 0)
        return first * first

    runs = [ad.grad(f), ad.grad(ad.grad(f)), lambda x: ad.jvp(f, (x,), (x,)), ad.hessian(f)]
    runs += [ad.jacobian(f, mode=mode) for mode in ("forward", "reverse", "auto")]
    for run in (*runs, ad.checkpoint(f), ad.grad(ad.checkpoint(f))):
        for x, kind in ((2.0, bool), (np.float64(2.0), np.bool_)):
            run(x)
            assert type(seen[-1]) is kind
    for x in (X, X.astype(np.float32)):
        ad.grad(f)(x), ad.jvp(f, (x,), (x,))
        assert {type(s) for s in seen[-2:]} == {np.bool_}
    # NumPy's numbers have truth values of which ~ is the opposite.
    for run in (ad.grad, lambda f: ad.compile(ad.grad(f))):
        slope = run(lambda x: np.where(~(x[0] > 1.0), 3.0, 1.0) * x[1])(X)
        close(slope, [0.0, 3.0, 0.0, 0.0])


@pytest.mark.parametrize("kind", NARROW, ids=lambda k: k.__name__)
@pytest.mark.parametrize("name", ["multiply", "add", "subtract", "divide", "maximum", "power"])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("first", [True, False])
def test_narrow_arrays_beside_floats_keep_numpys_precision(kind, name, precision, first):
    op, x = REGISTRY[name], X.astype(precision)
    narrow = np.array([2, 0, 1, 3] if name == "power" else [100, 0, 1, 120]).astype(kind)

    def f(x, other=narrow):
        return op(x, other) if first else op(other, x)

    ufunc = getattr(np, name)
    with np.errstate(all="ignore"):
        wanted = ufunc(x, narrow) if first else ufunc(narrow, x)
    out, tangent = ad.jvp(f, (x,), (np.ones_like(x),))
    value, pullback = ad.vjp(f, x)
    (slope,) = pullback(np.ones_like(value))
    assert f(x).dtype == out.dtype == value.dtype == tangent.dtype == wanted.dtype
    assert slope.dtype == precision
    np.testing.assert_allclose(value, wanted, rtol=1e-6)
    exact = ad.jvp(lambda x: f(x, narrow.astype(float)), (X,), (np.ones(4),))[1]
    for found in (tangent, slope):
        np.testing.assert_allclose(found, exact, rtol=1e-5)
    close(ad.sparse_jacobian(f)(X).toarray(), np.diag(exact))


@pytest.mark.parametrize("f", [np.sum, np.mean, np.cumsum, np.prod, np.std, np.max, np.any, np.all])
def test_reductions_of_masks_are_numpys(f):
    def g(x):
        return x * f(x > 1.0)

    for _, value, slope in routes(g, X):
        close(value, g(X))
        close(slope, np.diag(np.broadcast_to(f(X > 1.0), 4) * 1.0))


@pytest.mark.parametrize("way", [*WAYS, "vmap"])
def test_an_entry_of_a_mask_that_python_has_counts(way):
    """.item() and .tolist() give Python's truth values, of which + is no or."""

    def f(x):
        mask = x > 0.5
        listed = mask.tolist()
        return x * (mask.item(0) + mask.item(1) + mask[2:3].item() + listed[0] * listed[2])

    run = (lambda g: lambda x: ad.vmap(g)(x[None])[0]) if way == "vmap" else WAYS[way]
    close(run(f)(X), 4 * X)
    close(run(ad.grad(lambda x: np.sum(f(x))))(X), np.full(4, 4.0))
