"""Largest entries that only keep exponentials in range have the derivative 0, which compiled code
does not calculate; those on which a result depends are differentiated."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from programs_run import recorded

import admodes as ad
from admodes.optimisation import local
from admodes.optimisation.passes.shifts import shifts

RNG = np.random.default_rng(3)
X = RNG.normal(size=(6, 5))
W = RNG.normal(size=(6, 5))


def softmax(x, axis=1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_sum_exp(x):
    top = np.max(x, axis=1)
    return top + np.log(np.sum(np.exp(x - top[:, None]), axis=1))


def entropy(x):
    m = np.max(x)
    e = np.exp((x - m) / 2.0)
    z = np.sum(e)
    return np.log(z) - np.sum(e * ((x - m) / 2.0)) / z


def in_turned_order(x):
    top = np.max(x.T, axis=0)
    e = np.exp(x - np.reshape(top, (6, 1))).T
    return np.sum(W.T * e / np.sqrt(np.sum(e * e, axis=0)[None, :]))


def shared(f):
    return local(recorded(f, X), ("common subexpressions",))


SHIFTS = {
    "softmax": lambda x: np.sum(W * softmax(x)),
    "softmax along the first axis": lambda x: np.sum(W * softmax(x, 0)),
    "log-sum-exp": lambda x: np.sum(np.sin(log_sum_exp(x))),
    "cross entropy": lambda x: -np.sum(np.log(np.sum(softmax(x) * W**2, axis=1))),
    "of the whole": lambda x: np.sum(W * np.exp(x - np.max(x)) / np.mean(np.exp(x - np.max(x)))),
    "a matrix of shares": lambda x: np.sum((softmax(x) @ W.T) ** 2),
    "turned": in_turned_order,
}
OTHERS = {
    "out of range": lambda x: np.exp(np.max(x)) * np.sum(np.exp(x - np.max(x)) * W),
    "a result": lambda x: np.sum(W * softmax(x)) + np.sum(np.max(x, axis=1, keepdims=True)),
    "another axis": lambda x: np.sum(W * np.exp(x - np.max(x, axis=1)[:, None]).sum(axis=0)[:5]),
    "twice the shift": lambda x: np.sum(
        np.exp(x - 2.0 * np.max(x)) / np.sum(np.exp(x - np.max(x)))
    ),
    "no quotient": lambda x: np.sum(np.exp(x - np.max(x, axis=1, keepdims=True))),
    "another function": lambda x: np.sum(np.sin(x - np.max(x))),
    "compared": lambda x: np.sum(np.where(x < np.max(x), x, 0.0)),
    "one row by another's": lambda x: np.sum(W * np.exp(x - np.max(x, axis=1)[::-1, None])),
    "an entropy": entropy,
}


@pytest.mark.parametrize("name", SHIFTS)
def test_the_derivative_of_a_shift_is_not_calculated(name):
    f = SHIFTS[name]
    assert shifts(shared(f))
    compiled = ad.compile(ad.grad(f), "numpy")
    np.testing.assert_allclose(compiled(X), ad.grad(f)(X), rtol=1e-12, atol=1e-13)
    assert "is_extreme" not in compiled.source()
    for value in (np.inf, np.nan, -np.inf, 800.0):
        x = X.copy()
        x[2, 3] = value
        with np.errstate(all="ignore"):
            found, expected = compiled(x), ad.grad(f)(x)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_differentiated(name):
    f = OTHERS[name]
    assert not shifts(shared(f))
    gradient = ad.grad(f)
    np.testing.assert_allclose(ad.compile(gradient)(X), gradient(X), rtol=1e-11, atol=1e-12)


def test_second_derivatives():
    for f in (SHIFTS["softmax"], SHIFTS["log-sum-exp"]):
        product = partial(ad.hvp, f)
        np.testing.assert_allclose(ad.compile(product)(X, W), product(X, W), atol=1e-12)
        rows = ad.hessian(f)
        np.testing.assert_allclose(ad.compile(rows)(X), rows(X), atol=1e-12)
