"""Complex values: decompositions, extremes and holomorphic functions, also where numbers are tiny
or huge. Matrices are made of a real vector and taken apart into real numbers, so that differences
of plain NumPy are the reference."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest

import admodes as ad

MODES = ("forward", "reverse")


def parts(*arrays):
    """Complex arrays as one real vector."""
    return np.concatenate([g(np.ravel(a)) for a in arrays for g in (np.real, np.imag)])


def matrix(x, shape):
    half = math.prod(shape)
    return np.reshape(x[:half], shape) + 1j * np.reshape(x[half:], shape)


def hermitian(x, n=3):
    a = matrix(x, (n, n))
    return a + np.conj(a).T


def positive(x):
    a = matrix(x, (3, 3))
    return a @ np.conj(a).T + 3.0 * np.eye(3)


def square(x):
    return matrix(x, (3, 3))


def tall(x):
    return matrix(x, (4, 2))


def wide(x):
    return matrix(x, (2, 4))


def stacked(x):
    return matrix(x, (2, 3, 2))


def thin(a):
    return np.linalg.svd(a, full_matrices=False)


FUNCTIONS = {
    "eigh": (hermitian, lambda a: np.linalg.eigh(a)),
    "eigh, upper triangle": (hermitian, lambda a: np.linalg.eigh(a, "U")),
    "eigh of one triangle": (square, lambda a: np.linalg.eigh(a)),
    "eigvalsh": (hermitian, lambda a: (np.linalg.eigvalsh(a),)),
    "svd, square": (square, thin),
    "svd, tall": (tall, thin),
    "svd, wide": (wide, thin),
    "svd, stacked": (stacked, thin),
    "singular values": (wide, lambda a: (np.linalg.svd(a, compute_uv=False),)),
    "qr": (tall, lambda a: np.linalg.qr(a)),
    "qr, wide": (wide, lambda a: np.linalg.qr(a)),
    "cholesky": (positive, lambda a: (np.linalg.cholesky(a),)),
    "pinv": (tall, lambda a: (np.linalg.pinv(a),)),
    "norm 2": (tall, lambda a: (np.linalg.norm(a, 2),)),
    "nuclear norm": (wide, lambda a: (np.linalg.norm(a, "nuc"),)),
    "norm of rows": (tall, lambda a: (np.linalg.norm(a, axis=1),)),
    "cond": (square, lambda a: (np.linalg.cond(a),)),
    "max": (square, lambda a: (np.max(a, axis=0),)),
    "min": (square, lambda a: (np.min(a),)),
    "maximum": (square, lambda a: (np.maximum(a, a.T), np.minimum(a, 0.3))),
    "angle, modulus": (square, lambda a: (np.angle(a), np.abs(a))),
}


def sizes(make):
    return 16 if make in (tall, wide) else 24 if make is stacked else 18


def case(name):
    make, f = FUNCTIONS[name]
    x = np.random.default_rng(sum(map(ord, name))).normal(size=sizes(make))
    return (lambda x: parts(*f(make(x)))), x


def differences(f, x, h=1e-3):
    """Central differences of order 6."""
    weights = {1: 45.0, 2: -9.0, 3: 1.0}
    columns = []
    for e in np.eye(x.size):
        total = sum(w * (f(x + k * h * e) - f(x - k * h * e)) for k, w in weights.items())
        columns.append(total / (60.0 * h))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobians_of_complex_functions(name):
    f, x = case(name)
    expected = differences(f, x)
    for mode in MODES:
        found = ad.jacobian(f, mode=mode)(x)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, err_msg=mode)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives_of_complex_functions(name):
    f, x = case(name)
    v = np.random.default_rng(5).normal(size=x.size)

    def slope(x, mode="forward"):
        return ad.jacobian(f, mode=mode)(x) @ v

    h = 1e-4
    expected = (slope(x + h * v) - slope(x - h * v)) / (2 * h)
    for inner, outer in itertools.product(MODES, repeat=2):

        def along(x, inner=inner):
            w = np.arange(1.0, 1.0 + f(ad.value(x)).size)
            if inner == "forward":
                return ad.jvp(f, (x,), (v,))[1] @ w
            return ad.vjp(f, x)[1](w)[0] @ v

        w = np.arange(1.0, 1.0 + expected.size)
        if outer == "forward":
            found = ad.jvp(along, (x,), (v,))[1]
        else:
            found = ad.grad(along)(x) @ v
        scale = np.abs(expected) @ w
        assert abs(found - expected @ w) <= 1e-5 * scale, (inner, outer)


HOLOMORPHIC = {
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
    "reciprocal": lambda z: 1 / z,
    "square": np.square,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "tanh": np.tanh,
}
SLOPES = {
    "sqrt": lambda z: 1 / (2 * mpmath.sqrt(z)),
    "log": lambda z: 1 / z,
    "exp": mpmath.exp,
    "reciprocal": lambda z: -1 / z**2,
    "square": lambda z: 2 * z,
    "asin": lambda z: 1 / (mpmath.sqrt(1 - z) * mpmath.sqrt(1 + z)),
    "acos": lambda z: -1 / (mpmath.sqrt(1 - z) * mpmath.sqrt(1 + z)),
    "atan": lambda z: 1 / (1 + z**2),
    "asinh": lambda z: 1 / (mpmath.sqrt(1 - 1j * z) * mpmath.sqrt(1 + 1j * z)),
    "acosh": lambda z: 1 / (mpmath.sqrt(z - 1) * mpmath.sqrt(z + 1)),
    "atanh": lambda z: 1 / (1 - z**2),
    "tanh": lambda z: mpmath.sech(z) ** 2,
}
SIZES = (1e-300, 1e-200, 1e-20, 1.0, 30.0, 800.0, 1e10, 1e200, 1e300)
TURNS = (0.6 + 0.8j, 0.8 - 0.6j, -0.28 + 0.96j)


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_holomorphic_functions_of_tiny_and_huge_numbers(name):
    """The derivative is that of mpmath wherever it is a double (1e-15 of its size, or of 1)."""
    f, slope = HOLOMORPHIC[name], SLOPES[name]
    for size, turn in itertools.product(SIZES, TURNS):
        z = np.complex128(size * turn)
        if name == "exp" and abs(z.real) > 700:
            continue
        with mpmath.workdps(700):
            e = slope(mpmath.mpc(z.real, z.imag))
            expected = complex(e)
        if not np.isfinite(expected) or max(abs(e.real), abs(e.imag)) > 1e307:
            continue
        found = ad.jvp(f, (z,), (np.complex128(1.0),))[1]
        back = np.conj(ad.vjp(f, z)[1](np.complex128(1.0))[0])
        limit = 2e-14 * (max(abs(expected), 1e-290))
        assert abs(found - expected) <= limit, (z, found, expected)
        assert abs(back - expected) <= limit, (z, back, expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1e-323, 1e-310, 1e-300, 1e-200, 1e-20, 1.0, 1e20, 1e200, 1e307])
def test_angles_and_moduli_of_tiny_and_huge_numbers(size, mode):
    x = np.array([3.0, 4.0]) * size

    def slope(f):
        return ad.jacobian(lambda x: f(x[0] + 1j * x[1]), mode=mode)(x)

    np.testing.assert_allclose(slope(np.abs), [0.6, 0.8], rtol=0.1 if size < 1e-307 else 1e-14)
    if size > 1e-307:
        turn = np.array([-0.8, 0.6]) / 5.0 / size
        np.testing.assert_allclose(slope(np.angle), turn, rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_moduli_and_angles_of_infinite_numbers(mode):
    inf = math.inf
    for z, modulus in (((inf, 0.0), 1.0), ((-inf, 2.0), -1.0), ((1.0, inf), 0.0)):
        size = ad.jacobian(lambda x, z=z: np.abs(x + complex(0.0, z[1])), mode=mode)(z[0])
        turn = ad.jacobian(lambda x, z=z: np.angle(x + complex(0.0, z[1])), mode=mode)(z[0])
        assert (size, turn) == (modulus, 0.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_singular_vectors_of_tiny_and_huge_matrices(size, mode):
    a = np.array([[1.0, 2.0], [-0.5, 0.3], [0.7, -1.1]])

    def f(x):
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return u @ vh

    plain = ad.jacobian(f, mode=mode)(a)
    np.testing.assert_allclose(ad.jacobian(f, mode=mode)(a * size) * size, plain, rtol=1e-10)
