"""Linear algebra at matrices with nan and infinities, and at tiny and huge ones: a derivative is a
value like any other, and nothing raises where NumPy's own function does not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import admodes as ad

NAN, INF = np.nan, np.inf
MATRICES = {
    "nan": [[NAN, 1.0], [2.0, 3.0]],
    "all nan": [[NAN, NAN], [NAN, NAN]],
    "inf": [[INF, 1.0], [1.0, 3.0]],
    "a stack": [[[NAN, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]],
}
FUNCTIONS = {
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "solve": lambda a: np.linalg.solve(a, np.ones((2, 1))),
    "slogdet": lambda a: np.linalg.slogdet(a)[1],
}
MODES = ("forward", "reverse")


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_numpy_gives_has_a_derivative(name, matrix):
    f, a = FUNCTIONS[name], np.array(MATRICES[matrix])
    with np.errstate(all="ignore"):
        try:
            f(a)
        except np.linalg.LinAlgError:
            return
        if name == "slogdet" and a.ndim == 3:
            # One matrix is singular: its derivative has no value, and the error of inv says so.
            return
        for inner, outer in itertools.product(MODES, repeat=2):
            first = ad.jacobian(f, mode=inner)(a)
            assert first.shape == np.shape(f(a)) + a.shape
            ad.jacobian(ad.jacobian(f, mode=inner), mode=outer)(a)


def test_the_gradient_of_a_determinant_at_nan_is_nan_there_alone():
    a = np.array(MATRICES["a stack"])
    found = ad.grad(lambda a: np.sum(np.linalg.det(a)))(a)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1:], [[[4, -3], [-2, 1]], [[1, -1], [-1, 1]]], rtol=1e-12)


@pytest.mark.parametrize("size", [1e-150, 1e-100, 1.0, 1e100, 1e150])
def test_eigenvalues_and_singular_values_do_not_depend_on_the_size(size):
    a = np.array([[2.0, 1.0, 0.3], [1.0, 3.0, -0.2], [0.3, -0.2, 5.0]])
    for f in (np.linalg.eigvalsh, lambda a: np.linalg.svd(a, compute_uv=False)):
        expected = ad.jacobian(f)(a)
        for mode in MODES:
            found = ad.jacobian(f, mode=mode)(a * size)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
