"""Whose memory it is: in-place operators, views, captured arrays, inputs and results."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import admodes as ad
from admodes.core.record import record

MODES = ("forward", "reverse")


def test_x_plus_equals_leaves_the_callers_array_alone():
    def f(x):
        y = x
        y += 1.0
        y *= x
        return y.sum() + x[0]

    start = np.array([1.0, 2.0])
    found = ad.value_and_grad(f)(start)
    assert found[0] == f(start.copy()) == 17.0
    np.testing.assert_array_equal(found[1], 2 * (start + 1) + [4.0, 0.0])
    np.testing.assert_array_equal(start, [1.0, 2.0])


def test_x_plus_equals_of_a_number_gives_the_name_to_the_new_number():
    def f(x):
        y = x
        y += 1.0
        return y * x

    assert ad.grad(f)(2.0) == 5.0


CAPTURED = np.zeros(2)


def several_names(x):
    y = x * 1.0
    z = y
    z *= 3.0
    z += np.sin(x, out=np.zeros(2))
    return y.sum()


def in_a_helper(x):
    def centre(a):
        a -= a.mean()

    y = x * x
    centre(y)
    return (y**2).sum()


def accumulated(x):
    total = np.zeros(2)
    for k in range(3):
        total += x**k
    return total.sum()


def of_a_copy(x):
    y = x.copy()
    y **= 2
    z = x.flatten()
    z /= 2.0
    return (x * y + z).sum()


GIVEN = np.array([3.0, 4.0])


def of_plain_values(x):
    y = x * 3.5
    y //= x
    z = x * 1.0
    np.copyto(z, GIVEN)
    z *= 2.0
    return (y * x + z * x).sum()


def after_a_view_has_gone(x):
    y = x * 1.0
    s = y[1:].sum() + y.reshape(2, 1)[0, 0]
    y *= s
    return y.sum()


def row_view(x):
    y = np.outer(x, x)
    for row in y:
        row /= row.sum()
    return y[0, 0]


def base_of_a_view(x):
    y = x * 1.0
    first = y[:1]
    y *= 2.0
    return first.sum()


def transposed_view(x):
    y = np.outer(x, x)
    y.T[...].__iadd__(1.0)
    return (y * y).sum()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "f",
    [
        *(several_names, in_a_helper, accumulated, of_a_copy, of_plain_values),
        *(after_a_view_has_gone, row_view, base_of_a_view, transposed_view),
    ],
)
def test_in_place_operators_change_the_array_under_all_of_its_names(f, mode):
    x = np.array([1.0, 2.0])
    assert ad.value_and_grad(f)(x)[0] == pytest.approx(f(x.copy()))
    h = 1e-6
    expected = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(ad.jacobian(f, mode=mode)(x), expected, rtol=1e-7)


def captured(x):
    y = CAPTURED
    y += x
    return y.sum()


def view_of_captured(x):
    for row in CAPTURED.reshape(2, 1):
        row += x[0]
    return CAPTURED.sum()


def out_with_a_name(x):
    np.sin(x, out=CAPTURED)
    return CAPTURED.sum()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", [captured, view_of_captured, out_with_a_name])
def test_what_the_function_did_not_make_takes_no_traced_values(f, mode):
    x = np.array([1.0, 2.0])
    once = ad.jacobian(f, mode=mode)
    for nested in (once, ad.jacobian(once), ad.jacobian(once, mode="reverse")):
        with pytest.raises(TypeError, match="write x = x"):
            nested(x)
    with pytest.raises(TypeError, match="write x = x"):
        ad.vmap(f)(np.stack([x, x]))
    np.testing.assert_array_equal(CAPTURED, 0.0)


@pytest.mark.parametrize("n", [3, 100_000])
def test_a_function_that_overwrites_its_own_argument(n):
    a = np.arange(float(n))

    def f(x):
        y = (x**2).sum()
        a[:] = 0.0
        return y

    if n > 3:
        with pytest.raises(ValueError, match="f changes its own argument"):
            ad.grad(f)(a)
    else:
        np.testing.assert_array_equal(ad.grad(f)(a), 2 * np.arange(float(n)))


@pytest.mark.parametrize("batched", [False, True])
def test_results_are_nobody_elses_arrays(batched):
    x = np.array([1.0, 2.0])
    seed = np.ones((3, 2)) if batched else np.ones(2)

    def same(x, y):
        return x, x, y

    _, dots = ad.jvp(same, (x, x), (seed, seed), batched=batched)
    _, pullback = ad.vjp(lambda x, y: x + y, x, x)
    found = [
        *dots,
        *pullback(seed, batched=batched),
        *ad.grad(lambda x, y: (x + y).sum(), (0, 1))(x, x),
    ]
    for k, a in enumerate(found):
        assert a.flags.writeable
        for b in (x, seed, *found[:k]):
            assert not np.shares_memory(a, b)


def filled(x):
    z = np.zeros(2)
    z += x
    z *= x
    return np.sum(z * z)


CALLS = {
    "gradient": lambda f, x: ad.grad(f)(x),
    "forward": lambda f, x: ad.jacobian(f, mode="forward")(x),
    "recorded": lambda f, x: ad.grad(ad.record(f, x))(x),
    "compiled": lambda f, x: ad.compile(ad.grad(f))(x),
    "trace": lambda f, x: next(iter(ad.trace(f, x, rows="array").rows[0].adjoints.values())),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_array_that_f_made_may_be_added_to_in_every_interpreter(call):
    x = np.array([1.5, -0.5])
    np.testing.assert_allclose(call(filled, x), 4 * x**3, rtol=1e-14)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_so_may_one_with_another_name_or_a_view(call):
    def named(x):
        z = np.zeros(2)
        kept = z
        z += x
        return np.sum(z * kept)

    def viewed(x):
        z = np.zeros(2)
        z[:] += x
        return np.sum(z * z)

    x = np.array([1.5, -0.5])
    for f in (named, viewed):
        np.testing.assert_allclose(call(f, x), 2 * x, rtol=1e-14)


def test_noting_where_rows_come_from_keeps_no_array_that_is_changed_in_place():
    def f(x):
        z = np.zeros(2)
        for i in range(3):
            z += x * float(i)
        return z

    plain, located = (record(f, np.ones(2), located=where) for where in (False, True))
    assert [step.op for step in located.steps] == [step.op for step in plain.steps]
    assert [part.kind for part in located.origins.parts].count("round") == 3


def test_noting_where_rows_come_from_leaves_the_variables_that_the_user_asked_for():
    def f(x):
        variables = locals()
        for i in range(3):
            x = x * float(i)
        return variables["x"] * x

    record(f, 2.0, located=True)


def test_noting_where_rows_come_from_leaves_the_variables_of_a_frame_that_a_debugger_reads():
    def f(x):
        y = x
        for i in range(3):
            y = y * float(i + 1)
        return y

    def watch(frame, event, arg):
        if frame.f_code is f.__code__ and "i" in frame.f_locals:
            frame.f_locals["y"] * 3.0  # as an expression that a debugger shows
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        located = record(f, 2.0, located=True)
    finally:
        sys.settrace(before)
    assert located.value(located.outputs[0]) == 12.0
