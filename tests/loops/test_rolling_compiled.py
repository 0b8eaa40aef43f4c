"""Compiled functions with long Python loops: their programs are as long as a turn, and right where
what the function refers to, or the branch that a turn takes, changes between calls."""

import numpy as np
import pytest

import admodes as ad
from admodes.loops import rolling
from admodes.loops.operations import loop

X = np.linspace(0.1, 0.9, 4)
BACKENDS = ["numpy", "interpreter"]


def lengths(compiled):
    (program,) = compiled.programs
    regions = [step.params["region"] for step in program.steps if step.op is loop]
    assert regions
    return [len(program.steps), *(len(region.body.steps) for region in regions)]


def decay(n, rows):
    def f(x, rate):
        total = 0.0
        for k in range(n):
            x = x - rate * np.sin(x) * rows[k]
            total = total + (x * x).sum()
        return total

    return f


@pytest.mark.parametrize("backend", BACKENDS)
def test_data_of_steps_may_change_between_calls(backend):
    found = []
    for n in (1500, 2000):
        rows = np.random.default_rng(n).uniform(0.0, 0.1, (n, 4))
        slope = ad.grad(decay(n, rows), argnums=(0, 1))
        compiled = ad.compile(slope, backend=backend)
        for _ in range(3):
            for a, b in zip(compiled(X, 0.3), slope(X, 0.3), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
            rows *= 0.7
        found.append(lengths(compiled))
    assert found[0] == found[1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_data_that_is_not_differentiated_is_an_argument(backend):
    slope = ad.grad(lambda x, rows: decay(len(rows), rows)(x, 0.2))
    compiled = ad.compile(slope, backend=backend)
    rows = np.random.default_rng(0).uniform(0.0, 0.1, (1500, 4))
    for scale in (1.0, 0.5):
        a, b = compiled(X, scale * rows), slope(X, scale * rows)
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert len(compiled.programs) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_turn_that_takes_another_branch_is_another_case(backend):
    def f(x):
        for k in range(2000):
            x = 0.99 * x + 0.001 * np.cos(x) if x[0] < 2.0 + k else x * x / (1.0 + x)
        return x.sum()

    slope = ad.grad(f)
    compiled = ad.compile(slope, backend=backend)
    for first in (0.5, 1.5, 2.5, 0.7):
        x = np.array([first, 1.0])
        np.testing.assert_allclose(compiled(x), slope(x), rtol=1e-12)
    assert len(compiled.programs) == 2


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("derive", [lambda f: f, ad.grad, ad.hessian], ids=["f", "grad", "hess"])
def test_turns_that_decide_and_give_nothing_decide(derive, backend, monkeypatch):
    """The loop that only asks whether to go on was dropped, and with it what it decides."""
    monkeypatch.setattr(rolling, "SHORT", 0)

    def f(x):
        for _ in range(6):
            while np.sum(x * x) > 0.3:
                x = 0.8 * x
        return (x * x).sum()

    compiled = ad.compile(derive(f), backend=backend)
    for scale in (1.0, 1.0, 2.0, 0.5, 0.1, 3.0, 1.0):
        np.testing.assert_allclose(compiled(scale * X), derive(f)(scale * X), rtol=1e-12)
    regions = [s.params["region"] for p in compiled.programs for s in p.steps if s.op is loop]
    assert any(region.body.guards for region in regions)


def test_a_loop_that_only_counts_decides(monkeypatch):
    monkeypatch.setattr(rolling, "SHORT", 0)

    def f(x):
        n = sum(bool(np.sin(x[0]) * k > 2.0) for k in range(9))
        m = sum(bool(np.abs(np.sum(1j * x) + k) > 3.0) for k in range(8))
        return (x * x).sum() * (n + 10 * m)

    compiled = ad.compile(ad.grad(f), backend="numpy")
    for scale in (1.0, 1.0, 0.3, 3.0, 0.5):
        np.testing.assert_allclose(compiled(scale * X), ad.grad(f)(scale * X), rtol=1e-12)
    assert any(step.op is loop for program in compiled.programs for step in program.steps)


@pytest.mark.parametrize("x", [0.3, X], ids=["number", "array"])
def test_a_loop_in_a_loop_is_another_function(x):
    """Both had the name of their row, which may be the same: the outer one called itself, without
    end, and each call was recorded anew."""

    def f(x):
        def inner(z, _):
            return z + 0.5 * np.sin(z)

        return np.sum(ad.loop(lambda y, _: ad.loop(inner, y, 3), x, 5))

    compiled = ad.compile(f, backend="numpy")
    for scale in (1.0, 0.5):
        np.testing.assert_allclose(compiled(scale * x), f(scale * x), rtol=1e-14)
    assert len(compiled.programs) == 1


def test_a_value_that_is_printed_is_noted(capsys):
    def f(x):
        for k in range(2000):
            x = 0.99 * x + 0.001 * np.cos(x)
            if k == 7:
                print(x[0])
        return x.sum()

    compiled = ad.compile(ad.grad(f))
    compiled(X)
    capsys.readouterr()
    assert compiled.notes


def test_second_derivatives_of_long_loops():
    def f(x):
        for _ in range(2000):
            x = 0.99 * x + 0.01 * np.sin(x) * x[::-1]
        return (x**2).sum()

    def product(x, v):
        return ad.hvp(f, x, v)

    compiled = ad.compile(product)
    np.testing.assert_allclose(compiled(X, X), product(X, X), rtol=1e-11)
    lengths(compiled)
