"""Second derivatives at kinks: the documented convention in every nesting and interpreter, and a
warning from hessian, hvp and sparse_hessian where the kink counts. The expected second derivatives
are written out for every operation that declares a kink."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

norm = np.linalg.norm
ZERO, ONES = np.zeros(2), np.ones(2)
HERE = __file__

CONVENTIONS = {
    "abs": (0.0, (), 0.0),
    "ceil": (1.0, (), 0.0),
    "clip": (1.0, (0.0, 1.0), 0.0),
    "elu": (0.0, (1.0,), 1.0),
    "floor": (1.0, (), 0.0),
    "floor_divide": (1.0, (0.5,), 0.0),
    "leaky_relu": (0.0, (0.01,), 0.0),
    "maximum": (1.0, (1.0,), 0.0),
    "minimum": (1.0, (1.0,), 0.0),
    "relu": (0.0, (), 0.0),
    "remainder": (1.0, (0.5,), 0.0),
    "root": (0.0, (), 0.0),
    "round": (0.5, (), 0.0),
    "sign": (0.0, (), 0.0),
    "trunc": (1.0, (), 0.0),
    "power": (0.0, (2.5,), 0.0),
}
"""Operation -> a number at a kink, the other arguments, the second derivative."""

INFINITE = {
    *("acos", "acosh", "asin", "atan2", "atanh", "cbrt", "entr"),
    *("hypot", "ln", "log10", "log1p", "log2", "logit", "sqrt"),
}
"""Those whose first derivative is infinite or nan at the kink, so that nothing is silent."""


def told(run):
    """The result of run, and the kink warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = run()
    assert all(w.category is ad.KinkWarning and w.filename == HERE for w in caught)
    return result, [str(w.message) for w in caught]


def test_every_operation_with_a_kink_is_covered():
    kinked = {op.name for op in REGISTRY.values() if op.kinked and op.elementwise}
    assert kinked == set(CONVENTIONS) | INFINITE


@pytest.mark.parametrize("name", CONVENTIONS)
def test_all_nestings_and_interpreters_agree_on_the_convention(name):
    x, rest, expected = CONVENTIONS[name]
    op = REGISTRY[name]
    assert op.domain.kink(x, *rest)

    def f(x):
        return op(x, *rest)

    def g(x):
        return np.sum(op(x, *rest))

    many = np.array([x, x])
    for outer, inner in itertools.product(("forward", "reverse"), repeat=2):
        assert ad.jacobian(ad.jacobian(f, mode=inner), mode=outer)(x) == expected
        found = ad.jacobian(ad.jacobian(g, mode=inner), mode=outer)(many)
        np.testing.assert_array_equal(found, expected * np.eye(2))
    for backend in ("numpy", "llvm"):
        assert ad.compile(ad.hessian(f), backend=backend)(x) == expected
        found = ad.compile(ad.hessian(g), backend=backend)(many)
        np.testing.assert_array_equal(found, expected * np.eye(2))
    np.testing.assert_array_equal(ad.vmap(ad.hessian(f))(many), [expected] * 2)
    for run, want in (
        (lambda: ad.hessian(f)(x), expected),
        (lambda: ad.hvp(f, x, 1.0), expected),
        (lambda: ad.hessian(g)(many), expected * np.eye(2)),
        (lambda: ad.sparse_hessian(g)(many).toarray(), expected * np.eye(2)),
    ):
        found, messages = told(run)
        np.testing.assert_array_equal(found, want)
        assert len(messages) == 1
        assert op.domain.kink(x, *rest) in messages[0]
        assert HERE in messages[0]


@pytest.mark.parametrize("name", sorted(INFINITE))
def test_infinite_slopes_are_not_silent(name):
    op = REGISTRY[name]
    points = itertools.product((0.0, 1.0, -1.0), repeat=op.arity)
    x, *rest = next(p for p in points if op.domain.kink(*p))
    found, messages = told(lambda: ad.hessian(lambda x: op(x, *rest))(x))
    assert not np.isfinite(found) or messages


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def by_hand(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


COUNTING = {
    "softplus by hand": (softplus, 0.0, "0.25 on one side and 0.25 on the other"),
    "x |x|": (lambda x: x * np.abs(x), 0.0, "-2 on one side and 2 on the other"),
    "relu²": (lambda x: ad.relu(x) ** 2, 0.0, "0 on one side and 2 on the other"),
    "Huber at its joint": (
        lambda x: np.where(np.abs(x) <= 1.0, 0.5 * x * x, np.abs(x) - 0.5),
        1.0,
        "1 on one side and 0 on the other",
    ),
    "sinc by hand": (
        lambda x: np.where(x == 0, 1.0, np.sin(np.pi * x) / np.where(x == 0, 1.0, np.pi * x)),
        0.0,
        "equal of equal values",
    ),
    "a norm": (lambda x: norm(x), ZERO, "first derivative jumps"),
    "largest": (lambda x: np.max(x) ** 2, ONES, "first derivative jumps"),
    "a step": (
        lambda x: np.floor(x) * 1.0,
        1.0,
        "value jumps there: along a direction from 0 to 1",
    ),
    "logaddexp by hand": (
        lambda x: np.maximum(x[0], x[1]) + np.log1p(np.exp(-np.abs(x[0] - x[1]))),
        ONES,
        "convention gives 0",
    ),
}


@pytest.mark.parametrize("name", COUNTING)
def test_kinks_that_count_are_told_once_with_both_sides(name):
    f, x, text = COUNTING[name]
    seeds = np.ones_like(x)[()]
    for run in (
        lambda: ad.hvp(f, x, seeds),
        *(
            lambda mode=mode: ad.hessian(f, mode=mode)(x)
            for mode in ("auto", "reverse-over-forward", "forward-over-forward")
        ),
    ):
        messages = told(run)[1]
        assert len(messages) == 1
        assert text in messages[0]
        assert HERE in messages[0]


SILENT = {
    "norm²": (lambda x: norm(x) ** 2, ZERO, 2 * np.eye(2)),
    "cut off": (lambda x: np.sum(np.where(x > 0.5, np.abs(x), x * x)), ZERO, 2 * np.eye(2)),
    "log-sum-exp by hand": (by_hand, ONES, np.array([[0.25, -0.25], [-0.25, 0.25]])),
    "|x|³": (lambda x: np.sum(np.abs(x) ** 3), ZERO, 0 * np.eye(2)),
    "sorted squares": (lambda x: np.sum(np.sort(x) ** 2), ONES, 2 * np.eye(2)),
    "steered": (lambda x: np.sum(x * x if x[0] >= 0 else x**2), ZERO, 2 * np.eye(2)),
    "no kink": (lambda x: np.sum(x**4), ZERO, 0 * np.eye(2)),
}


@pytest.mark.parametrize("name", SILENT)
def test_kinks_that_do_not_count_are_not_told(name):
    f, x, expected = SILENT[name]
    for run in (
        lambda: ad.hessian(f)(x),
        lambda: np.stack([ad.hvp(f, x, v) for v in np.eye(2)]),
        lambda: ad.sparse_hessian(f)(x).toarray(),
    ):
        found, messages = told(run)
        np.testing.assert_allclose(found, expected, atol=1e-14)
        assert messages == []


def test_first_derivatives_and_other_compositions_are_silent():
    for run in (
        lambda: ad.grad(ad.abs)(0.0),
        lambda: ad.jacobian(ad.grad(ad.abs))(0.0),
        lambda: ad.compile(ad.hessian(ad.abs))(0.0),
        lambda: ad.grad(lambda x: ad.hessian(lambda y: ad.abs(y) * x)(0.0 * x))(1.0),
    ):
        assert told(run) == (0.0, [])


def test_several_arguments_and_trees():
    messages = told(lambda: ad.hessian(lambda p: p["a"] * np.abs(p["b"]))({"a": 2.0, "b": 0.0}))[1]
    assert len(messages) == 1
    messages = told(lambda: ad.hessian(lambda a, b: a * np.abs(b), argnums=(0, 1))(2.0, 0.0))[1]
    assert len(messages) == 1
    assert told(lambda: ad.hessian(lambda a, b: a * np.abs(b))(2.0, 0.0))[1] == []
