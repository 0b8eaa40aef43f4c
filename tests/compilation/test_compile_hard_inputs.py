"""Hard arguments of a compiled function: precisions, strides, sizes, values at the edges."""

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import compile

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

X = np.array([0.3, 0.5, 0.8])


CONSTANTS = {
    "division": lambda x: np.stack([x / 0.0, x / -0.0]),
    "angles": lambda x: np.stack([np.arctan2(x * 0.0, -0.0), np.arctan2(x * 0.0, 0.0)]),
    "nan": lambda x: np.stack([x + np.float64("nan"), x * np.float64("nan"), x * np.inf]),
}


@pytest.mark.parametrize("f", CONSTANTS.values(), ids=list(CONSTANTS))
def test_signed_zeros_and_nan_are_constants_of_their_own(backend, f):
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(compile(f, backend)(X), f(X))


def _arguments():
    a = np.random.default_rng(0).normal(size=(8, 8))
    fixed = a[0, :4].copy()
    fixed.flags.writeable = False
    unaligned = np.frombuffer(b"\0" + a[0, :4].tobytes(), np.uint8)[1:].view(float)
    odd = np.array([np.inf, -np.inf, np.nan, -0.0])
    return {
        "reversed": a[0, 3::-1],
        "strided": a[0, ::2],
        "a column": a[:4, 1],
        "read-only": fixed,
        "unaligned": unaligned,
        "broadcast": np.broadcast_to(a[0, 0], (4,)),
        "big-endian": a[0, :4].astype(">f8"),
        "single": a[0, :4].astype(np.float32),
        "half": a[0, :4].astype(np.float16),
        "long": a[0, :4].astype(np.longdouble),
        "one": a[0, :1],
        "none": a[0, :0],
        "huge": a[0, :4] * 1e300,
        "odd": odd,
    }


FUNCTIONS = {
    "loop": lambda x: _until(x, 3.0),
    "kinks": lambda x: (np.abs(x) + np.maximum(x, 0.0) + np.where(x > 0, x, 2 * x)).sum(),
    "mask": lambda x: (x[x > 0] ** 2).sum(),
    "moves": lambda x: (np.concatenate([x[::-1], x[:1]]) * np.pad(x, (1, 0))).sum(),
    "log": lambda x: np.log1p(np.exp(-(x * x))).sum(),
}
MODES = {
    "f": lambda f: f,
    "grad": ad.grad,
    "value_and_grad": ad.value_and_grad,
    "forward": lambda f: ad.jacobian(f, mode="forward"),
    "hessian": ad.hessian,
    "products": lambda f: lambda x: ad.hvp(f, x, np.ones(x.shape)),
}


def _until(x, bound):
    total, n = 0.0, 0
    while total < bound and n < 6:
        total, n = total + (x * x).sum() * 0.5 + 0.1, n + 1
    return total


def close(y, z, eps):
    """Alike within rounding, that of the largest entry."""
    y, z = np.asarray(y, np.longdouble), np.asarray(z, np.longdouble)
    small = eps * np.max(np.abs(z)[np.isfinite(z)], initial=0)
    np.testing.assert_allclose(y, z, rtol=eps, atol=small)


@pytest.mark.parametrize("name", list(_arguments()))
@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_arguments_of_all_kinds(f, name):
    x = _arguments()[name]
    before = x.copy()
    eps = np.finfo(x.dtype).eps
    for of in MODES.values():
        g = of(f)
        with np.errstate(all="ignore"):
            expected, found = g(x), compile(g, "numpy")(x)
        if not isinstance(expected, tuple):
            expected, found = (expected,), (found,)
        for y, z in zip(found, expected, strict=True):
            close(y, z, 100 * eps)
            assert not np.shares_memory(y, x)
    np.testing.assert_array_equal(x, before)


def test_views_of_one_array_as_two_arguments(backend):
    a = np.arange(1.0, 8.0)

    def f(x, y):
        z = x * y
        return z[::-1] - x, z + y

    compiled = compile(f, backend)
    for x, y in ((a[:4], a[:4]), (a[:4], a[3:]), (a[::2], a[3::-1]), (a[:4], a[1:5])):
        for got, expected in zip(compiled(x, y), f(x, y), strict=True):
            np.testing.assert_array_equal(got, expected)
            assert not np.shares_memory(got, a)
    np.testing.assert_array_equal(a, np.arange(1.0, 8.0))
    assert len(compiled.specialisations) == 1
