"""ad.strict: the first kink, the first number that is not finite, and lost derivatives raise, with
operation, values and line; generated over every operation that declares a kink."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

HERE = __file__
pytestmark = pytest.mark.filterwarnings("ignore::admodes.KinkWarning")
KINKED = sorted({op for op in REGISTRY.values() if op.kinked}, key=lambda op: op.name)
SCALARS = [op for op in KINKED if op.elementwise]
EQUAL = np.array([2.0, 1.0, 2.0])
CANDIDATES = (0.0, 1.0, -1.0, 0.5, 1.5, 2.0)
ARRAYS = {
    "amax": (lambda x: np.max(x), EQUAL),
    "amin": (lambda x: np.min(x), -EQUAL),
    "sort": (lambda x: np.sort(x)[0], EQUAL),
    "argrank": (lambda x: np.median(x), np.array([1.0, 2.0, 2.0])),
    "eigh": (lambda x: np.sum(np.linalg.eigvalsh(x)), np.eye(2)),
    "singular_values": (lambda x: np.linalg.norm(x, "nuc"), np.diag([1.0, 0.0])),
    "modulus": (lambda x: np.sum(np.abs(x * (1 + 1j))), np.array([1.0, 0.0])),
    "arg": (lambda x: np.sum(np.angle(x * (1 + 1j))), np.array([1.0, 0.0])),
    "searchsorted": (
        lambda x: np.sum(np.interp(x, np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0]))),
        np.array([0.5, 1.0]),
    ),
}


def kink_of(op):
    """Numbers at which an operation declares a kink."""
    points = itertools.product(CANDIDATES, repeat=op.arity)
    return next(p for p in points if op.domain.kink(*p))


def caught(run):
    with ad.strict(), pytest.raises(ad.StrictError) as error:
        run()
    return error.value


@pytest.mark.parametrize("op", SCALARS, ids=lambda op: op.name)
def test_every_kink_of_numbers_raises_in_every_way(op):
    first, *rest = kink_of(op)

    def f(x):
        return op(x, *rest) + 1.0

    def on_arrays(x):
        return np.sum(op(x, *rest) + 1.0)

    array = np.array([first, first])
    modes = ("forward", "reverse")
    ways = [
        lambda: ad.jvp(f, (first,), (1.0,)),
        lambda: ad.vjp(f, first),
        lambda: ad.compile(ad.grad(f))(first),
        lambda: ad.hvp(f, first, 1.0),
        lambda: ad.vmap(ad.grad(f))(array),
        lambda: ad.jacobian(on_arrays)(array),
        lambda: ad.sparse_jacobian(on_arrays)(array),
        *(() if op.passive else (lambda: f(ad.Variable(first)),)),
        *(
            lambda outer=outer, inner=inner: ad.jacobian(ad.jacobian(f, mode=inner), mode=outer)(
                first
            )
            for outer, inner in itertools.product(modes, repeat=2)
        ),
    ]
    for k, way in enumerate(ways):
        error = caught(way)
        assert error.operation == op.name, k
        assert error.values == (first, *rest), k
        assert error.filename == HERE, k
        assert op.domain.kink(first, *rest) in str(error)
        way()
    program = ad.record(f, first)
    if not op.passive:
        assert caught(lambda: ad.grad(program)(first)).operation == op.name


@pytest.mark.parametrize("op", [op for op in KINKED if not op.elementwise], ids=lambda op: op.name)
def test_every_kink_of_arrays_raises(op):
    f, x = ARRAYS[op.name]
    for way in (
        lambda: ad.grad(f)(x),
        lambda: ad.jvp(f, (x,), (x,)),
        lambda: ad.vmap(ad.grad(f))(x[None]),
        lambda: ad.compile(ad.grad(f))(x),
        lambda: ad.jacobian(ad.jacobian(f, mode="forward"), mode="forward")(x),
    ):
        error = caught(way)
        assert error.operation == op.name
        assert error.filename == HERE
        assert error.entry != ()


def test_the_entry_the_values_and_the_line():
    def f(x):
        y = x * 2.0
        z = np.maximum(y, 3.0)
        return np.sum(z)

    error = caught(lambda: ad.grad(f)(np.array([[1.0, 2.0], [1.5, 1.5]])))
    assert (error.operation, error.values, error.entry) == ("maximum", (3.0, 3.0), (1, 0))
    assert error.lineno == f.__code__.co_firstlineno + 2
    assert f"line {error.lineno}" in str(error)
    assert HERE in str(error)


ZERO = np.zeros(2)
SMOOTH = {
    "norm²": (lambda x: np.linalg.norm(x) ** 2, ZERO),
    "kernel": (lambda x: np.exp(-((np.linalg.norm(x) / 2) ** 2)), ZERO),
    "|x|²": (lambda x: np.sum(np.abs(x) ** 2), ZERO),
    "std²": (lambda x: np.std(x) ** 2, np.ones(2)),
    "max·min": (lambda x: np.maximum(x[0], x[1]) * np.minimum(x[0], x[1]), np.ones(2)),
    "masked root": (lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)), np.array([0.0, 1.0])),
    "the rest of a root": (lambda x: np.sqrt(x)[1], np.array([0.0, 1.0])),
    "singular values": (
        lambda x: np.sum(np.linalg.svd(np.outer(x, x), compute_uv=False) ** 2),
        ZERO,
    ),
    "steps apart": (lambda x: np.sum(x if x[0] > 0 else x * x), ZERO),
    "largest position": (lambda x: x[np.argmax(x)] ** 2, np.array([1.0, 3.0])),
    "samples": (
        lambda x: np.sum(ad.vmap(lambda r: np.linalg.norm(r) ** 2)(np.outer(x, x))),
        ZERO,
    ),
    "masked root of samples": (
        lambda x: np.sum(ad.vmap(lambda r: np.where(r > 0, np.sqrt(r), 0.0))(np.outer(x, x))),
        np.array([0.0, 1.0]),
    ),
    "samples away from kinks": (
        lambda x: np.sum(ad.vmap(lambda r: np.abs(r) + ad.relu(r) + np.max(r))(np.outer(x, x))),
        np.array([1.0, 3.0]),
    ),
    "whole power": (lambda x: np.sum(x**3.0), ZERO),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_what_is_smooth_passes_with_the_same_derivatives(name):
    f, x = SMOOTH[name]
    for mode in ("forward", "reverse"):
        expected = ad.jacobian(f, mode=mode)(x), ad.hessian(f, mode=f"{mode}-over-reverse")(x)
        with ad.strict():
            found = ad.jacobian(f, mode=mode)(x), ad.hessian(f, mode=f"{mode}-over-reverse")(x)
        for got, want in zip(found, expected, strict=True):
            np.testing.assert_array_equal(got, want)


def test_numbers_that_come_to_be_infinite_or_nan():
    cases = {
        "exp": (lambda x: 1 / (1 + np.exp(x)), 800.0),
        "ln": (lambda x: np.log(x), -1.0),
        "divide": (lambda x: x / (x - 1.0), 1.0),
        "multiply": (lambda x: x * 1e308, 100.0),
    }
    for operation, (f, x) in cases.items():
        for derive in (ad.grad(f), ad.jacobian(f, mode="forward"), ad.hessian(f)):
            error = caught(lambda: derive(x))
            assert error.operation == operation
            assert error.lineno == f.__code__.co_firstlineno
    error = caught(lambda: ad.grad(lambda x: 1.0 / x * x)(1e-160))
    assert error.operation == "divide"
    assert "derivative of divide" in str(error)
    assert error.lineno is not None


def test_what_was_not_finite_before_is_not_reported():
    with ad.strict():
        assert np.isnan(ad.grad(lambda x: x * x)(np.nan))
        assert ad.grad(lambda x: x * 2.0)(np.inf) == 2.0


def test_functions_without_arguments_and_constant_results():
    with ad.strict():
        assert ad.vjp(lambda: 2.0)[0] == 2.0
        assert ad.grad(lambda x: 3.0)(1.0) == 0.0
        assert ad.jvp(lambda x: (x, 1.0), (2.0,), (1.0,)) == ((2.0, 1.0), (1.0, 0.0))


def test_a_derivative_that_is_lost():
    error = caught(lambda: ad.grad(lambda x: x * ad.value(x))(2.0))
    assert error.values == (2.0,)
    assert "ad.value" in str(error)


def test_the_setting_ends_with_its_block_and_belongs_to_its_thread():
    seen = []
    with ad.strict():
        with ad.strict():
            pass
        thread = threading.Thread(target=lambda: seen.append(ad.grad(ad.abs)(0.0)))
        thread.start()
        thread.join()
        with pytest.raises(ad.StrictError):
            ad.grad(ad.abs)(0.0)
    assert seen == [0.0]
    assert ad.grad(ad.abs)(0.0) == 0.0

    @ad.strict()
    def decorated():
        return ad.grad(ad.abs)(0.0)

    with pytest.raises(ad.StrictError):
        decorated()
    assert ad.grad(ad.abs)(0.0) == 0.0


def test_ordinary_derivatives_are_unchanged_inside():
    rng = np.random.default_rng(4)
    a, x = rng.normal(size=(3, 3)), rng.normal(size=3)

    def f(x, k=1):
        u = np.tanh(a @ x) + x[k] ** 2
        w = {"u": u, "v": np.linalg.solve(a @ a.T + np.eye(3), u)}
        return np.sum(w["u"] * w["v"]) + np.linalg.norm(x)

    def derivatives():
        sparse = ad.sparse_hessian(f)(x).toarray()
        return ad.grad(f)(x, 2), ad.hessian(f)(x), ad.hvp(f, x, x), sparse

    expected = derivatives()
    with ad.strict():
        found = derivatives()
        value, aux = ad.value_and_grad(lambda x: (f(x), {"n": x * 2}), has_aux=True)(x)
        out, pullback = ad.vjp(f, x)
        compiled = ad.compile(ad.grad(f))(x, 2)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(compiled, expected[0], rtol=1e-14)
    assert type(out) is float
    assert value[0] == out
    np.testing.assert_array_equal(value[1]["n"], 2 * x)
    np.testing.assert_allclose(pullback(1.0)[0], aux)
