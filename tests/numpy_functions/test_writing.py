"""Functions that fill arrays of their own, as half of NumPy code is written, in every interpreter,
against central differences of the same code on plain arrays."""

from __future__ import annotations

import gc
import math
import sys

import numpy as np
import pytest
from numpy import zeros

import admodes as ad
from admodes.core.record import record

X = np.random.default_rng(0).uniform(0.5, 1.5, 8)
AT = np.array([1, 0, 3, 1, 1, 2, 0, 3])
NAMES = np.array(["a", "b"])
CALLS = []


def entries(x):
    b = np.zeros(len(x))
    b[0] = x[0]
    b[1:] = x[1:] * x[:-1]
    return (b**2).sum()


def a_loop(x):
    b = np.empty_like(x)
    for i in range(len(x)):
        b[i] = x[i] ** 2 * x[i - 1]
    return np.sin(b).sum()


def helper(n, x):
    out = zeros((n, 2))
    for i in range(n):
        out[i, 0] = x[i]
        out[i, 1] = np.exp(x[i])
    return out


def in_a_helper(x):
    return (helper(8, x) @ np.array([[1.0, 2.0], [3.0, 4.0]])).prod(axis=1).sum()


def rows(x):
    z = np.zeros((2, 8))
    for row in z:
        row += x
    return (z * z).sum()


def second_name(x):
    z = np.zeros(8)
    w = z
    w += x * x
    w[2:] -= x[:-2]
    return (z * w).sum()


def matrix(x):
    a = np.eye(8)
    a[0, 1:] = x[1:]
    a[1:, 0] = x[:-1]
    return np.linalg.det(a) + np.linalg.solve(a + 2 * np.eye(8), x)[0]


class Model:
    """A user's object, with a closure and state of its own."""

    def __init__(self):
        self.factor = np.array([3.0, 1.0, 2.0])
        self.seen = []

    def __call__(self, x):
        out = np.full(3, 0.5)
        out[:] = x[:3] * self.factor
        out[1] *= x[4]
        self.seen.append("called")
        return out.sum()


def recurrence(x):
    t = np.zeros(9)
    t[0] = 1.0
    for i in range(8):
        t[i + 1] = t[i] * x[i] + t[max(i - 1, 0)]
    return t[-1]


def masks(x):
    b = np.zeros(8)
    m = x > 1.0
    b[m] = x[m] ** 2
    b[~m] = np.sin(x[~m])
    return b.sum()


def added_at(x):
    b = np.zeros(4)
    np.add.at(b, AT, x**2)
    return (b**3).sum()


def other_ufuncs_at(x):
    b = np.ones(4)
    np.subtract.at(b, AT, x)
    np.multiply.at(b, AT, x[::-1])
    np.maximum.at(b, AT, x * 1.1)
    np.divide.at(b, [1, 1, 2], x[0] + 1)
    np.negative.at(b, [0, 3, 3])
    return (b**3).sum()


def copied_to(x):
    b = np.zeros((2, 4))
    np.copyto(b, x.reshape(2, 4))
    np.fill_diagonal(b, x[:2] * x[3])
    np.put(b, [5, 6], x[6:] ** 2)
    return np.sin(b).sum()


def methods(x):
    b = np.empty(6)
    b.fill(x[0])
    b.put([1, 4], x[2:4])
    c = np.zeros((2, 3))
    c.flat[::4] = x[:2] ** 2
    c.flat[1] = x[5]
    d = np.ones((2, 2))
    d.flat = x[4:]
    np.place(d, [[True, False], [True, True]], x[:2])
    b.view()[3:] *= x[5:]
    return b @ np.arange(6.0) ** 2 + (c @ b.reshape(3, 2) @ d).sum()


def out(x):
    b = np.empty(8)
    np.multiply(x, x[::-1], out=b)
    np.sin(b, out=b)
    np.putmask(b, x > 1.0, x * 3)
    return b @ x


def in_an_array_of_f(x):
    b = x * 1.0
    np.put_along_axis(b, np.array([2, 5]), x[:2] ** 2, 0)
    np.copyto(b, x**2, where=x > 1.2)
    np.add(b, 1.0, out=b)
    return (b * b).sum()


def of_whole_numbers(x):
    count = np.zeros(8, dtype=int)
    count[0] = 3
    b = np.zeros(8)
    for i in range(8):
        b[i] = x[i] * (count[i] + 1)
    return b.sum()


FUNCTIONS = [
    *(entries, a_loop, in_a_helper, rows, second_name, matrix, Model(), recurrence, masks),
    *(added_at, other_ufuncs_at, copied_to, methods, out, in_an_array_of_f, of_whole_numbers),
    lambda x: entries(x) * added_at(x),
]


def by_differences(f):
    h = 1e-6
    return np.array([(f(X + h * e) - f(X - h * e)) / (2 * h) for e in np.eye(8)])


def by_trace(f):
    trace = ad.trace(f, X, rows="array")
    return next(iter(trace.rows[0].adjoints.values()))


INTERPRETERS = {
    "reverse": lambda f: ad.grad(f)(X),
    "forward": lambda f: ad.jacobian(f, mode="forward")(X),
    "reverse over forward": lambda f: ad.jvp(ad.grad(lambda x, a: a * f(x), 0), (X, 1.0), (X, 1.0))[
        0
    ],
    "recorded": lambda f: ad.grad(ad.record(f, X))(X),
    "numpy": lambda f: ad.compile(ad.grad(f), "numpy")(X),
    "batch": lambda f: ad.vmap(ad.grad(f))(np.stack([X, X]))[1],
    "sparse": lambda f: ad.sparse_jacobian(lambda x: f(x) * np.ones(1))(X).toarray()[0],
    "trace": by_trace,
}


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: getattr(f, "__name__", "Model"))
def test_functions_that_fill_arrays_of_their_own(f):
    wanted = by_differences(f)
    for name, run in INTERPRETERS.items():
        if name == "batch" and f is masks:
            continue  # its indices depend on the sample
        np.testing.assert_allclose(run(f), wanted, rtol=2e-8, atol=1e-8, err_msg=name)
    ad.check_grads(f, (X,))


def test_samples_of_a_batch_fill_arrays_too():
    def f(x):
        b = np.zeros(3)
        b[0] = x[0]
        b[1:] = x[1:3] ** 2
        return b

    samples = np.stack([X, 2 * X])
    wanted = [f(x) for x in samples]
    np.testing.assert_allclose(ad.vmap(f)(samples), wanted)
    np.testing.assert_allclose(ad.compile(ad.vmap(f))(samples), wanted)
    slopes = ad.grad(lambda z: np.sum(ad.vmap(f)(z)))(samples)
    one = [ad.grad(lambda x: np.sum(f(x)))(x) for x in samples]
    np.testing.assert_allclose(slopes, one)
    jacobians = [ad.jacobian(f)(x) for x in samples]
    np.testing.assert_allclose(ad.vmap(ad.jacobian(f))(samples), jacobians)


def test_the_native_back_end():
    pytest.importorskip("llvmlite")
    for f in FUNCTIONS:
        found = ad.compile(ad.grad(f), "llvm")(X)
        np.testing.assert_allclose(found, by_differences(f), rtol=2e-8, atol=1e-8)


def test_components_as_rows_and_their_proof():
    trace = ad.trace(entries, X[:3])
    assert trace.rows[0].name == "v0"
    assert ad.verify(entries, X).passed


def test_the_function_runs_twice_only_the_first_time():
    calls = []

    def f(x):
        calls.append(1)
        b = np.zeros(2)
        b[:] = x
        return b.sum()

    ad.grad(f)(np.ones(2))
    assert len(calls) == 2
    ad.grad(f)(np.ones(2))
    ad.jacobian(f, mode="forward")(np.ones(2))
    assert len(calls) == 4


def test_state_of_a_users_object_is_kept():
    model = Model()
    ad.grad(model)(X)
    assert model.seen
    assert model.factor.tolist() == [3.0, 1.0, 2.0]


def test_a_compiled_function_reads_captured_arrays_anew():
    factor = np.ones(2)

    def f(x):
        b = np.zeros(2)
        b[0] = x[0] * factor[0]
        b[1] = x[1] * factor[1]
        return b.sum()

    g = ad.compile(ad.grad(f))
    assert g(np.ones(2)).tolist() == [1.0, 1.0]
    factor[:] = 5.0
    assert g(np.ones(2)).tolist() == [5.0, 5.0]
    assert g(np.ones(2)).tolist() == [5.0, 5.0]


def test_a_recording_keeps_nothing_of_the_first_run():
    def f(x):
        b = np.zeros(8)
        b[0] = x[0] * x[1]
        b[1:] = x[1:]
        return b

    first, second = (record(f, X, located=True) for _ in range(2))
    assert [step.op for step in first.steps] == [step.op for step in second.steps]
    assert first.origins.lines == second.origins.lines
    start = f.__code__.co_firstlineno
    assert next(place[1] - start for place in first.origins.lines if place) == 1


def test_a_function_that_changed_its_argument_is_not_run_again():
    def f(x):
        x += 1.0
        b = np.zeros(8)
        b[:] = x
        return b.sum()

    with pytest.raises(TypeError, match="plain"):
        ad.grad(f)(X)


def test_inside_another_derivative():
    def inner(y):
        b = np.zeros(3)
        b[0], b[1], b[2] = y, y * y, 1.0
        return (b**2).sum()

    def f(x):
        return ad.grad(inner)(x[0]) * x[1]

    wanted = [(2 + 12 * X[0] ** 2) * X[1], 2 * X[0] + 4 * X[0] ** 3]
    np.testing.assert_allclose(ad.grad(f)(X)[:2], wanted)
    np.testing.assert_allclose(ad.jacobian(f, mode="forward")(X)[:2], wanted)


def test_functions_that_had_to_run_again_are_not_kept_alive():
    def f(x):
        b = np.zeros(2)
        b[:] = x
        return b.sum()

    ad.grad(f)(np.ones(2))
    gc.collect()
    assert sys.getrefcount(f) <= 3


def squared(f):
    return lambda x: np.sum(f(x) ** 2)


def fills_a_buffer(x):
    z = np.zeros(len(x))
    z[0] = x[0]
    return z + x


def has_plain_arrays_for_others(x):
    return math.fsum(np.ones(len(x))) * x


@pytest.mark.parametrize("derive", [ad.grad, ad.hessian, lambda f: ad.compile(ad.grad(f), "numpy")])
def test_what_one_helper_makes_of_two_functions(derive):
    """Both have the code of the helper: after the first one, arrays of the second were traced too,
    and refused by what takes plain ones."""
    x = np.array([0.5, -1.0, 2.0])
    alone = derive(lambda x: np.sum((3.0 * x) ** 2))(x)
    derive(squared(fills_a_buffer))(x)
    np.testing.assert_allclose(derive(squared(has_plain_arrays_for_others))(x), alone, rtol=1e-14)
    np.testing.assert_allclose(
        derive(squared(fills_a_buffer))(x),
        derive(lambda x: np.sum((x * np.array([2.0, 1.0, 1.0])) ** 2))(x),
        rtol=1e-14,
    )
