"""logsumexp, softmax and entropies against mpmath and closed forms, in every interpreter."""

import math

import mpmath
import numpy as np
import pytest

import admodes as ad

INF = math.inf
ROWS = np.array([[0.3, -1.2, 2.0], [0.0, 0.0, 0.0], [-700.0, 800.0, 799.0]])


def exact(xs):
    with mpmath.workdps(60):
        return float(mpmath.log(mpmath.fsum([mpmath.exp(x) for x in xs])))


@pytest.mark.parametrize(
    "xs", [*ROWS.tolist(), [0.0, -40.0], [1e-3, -80.0, 1e-3], [-1e5, -1e5], [3.0]], ids=str
)
def test_logsumexp_keeps_all_digits(xs):
    assert ad.logsumexp(np.array(xs)) == pytest.approx(exact(xs), rel=4e-16)
    assert ad.logsumexp(xs) == ad.logsumexp(np.array(xs))


@pytest.mark.parametrize(
    ("xs", "value", "gradient"),
    [
        ([-INF, 0.0], 0.0, [0.0, 1.0]),
        ([-INF, -INF], -INF, [math.nan, math.nan]),
        ([INF, 0.0], INF, [math.nan, 0.0]),
        ([math.nan, 0.0], math.nan, [math.nan, math.nan]),
    ],
)
def test_edges(xs, value, gradient):
    x = np.array(xs)
    np.testing.assert_equal(ad.logsumexp(x), value)
    np.testing.assert_equal(ad.jacobian(ad.logsumexp, mode="reverse")(x), np.array(gradient))
    np.testing.assert_equal(ad.jacobian(ad.logsumexp, mode="forward")(x), np.array(gradient))


def test_of_nothing_and_of_a_number():
    assert ad.logsumexp(np.zeros(0)) == -INF
    assert ad.logsumexp(2.5) == 2.5
    assert ad.grad(ad.logsumexp)(2.5) == 1.0


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("f", [ad.logsumexp, ad.softmax, ad.log_softmax])
def test_axes(f, axis):
    x = ROWS[:2] / 2
    e = np.exp(x)
    plain = {
        ad.logsumexp: lambda: np.log(np.sum(e, axis)),
        ad.softmax: lambda: e / np.sum(e, axis, keepdims=True),
        ad.log_softmax: lambda: x - np.log(np.sum(e, axis, keepdims=True)),
    }
    np.testing.assert_allclose(f(x, axis), plain[f](), rtol=1e-13, atol=1e-15)
    ad.check_grads(lambda x: f(x, axis), (x,))
    assert np.shape(ad.logsumexp(x, axis, keepdims=True)) == np.max(x, axis, keepdims=True).shape
    for backend in ("numpy", "llvm"):
        compiled = ad.compile(ad.jacobian(lambda x: f(x, axis)), backend=backend)
        for at in (x, x[::-1] * 1.1):
            np.testing.assert_allclose(
                compiled(at), ad.jacobian(lambda x: f(x, axis))(at), rtol=1e-12, atol=1e-15
            )


def test_samples_and_precision():
    x = np.arange(12.0).reshape(4, 3) / 5
    np.testing.assert_allclose(ad.vmap(ad.grad(ad.logsumexp))(x), ad.softmax(x, 1))
    assert ad.grad(ad.logsumexp)(np.float32([1, 2])).dtype == np.float32
    hessian = ad.hessian(ad.logsumexp)(x[0])
    s = ad.softmax(x[0])
    np.testing.assert_allclose(hessian, np.diag(s) - np.outer(s, s), atol=1e-15)


@pytest.mark.parametrize(
    ("xs", "gradient"),
    [
        ([-INF, 0.0, -INF], [0.0, 1.0, 0.0]),
        ([1.0, INF, -INF], [0.0, 1.0, 0.0]),
        ([-INF], [1.0]),
        ([-INF, -INF], [math.nan] * 2),
        ([INF, 0.0, INF], [math.nan] * 3),
        ([0.0, math.nan], [math.nan] * 2),
        ([0.0, -745.0], [1.0, math.exp(-745.0)]),
        ([1e10, 1e10 + 1], [1 / (1 + math.e), math.e / (1 + math.e)]),
    ],
)
def test_the_reduction_by_logaddexp_at_its_edges(xs, gradient):
    """As np.logaddexp's own rule has it, entry by entry."""
    x, f = np.array(xs), np.logaddexp.reduce
    for mode in ("forward", "reverse"):
        found = ad.jacobian(f, mode=mode)(x)
        np.testing.assert_allclose(found, gradient, rtol=1e-15)
    together = np.stack([x, np.arange(len(x))])
    found = ad.grad(lambda x: np.sum(f(x, axis=1)))(together)
    np.testing.assert_allclose(found[0], gradient, rtol=1e-15)
    assert np.all(np.isfinite(found[1]))
    np.testing.assert_array_equal(
        ad.grad(lambda x: f(x, axis=1)[1])(together)[0], 0.0, "nothing comes of what is not read"
    )


@pytest.mark.parametrize("base", [math.e, 2.0])
def test_the_reduction_by_logaddexp_keeps_all_digits(base):
    f = np.logaddexp.reduce if base == math.e else np.logaddexp2.reduce
    x = np.random.default_rng(3).uniform(-700.0, 700.0, (40, 6))
    x[20:] /= 100.0
    assert ad.value_and_grad(lambda x: np.sum(f(x, axis=1)))(x)[0] == np.sum(f(x, axis=1))
    found = ad.grad(lambda x: np.sum(f(x, axis=1)))(x)
    with mpmath.workdps(60):
        b = mpmath.e if base == math.e else mpmath.mpf(2)
        powers = [[b**a for a in row] for row in x.tolist()]
        shares = [[float(p / mpmath.fsum(row)) for p in row] for row in powers]
    np.testing.assert_allclose(found, shares, rtol=2e-13, atol=1e-320)
    s = np.array(shares[-1])
    hessian = (np.diag(s) - np.outer(s, s)) * math.log(base)
    np.testing.assert_allclose(ad.hessian(f)(x[-1]), hessian, atol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, -1, None, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_the_reduction_by_logaddexp_along_axes(axis, keepdims):
    def f(x):
        return np.logaddexp.reduce(x, axis=axis, keepdims=keepdims)

    x = ROWS / 500.0
    ad.check_grads(f, (x,))
    assert ad.vmap(f)(np.zeros((0, 3, 3))).shape == (0, *f(x).shape)
    for backend in ("numpy", "llvm"):
        compiled = ad.compile(ad.jacobian(f), backend=backend)
        np.testing.assert_allclose(compiled(x), ad.jacobian(f)(x), rtol=1e-13)


@pytest.mark.parametrize(
    ("f", "at", "value", "slopes"),
    [
        (ad.entr, (0.0,), 0.0, (INF,)),
        (ad.entr, (-1.0,), -INF, (math.nan,)),
        (ad.xlog1py, (0.0, -1.0), 0.0, None),
        (ad.xlog1py, (2.0, 1e-20), 2e-20, (1e-20, 2.0)),
    ],
)
def test_entropies_at_their_edges(f, at, value, slopes):
    assert f(*at) == pytest.approx(value, rel=1e-15, abs=0)
    assert f(*map(np.array, ([a] for a in at)))[0] == pytest.approx(value, rel=1e-15, abs=0)
    if slopes is not None:
        found = ad.grad(f, tuple(range(len(at))))(*at)
        np.testing.assert_allclose(found, slopes, rtol=1e-15)
