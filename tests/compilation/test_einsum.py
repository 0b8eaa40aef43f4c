"""np.einsum moves axes, sums over them, or both, and takes diagonals: every back end gives what
NumPy gives, also where an order of axes is no reshape."""

import numpy as np
import pytest

import admodes as ad

MATRIX = np.array([[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0], [0.5, 0.25, 7.0]])
STACK = np.arange(24.0).reshape(2, 3, 4) / 10 - 1
SPECS = {
    **dict.fromkeys(("ij->ji", "ij->j", "ij->i", "ij->", "ii->i", "ii->"), MATRIX),
    **dict.fromkeys(("ijk->kji", "ijk->jik", "ijk->ki", "ijk->ik", "ijk->kj", "ijk->"), STACK),
}


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
@pytest.mark.parametrize("spec", SPECS)
def test_values_and_derivatives(spec, backend):
    x = SPECS[spec]
    for f in (
        lambda w: np.einsum(spec, w),
        lambda w: np.einsum(spec, np.exp(w) * w),
        lambda w: np.sum(np.einsum(spec, w) ** 2),
    ):
        for g in (f, ad.jacobian(f)):
            compiled = ad.compile(g, backend=backend)
            for z in (x, 1.5 * x, -x):
                np.testing.assert_allclose(compiled(z), g(z), rtol=1e-13, atol=1e-13)


def test_without_a_sum_a_zero_has_the_sign_that_numpy_gives():
    x, v = np.array([[0.0, -0.0, 1.0]]), np.array([-1.0, 1.0, 1.0])

    def f(x):
        return 1 / np.einsum("ij,j->ji", x, v)

    with np.errstate(divide="ignore"):
        expected = f(x)
    np.testing.assert_array_equal(ad.jvp(f, (x,), (x,))[0], expected)
    np.testing.assert_array_equal(ad.vmap(f)(x[None])[0], expected)


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
@pytest.mark.parametrize("spec", ["i,j->ij", "ij,j->ji", "ij,ij->ij"])
def test_where_a_sign_is_told_a_product_without_a_sum_stays_one(spec, backend):
    a, b = np.array([[0.0, -0.0, 1.0], [-1.0, 0.5, -0.0]]), np.array([-0.0, -1.0, 1.0])
    first, second = (a[0] if spec[1] == "," else a), (a[::-1].copy() if "ij,ij" in spec else b)

    def f(x, y):
        return np.arctan2(np.einsum(spec, x, y), -1.0)

    compiled = ad.compile(f, backend)
    compiled(first + 2, second + 2)
    np.testing.assert_allclose(compiled(first, second), f(first, second), 1e-15)
