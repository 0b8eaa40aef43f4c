"""A nan among the entries is their largest and their smallest, and takes the derivative, in every
interpreter: closed forms at points with one nan, two and none."""

from importlib.util import find_spec

import numpy as np
import pytest

import admodes as ad

NAN = np.nan
BACKENDS = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]
POINTS = [
    (np.array([NAN, 1.0, 2.0, 3.0]), np.array([1.0, 0.0, 0.0, 0.0])),
    (np.array([1.0, NAN, NAN, 2.0]), np.array([0.0, 0.5, 0.5, 0.0])),
    (np.array([1.0, 2.0, 3.0, NAN]), np.array([0.0, 0.0, 0.0, 1.0])),
]
EXTREMES = {
    "max": (np.max, 1.0),
    "min": (np.min, 1.0),
    "three times max": (lambda x: 3 * np.max(x), 3.0),
    "max of a matrix": (lambda x: np.max(x.reshape(2, 2)), 1.0),
    "max along an axis": (lambda x: np.sum(np.max(np.stack([x, x]), axis=1)), 2.0),
    "min that is kept": (lambda x: np.sum(np.min(x, keepdims=True)), 1.0),
    "range": (np.ptp, 0.0),
    "the norm of the largest": (lambda x: np.linalg.norm(x, np.inf), NAN),
    "square": (lambda x: np.max(x) ** 2, NAN),
}


def routes(f, mode):
    slope = ad.jacobian(f, mode=mode)
    yield "eager", slope
    for backend in BACKENDS:
        compiled = ad.compile(slope, backend=backend)
        compiled(np.array([4.0, 1.0, 2.0, 3.0]))
        yield backend, compiled
    yield "vmap", lambda x: ad.vmap(slope)(np.stack([np.ones(4), x]))[1]
    yield "program", lambda x: ad.jacobian(ad.record(f, np.arange(4.0)), mode=mode)(x)
    yield "program of the slope", lambda x: ad.record(slope, x)(x)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", EXTREMES)
def test_a_nan_takes_the_derivative(name, mode):
    f, factor = EXTREMES[name]
    for route, slope in routes(f, mode):
        for x, shares in POINTS:
            wanted = np.where(shares > 0, factor * shares, 0.0)
            np.testing.assert_array_equal(slope(x), wanted, err_msg=f"{route} at {x}")


@pytest.mark.parametrize(
    "modes", [(a, b) for a in ("forward", "reverse") for b in ("forward", "reverse")]
)
def test_second_derivatives_too(modes):
    hessian = ad.jacobian(ad.jacobian(lambda x: np.max(x) ** 2, mode=modes[0]), mode=modes[1])
    for x, shares in POINTS:
        wanted = 2 * np.outer(shares, shares)
        np.testing.assert_array_equal(hessian(x), wanted)
        for backend in BACKENDS[1:]:
            np.testing.assert_array_equal(ad.compile(hessian, backend=backend)(x), wanted)
