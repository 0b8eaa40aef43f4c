"""Squares of roots: |x|², norm², std² and their kin are smooth where the root has its kink.

The expected second derivatives are closed forms: those of what is under the root.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import admodes as ad

pytestmark = pytest.mark.filterwarnings("ignore::admodes.KinkWarning")

norm = np.linalg.norm
ZERO, EYE, ONES = np.zeros(3), np.eye(3), np.ones(3)
AT = np.array([0.3, -0.2, 0.5])
ANTI = EYE[::-1].copy()
SWAP = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def twice(r):
    return r * r


def length(x):
    return np.sqrt(np.sum(x * x))


def spectrum(x):
    return np.linalg.svd(np.reshape(x, (1, 3)), compute_uv=False)


CASES = {
    "literal 2": (lambda x: norm(x) ** 2, ZERO, 2 * EYE),
    "literal 2.0": (lambda x: norm(x) ** 2.0, ZERO, 2 * EYE),
    "NumPy's 2": (lambda x: norm(x) ** np.int64(2), ZERO, 2 * EYE),
    "array of 2": (lambda x: norm(x) ** np.array(2.0), ZERO, 2 * EYE),
    "product": (lambda x: twice(norm(x)), ZERO, 2 * EYE),
    "written twice": (lambda x: norm(x) * norm(x), ZERO, 2 * EYE),
    "np.square": (lambda x: np.square(norm(x)), ZERO, 2 * EYE),
    "np.power": (lambda x: np.power(norm(x), 2), ZERO, 2 * EYE),
    "fourth power": (lambda x: norm(x) ** 4 + norm(x) ** 2, ZERO, 2 * EYE),
    "third power": (lambda x: norm(x) ** 3, ZERO, 0 * EYE),
    "quotient": (lambda x: (norm(x) / 3) ** 2, ZERO, 2 / 9 * EYE),
    "multiple": (lambda x: (-2 * norm(x)) ** 2, ZERO, 8 * EYE),
    "half": (lambda x: 0.5 * norm(x) * norm(x), ZERO, EYE),
    "kernel of norm": (lambda x: np.exp(-(norm(x - AT) ** 2) / 2), AT, -EYE),
    "kernel of sqrt": (lambda x: np.exp(-(length(x - AT) ** 2) / 2), AT, -EYE),
    "kernel with a length": (lambda x: np.exp(-0.5 * (norm(x - AT) / 2) ** 2), AT, -EYE / 4),
    "inverse": (lambda x: 1 / (1 + norm(x) ** 2), ZERO, -2 * EYE),
    "along an axis": (lambda x: np.sum(norm(x[:, None], axis=1) ** 2), ZERO, 2 * EYE),
    "an entry": (lambda x: norm(x[None], axis=1, keepdims=True)[0, 0] ** 2, ZERO, 2 * EYE),
    "abs": (lambda x: np.sum(np.abs(x) ** 2), ZERO, 2 * EYE),
    "abs twice": (lambda x: np.sum(np.abs(x) * np.abs(x)), ZERO, 2 * EYE),
    "abs of entries": (
        lambda x: abs(x[0]) ** 2 + abs(x[1]) * abs(x[1]) + abs(x)[2] ** 2,
        ZERO,
        2 * EYE,
    ),
    "abs of a norm": (lambda x: abs(norm(x)) ** 2, ZERO, 2 * EYE),
    "dot": (lambda x: np.abs(x) @ np.abs(x), ZERO, 2 * EYE),
    "hypot": (lambda x: np.hypot(x[0], x[1]) ** 2 + x[2] ** 2, ZERO, 2 * EYE),
    "std": (lambda x: np.std(x) ** 2, ONES, 2 / 3 * (EYE - 1 / 3)),
    "complex modulus": (lambda x: np.abs(x[0] + 1j * x[1]) ** 2 + x[2] ** 2, ZERO, 2 * EYE),
    "complex norm": (lambda x: norm(x * (1 + 1j)) ** 2, ZERO, 4 * EYE),
    "Frobenius": (lambda x: norm(np.outer(x, np.ones(2)), "fro") ** 2, ZERO, 4 * EYE),
    "masked": (lambda x: np.sum(np.where(x >= 0, np.abs(x), 1.0) ** 2), ZERO, 2 * EYE),
    "stacked": (lambda x: np.sum(np.stack([abs(x[0]), abs(x[1]), x[2]]) ** 2), ZERO, 2 * EYE),
    "root of a root": (lambda x: np.sum(np.sqrt(np.abs(x)) ** 4), ZERO, 2 * EYE),
    "singular value": (lambda x: np.sum(spectrum(x) ** 2), ZERO, 2 * EYE),
    "tie": (lambda x: np.maximum(x[0], x[1]) * np.minimum(x[0], x[1]), ONES, SWAP),
    "ties": (lambda x: np.sum(np.maximum(x, x[::-1]) * np.minimum(x, x[::-1])), ONES, 2 * ANTI),
}
NESTINGS = list(itertools.product(("forward", "reverse"), repeat=2))


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_of_squares_in_every_nesting(name):
    f, x, expected = CASES[name]
    for outer, inner in NESTINGS:
        found = ad.jacobian(ad.jacobian(f, mode=inner), mode=outer)(x)
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=f"{outer} over {inner}")
    found = {
        "hvp": np.stack([ad.hvp(f, x, v) for v in EYE]),
        "sparse": ad.sparse_hessian(f)(x).toarray(),
        "samples": ad.vmap(ad.hessian(f))(np.stack([AT, x]))[1],
        "of a compiled function": ad.hessian(ad.compile(f))(x),
    }
    for way, matrix in found.items():
        np.testing.assert_allclose(matrix, expected, atol=1e-12, err_msg=way)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("name", CASES)
def test_compiled_second_derivatives_hold_at_the_kink_and_away_from_it(name, backend):
    """Recorded away from the kink, so that nothing in the program may depend on being there."""
    f, x, expected = CASES[name]
    hessian = ad.compile(ad.hessian(f), backend=backend)
    away = hessian(AT)
    np.testing.assert_allclose(hessian(x), expected, atol=1e-12)
    np.testing.assert_allclose(away, ad.hessian(f)(AT), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_values_are_numpys_and_slopes_agree_with_differences(name):
    f, x, _ = CASES[name]
    point = x + np.array([0.31, 0.12, -0.23])
    value, slope = ad.value_and_grad(f)(point)
    np.testing.assert_allclose(value, f(point), rtol=1e-15)
    steps = 1e-6 * EYE
    differences = [(f(point + h) - f(point - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(slope, differences, rtol=1e-7, atol=1e-8)
    curvature = ad.hessian(f)(point)
    differences = [(ad.grad(f)(point + h) - ad.grad(f)(point - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(curvature, differences, rtol=1e-7, atol=1e-7)


def test_pairwise_distances():
    """A kernel matrix, whose diagonal is at the kink of every distance."""
    points = np.random.default_rng(5).normal(size=(3, 2))

    def kernel(x, distances):
        return np.sum(np.exp(-((distances(x[:, None] - x[None]) / 1.3) ** 2) / 2))

    smooth = ad.hessian(
        lambda x: np.sum(np.exp(-np.sum((x[:, None] - x[None]) ** 2, -1) / 1.69 / 2))
    )(points)
    for distances in (lambda d: np.sqrt(np.sum(d * d, -1)), lambda d: norm(d, axis=-1)):
        for make in (lambda f: f, lambda f: ad.compile(f, backend="numpy")):
            found = make(ad.hessian(lambda x: kernel(x, distances)))(points)
            np.testing.assert_allclose(found, smooth, atol=1e-13)


def test_a_fit_at_its_exact_solution():
    """pymanopt's correlation cost: H v is written out."""
    x = np.array([[0.6, 0.0, 1.0], [0.8, 1.0, 0.0]])
    c, v = x.T @ x, np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
    found = ad.hvp(lambda m: 0.25 * norm(m.T @ m - c) ** 2, x, v)
    np.testing.assert_allclose(found, x @ (v.T @ x + x.T @ v), rtol=1e-14)


def test_squares_of_singular_values_of_a_singular_matrix():
    """At rank 1 the smaller value is 0; its square is an eigenvalue of a aᵀ, that of the null
    vector u: d² = 2 |uᵀ da (I - v vᵀ)|², with v the right vector of the larger one."""
    a = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]])
    t = np.array([[0.3, -1.0, 0.4], [0.7, 0.2, -0.6]])
    u, v = np.array([2.0, -1.0]) / np.sqrt(5), np.array([1.0, 2.0, 0.0]) / np.sqrt(5)
    part = (u @ t) @ (EYE - np.outer(v, v))

    def f(m):
        return np.linalg.svd(m, compute_uv=False)[1] ** 2

    for outer, inner in NESTINGS:
        found = ad.jacobian(ad.jacobian(f, mode=inner), mode=outer)(a)
        np.testing.assert_allclose(np.tensordot(np.tensordot(found, t), t), 2 * part @ part)


def test_third_and_fourth_derivatives_of_powers():
    d = ad.grad
    for f, expected in ((lambda x: abs(x) ** 2, 0.0), (lambda x: np.sqrt(x * x) ** 4, 24.0)):
        assert d(d(d(d(f))))(0.0) == pytest.approx(expected)


def test_a_square_of_what_was_changed_since_is_not_taken_from_the_root():
    def f(x):
        r = np.abs(x)
        r += 1.0
        return np.sum(r**2)

    np.testing.assert_allclose(ad.grad(f)(AT), 2 * AT + 2 * np.sign(AT))

    def g(x):
        s = x * x
        r = np.sqrt(s)
        s += 1.0
        return np.sum(r**2 + 0 * s)

    np.testing.assert_allclose(ad.grad(g)(AT), 2 * AT)
    np.testing.assert_allclose(ad.jvp(g, (AT,), (ONES,))[1], 2 * np.sum(AT))


def test_a_complex_power_of_a_modulus_is_left_alone():
    z = np.array([0.6 + 0.8j, 0.0])
    found = ad.jacobian(lambda t: np.real(np.abs(t * z) ** (1j + 2)), mode="forward")(2.0)
    t, i = 2.0, 1j
    np.testing.assert_allclose(found[0], ((2 + i) * t ** (1 + i)).real, rtol=1e-14)


def test_squares_outside_of_the_domain_stay_nan():
    for mode in ("forward", "reverse"):
        assert np.isnan(ad.jacobian(lambda x: np.sqrt(x) ** 2, mode=mode)(-1.0))


def test_a_loop_of_roots_does_not_hold_what_it_has_passed():
    def depth(x):
        count = 0
        while isinstance(x, ad.core.carrier.Carrier) and x.origin is not None:
            x, count = x.origin.args[0], count + 1
        return count

    deepest = []

    def f(x):
        for _ in range(50):
            x = np.abs(x) * 0.9
        deepest.append(depth(x))
        return x

    ad.jvp(f, (AT,), (ONES,))
    assert deepest[0] <= 8


def test_roots_that_meet_in_one_place_are_added_before_they_are_squared():
    """(|a| + |b|)² has a mixed second derivative, which a² + b² has not."""
    hessian = ad.hessian(lambda x: np.bincount([0, 0], weights=np.abs(x))[0] ** 2)
    np.testing.assert_array_equal(hessian(np.array([1.0, -2.0])), [[2.0, -2.0], [-2.0, 2.0]])
