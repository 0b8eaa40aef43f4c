"""Plain arrays that f or its caller changes after use: derivatives hold at what they were."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad

X = np.array([1.0, 2.0, 3.0])


def read_only(a):
    view = a.view()
    view.setflags(write=False)
    return view


BEHIND = {
    "array": lambda a: a,
    "read-only view": read_only,
    "view of a read-only view": lambda a: read_only(a)[:],
    "diagonal": lambda a: np.diagonal(np.lib.stride_tricks.as_strided(a, (3, 3), (0, 8))),
    "broadcast_to": lambda a: np.broadcast_to(a, (3, 3))[1],
    "sliding_window_view": lambda a: np.lib.stride_tricks.sliding_window_view(a, 3)[0],
    "memoryview": lambda a: np.frombuffer(memoryview(a).toreadonly()),
    "real part": lambda a: read_only(a).real,
}


USES = {
    "factor": lambda x, d: x * x * d,
    "divisor": lambda x, d: x * x / d,
    "exponent": lambda x, d: x**d,
    "base": lambda x, d: d**x,
    "condition": lambda x, d: np.where(d > 1.5, x * x, x),
    "mask": lambda x, d: (d > 1.5) * x * x,
    "matmul": lambda x, d: x * (x @ d),
    "outer": lambda x, d: np.outer(x, d)[0] * x,
    "einsum": lambda x, d: np.einsum("i,i,i->i", x, x, d),
    "maximum": lambda x, d: np.maximum(x * x, d),
    "clip": lambda x, d: np.clip(x, 0.0, d * 0.9) * x,
    "interp": lambda x, d: np.interp(x, [0.0, 4.0], d[:2]) * x,
    "convolve": lambda x, d: np.convolve(x * x, d)[:3],
    "solve": lambda x, d: np.linalg.solve(np.diag(d) + 0 * x, x * x),
    "arctan2": lambda x, d: np.arctan2(x * x, d),
    "hypot": lambda x, d: np.hypot(x, d),
    "polyval": lambda x, d: np.polyval(d, x),
}


def changed(use, behind):
    """A function that overwrites its buffer after use; and the same function without."""

    def f(x, overwrite=True):
        a = np.array([2.0, 1.0, 3.0])
        d = behind(a)
        y = use(x, d)
        if overwrite:
            a *= -7.0
        return np.sum(y)

    return f


def routes(f):
    yield ad.grad(f)
    yield ad.jacobian(f, mode="forward")
    yield ad.jacobian(ad.grad(f), mode="forward")
    yield ad.jacobian(ad.grad(f), mode="reverse")
    yield lambda x: ad.record(ad.grad(f), x)(x)
    yield ad.compile(ad.grad(f), backend="numpy")
    yield lambda x: ad.vmap(ad.grad(f))(x[None])[0]


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("use", USES)
def test_a_buffer_that_f_overwrites(use, behind):
    f = changed(USES[use], BEHIND[behind])
    kept = [slope(X) for slope in routes(lambda x: f(x, False))]
    for slope, wanted in zip(routes(f), kept, strict=True):
        np.testing.assert_allclose(slope(X), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("use", USES)
def test_a_buffer_that_the_caller_overwrites_before_the_pullback(use, behind):
    a = np.array([2.0, 1.0, 3.0])
    d = BEHIND[behind](a)
    wanted = ad.grad(lambda x: np.sum(USES[use](x, d)))(X)
    _, pullback = ad.vjp(lambda x: np.sum(USES[use](x, d)), X)
    v = ad.Variable(X)
    try:
        y = USES[use](v, d).sum()
    except TypeError:
        y = None
    a *= -7.0
    np.testing.assert_allclose(pullback(1.0)[0], wanted, rtol=1e-12)
    if y is not None:
        y.backward()
        np.testing.assert_allclose(v.grad, wanted, rtol=1e-12)
