"""Traced numbers are numbers to NumPy and Python, and traced arrays are none."""

from __future__ import annotations

import numbers

import numpy as np
import pytest

import admodes as ad

X = np.array([1.0, 2.0])
KINDS = {
    "float": lambda x: x * 1.0,
    "function": lambda x: np.sin(x),
    "entry": lambda x: (x * X)[0],
    "sum": lambda x: np.sum(x * X),
    "two numbers": lambda x: x + x * 2.0,
    "single": lambda x: (x * X).astype(np.float32)[0],
    "maximum": lambda x: np.maximum(x, 0.0),
    "array": lambda x: x * X,
    "copied": lambda x: (x * X).copy(),
    "column": lambda x: x * X[:, None],
    "one entry": lambda x: (x * X)[:1],
    "view": lambda x: (x * X)[::-1],
    "joined": lambda x: np.stack([x, x]),
    "complex": lambda x: (x * X).astype(complex)[0],
}


def told(y):
    """What is asked about a value; its class tells the engines the same in every case."""
    real = isinstance(y, numbers.Real)
    return np.isscalar(y), isinstance(y, numbers.Number), real, isinstance(y, numbers.Complex)


ROUTES = {
    "forward": lambda f: ad.jvp(f, (1.5,), (1.0,)),
    "reverse": lambda f: ad.vjp(f, 1.5),
    "nested": lambda f: ad.jvp(lambda x: ad.vjp(f, x)[0], (1.5,), (1.0,)),
    "recorded": lambda f: ad.record(f, 1.5),
    "batch": lambda f: ad.vmap(f)(np.array([1.5, 2.5])),
    "checkpoint": lambda f: ad.vjp(ad.checkpoint(f), 1.5),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_told_from_arrays_as_in_numpy(kind, route):
    make = KINDS[kind]
    wanted = told(make(1.5))

    def f(x):
        y = make(x)
        assert told(y) == wanted
        return y

    ROUTES[route](f)


def test_variables():
    for value in (2.0, X, np.float32(2.0), 3):
        v = ad.Variable(value)
        assert isinstance(v, ad.Variable)
        assert v.__class__ is ad.Variable
        for y in (v, v * 1.0, np.sin(v) + v):
            assert np.isscalar(y) == (np.ndim(value) == 0)
    assert not np.isscalar(ad.Variable(2.0) * X)
    assert np.isscalar(ad.Variable(X)[0])
    with pytest.raises(TypeError, match="cannot be subclassed"):

        class Mine(ad.Variable):
            pass


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_branch_is_that_of_the_plain_number(mode):
    def f(x):
        return 2.0 * x if np.isscalar(x) else 3.0 * np.sum(x)

    assert ad.jacobian(f, mode=mode)(1.0) == 2.0
    np.testing.assert_array_equal(ad.jacobian(f, mode=mode)(X), [3.0, 3.0])
    assert ad.compile(ad.jacobian(f, mode=mode))(1.0) == 2.0
