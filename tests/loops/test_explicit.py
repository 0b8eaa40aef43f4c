"""ad.loop, ad.scan and ad.while_loop against plain loops of Python: values, derivatives, programs,
and what cannot be one operation."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.core.pytree import flatten
from admodes.core.record import record_leaves
from admodes.loops.operations import loop as operation

N = 6
XS = np.linspace(0.5, 1.0, N)
A = np.array([[0.5, -0.2], [0.1, 0.7]])


def stepped(step, state, n, *params, per_step=None):
    for i in range(n):
        state = step(state, i if per_step is None else per_step[i], *params)
    return state


def scanned(step, state, xs, *params):
    ys = []
    for x in xs:
        state, y = step(state, x, *params)
        ys.append(y)
    return state, ad.stack(ys)


def swing(state, i, stiffness):
    return {
        "q": state["q"] + 0.1 * state["p"],
        "p": state["p"] - 0.1 * stiffness * ad.sin(state["q"]),
    }


def filtered(x, u, matrix):
    x = np.tanh(matrix @ x + u)
    return x, x.sum() * u


def rotated(loop):
    def f(a):
        captured = a * A  # traced, and not handed over as a parameter

        def step(x, i):
            return np.tanh(captured @ x) + 0.01 * i

        return loop(step, np.array([1.0, 0.5]), N)[0]

    return f


CASES = {
    "a state with names": lambda loop, scan: lambda k: loop(swing, {"q": k, "p": 0.0}, N, k)["q"],
    "steps of a series": lambda loop, scan: (
        lambda k: loop(lambda s, x, a: s + a * x * s, 1.0, N, k, per_step=XS * k)
    ),
    "results of steps": lambda loop, scan: (
        lambda k: (scan(filtered, ad.array([k, 0.1]), XS, k * A)[1] * XS).sum()
    ),
    "a captured value": lambda loop, scan: rotated(loop),
    "the number of the step": lambda loop, scan: (
        lambda k: loop(lambda s, i: s * k + (i + 1) * s**2 / 10, k, N)
    ),
    "branches of steps": lambda loop, scan: (
        lambda k: loop(lambda s, i: s * k if i % 2 else s + k, 1.0, N)
    ),
    "entries at the number of the step": lambda loop, scan: (
        lambda k: loop(lambda s, i: s + k * XS[i], 0.0, N)
    ),
    "loops in steps": lambda loop, scan: (
        lambda k: loop(lambda s, i, a: loop(lambda t, j, b: t + 0.1 * b * t, s, 3, a), 1.0, N, k)
    ),
    "one step": lambda loop, scan: lambda k: loop(lambda s, i: s * k, k, 1),
}


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_values_and_derivatives_are_those_of_plain_loops(case):
    f, plain = case(ad.loop, ad.scan), case(stepped, scanned)
    close(f(0.8), plain(0.8))
    for derivative in (ad.grad, lambda g: ad.grad(ad.grad(g)), ad.hessian):
        close(derivative(f)(0.8), derivative(plain)(0.8))
    close(ad.jvp(f, (0.8,), (1.0,))[1], ad.grad(plain)(0.8))
    close(ad.vmap(f)(XS), [plain(float(x)) for x in XS])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("backend", ["interpreter", "numpy"])
def test_programs_of_loops_hold_at_other_points(case, backend):
    f, plain = case(ad.loop, ad.scan), case(stepped, scanned)
    run = ad.compile(ad.value_and_grad(f), backend=backend)
    for k in (0.8, 0.7, 0.9):
        close(run(k), ad.value_and_grad(plain)(k))


def rows(f, *args):
    return [s.op for s in record_leaves(f, list(args), f, loops=True).steps if s.op is not None]


def test_a_step_is_called_once_where_values_are_traced():
    calls = []

    def step(x, i, a):
        calls.append(i)
        return x + a * ad.sin(x)

    ad.grad(lambda a: ad.loop(step, 1.0, 1000, a))(0.1)
    assert len(calls) == 1
    assert [op for op in rows(lambda a: ad.loop(step, 1.0, 1000, a), 0.1) if op is operation]


def test_steps_that_differ_are_done_one_by_one():
    case = CASES["branches of steps"](ad.loop, ad.scan)
    assert operation not in rows(case, 0.8)


def test_while_loops_run_as_often_as_their_condition_holds():
    def root(a):
        return ad.while_loop(
            lambda x, a: abs(x * x - a) > 1e-13, lambda x, a: (x + a / x) / 2, a, a
        )

    def plain(a):
        x = a
        while abs(x * x - a) > 1e-13:
            x = (x + a / x) / 2
        return x

    run = ad.compile(ad.grad(root), backend="numpy")
    for a in (2.0, 3.0, 100.0, 1.0, 2.5):
        assert root(a) == plain(a)
        close(ad.grad(root)(a), ad.grad(plain)(a))
        close(ad.grad(ad.grad(root))(a), ad.grad(ad.grad(plain))(a))
        close(run(a), ad.grad(plain)(a))
    assert operation in rows(root, 2.0)


def test_captured_arrays_that_change_between_calls_are_read_anew():
    weights = np.array([1.0, 2.0])

    def f(x):
        return ad.loop(lambda s, i: 0.5 * s * weights + x, np.zeros(2), N).sum()

    run = ad.compile(ad.grad(f), backend="numpy")
    run(0.3), run(0.3)
    weights[:] = [0.1, 0.3]
    plain = sum(sum((0.5 * w) ** i for i in range(N)) for w in weights)
    close(run(0.3), plain)


def test_arguments_of_the_caller_stay_as_they_are():
    start = np.ones(2)

    def step(x, i, a):
        x *= a
        return x

    assert ad.loop(step, start, 3, 2.0).tolist() == [8.0, 8.0]
    close(ad.grad(lambda a: ad.loop(step, start, 3, a).sum())(2.0), 24.0)
    assert start.tolist() == [1.0, 1.0]


def test_kinks_in_steps_are_told():
    def f(a):
        return ad.loop(lambda s, i, a: s + a * abs(a), 0.0, 3, a)

    with ad.strict(), pytest.raises(ad.StrictError, match="kink"):
        ad.grad(f)(0.0)
    with pytest.warns(ad.KinkWarning, match="kink"):
        ad.hessian(f)(0.0)
    with ad.strict():
        assert ad.grad(f)(1.0) == 6.0


def test_no_step_gives_the_state():
    assert ad.loop(swing, {"q": 1.0, "p": 2.0}, 0, 3.0) == {"q": 1.0, "p": 2.0}
    assert ad.grad(lambda x: ad.loop(lambda s, i: s * s, x, 0))(3.0) == 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ad.loop(3, 1.0, 2), TypeError, "loop takes a function of the state, and got 3"),
        (lambda: ad.loop(swing, 1.0, 2.5), TypeError, "n is the number of steps, an integer"),
        (lambda: ad.loop(swing, 1.0, -1), ValueError, "n=-1: a number of steps, 0 or more"),
        (
            lambda: ad.loop(lambda s, i: (s, s), 1.0, 2),
            ValueError,
            r"loop\(<lambda>\): the result is tuple\(\*, \*\), but the state is \*",
        ),
        (
            lambda: ad.grad(lambda a: ad.loop(lambda s, i: s + a * XS, 1.0, 2).sum())(1.0),
            ValueError,
            r"shape \(\) before a step and \(6,\) after it: begin with an array",
        ),
        (
            lambda: ad.loop(swing, 1.0, 2, per_step=XS),
            ValueError,
            r"per_step of shape \(6,\) for n=2 steps",
        ),
        (lambda: ad.scan(filtered, 1.0, ()), ValueError, "as many entries along their first axes"),
        (lambda: ad.scan(swing, 1.0, 3.0), ValueError, "as many entries along their first axes"),
        (lambda: ad.scan(lambda s, x: s, 1.0, XS), TypeError, r"step returns a pair \(state, y\)"),
        (lambda: ad.while_loop(1, swing, 1.0), TypeError, "while_loop takes a function"),
    ],
)
def test_misuse_is_told(call, error, message):
    with pytest.raises(error, match=message):
        call()


KINDS = {
    "complex": (lambda s, x: (0.9 * s + x, s * 1j), lambda s, x: s * (0.5 + 1j)),
    "truth": (lambda s, x: (0.9 * s + x, s > x), None),
    "float32": (
        lambda s, x: (0.9 * s + x, (s * np.ones(2)).astype(np.float32)),
        lambda s, x: (0.5 * s).astype(np.float32),
    ),
    "positions": (lambda s, x: (0.9 * s + x, np.argsort(s * np.ones(2))), None),
    "complex inside": (
        lambda s, x: (np.real((s + 0.3j * x) * np.conj(s + 0.1j)), s),
        lambda s, x: np.real((s + 0.3j * x) * np.conj(s + 0.1j)),
    ),
}
"""Steps of a scan and of a loop by the kind of numbers that they give, or have inside."""


@pytest.mark.parametrize("name", KINDS)
def test_numbers_of_other_kinds_stay_of_their_kinds(name):
    """A region, which has float64 alone, made real numbers of complex ones."""
    one, other = KINDS[name]
    xs = np.linspace(0.2, 0.9, 4)

    def plain(v):
        s, ys = v[0] * 1.0, []
        for k in range(len(xs)):
            s, y = one(s, v[k])
            ys.append(y)
        t = v * 1.0
        for _ in range(3 if other else 0):
            t = other(t, v)
        return s, np.stack(ys), t

    def explicit(v):
        s, ys = ad.scan(one, v[0] * 1.0, v)
        return s, ys, ad.loop(other, v * 1.0, 3, per_step=v + np.zeros((3, 1))) if other else v

    for derive in (
        lambda f: f,
        lambda f: lambda v: ad.jvp(f, (v,), (np.cos(v),)),
        lambda f: lambda v: ad.vjp(f, v)[1](f(v)),
    ):
        wanted = flatten(derive(plain)(xs))[0]
        for run in (
            derive(explicit),
            ad.compile(derive(explicit), backend="numpy"),
            ad.record(derive(explicit), xs),
        ):
            for want, found in zip(wanted, flatten(run(xs))[0], strict=True):
                assert np.asarray(found).dtype == np.asarray(want).dtype
                np.testing.assert_allclose(found, want, rtol=1e-6)


def test_what_steps_give_is_told_apart_by_key():
    def step(s, x):
        y = {"a": x, "b": 10.0 * x} if x < 2.5 else {"b": 10.0 * x, "a": x}
        return s + x, y

    xs = np.arange(1.0, 5.0)
    for y in (
        ad.scan(step, 0.0, xs)[1],
        ad.jvp(lambda v: ad.scan(step, 0.0, v), (xs,), (xs,))[0][1],
    ):
        np.testing.assert_array_equal(y["a"], xs)
        np.testing.assert_array_equal(y["b"], 10.0 * xs)
    with pytest.raises(ValueError, match="a result is"):
        ad.scan(lambda s, x: (s, x if x < 2.5 else (x, x)), 0.0, xs)


def test_steps_that_give_nothing():
    def product(v):
        return ad.scan(lambda s, x: (s * x, None), 1.0, v)

    xs = np.arange(1.0, 4.0)
    assert product(xs) == (6.0, ())
    np.testing.assert_array_equal(ad.grad(lambda v: product(v)[0])(xs), [6.0, 3.0, 2.0])
    program = ad.record(ad.grad(lambda v: product(v)[0]), np.arange(1.0, 99.0), loops=True)
    assert str(program).count("\n") < 40
