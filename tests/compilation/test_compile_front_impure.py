"""Functions that should not be compiled, or are recorded too often: what is said, and that no
result is wrong."""

import copy
import os
import queue
import random
import time
import warnings

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import CompileWarning, ImpureError, compile

X = np.array([0.3, 0.5, 0.8])
COUNT = 0
GENERATORS = {
    "pcg": np.random.default_rng(0),
    "old": np.random.RandomState(0),
    "python": random.Random(0),
}


def test_an_argument_that_is_changed():
    def f(x):
        x[0] = 1.0
        return x

    with pytest.raises(TypeError, match="changes an argument of the function"):
        compile(f)(X)

    def g(x, index):
        index[0] += 1
        return x[index]

    with pytest.raises(ImpureError, match="g changes argument 1 in place"):
        compile(g)(X, np.array([0, 1]))


@pytest.mark.parametrize("size", [3, 2**16])
def test_an_array_that_the_function_refers_to_is_changed(size):
    a = np.ones(size)

    def f(x):
        a[0] += 1.0
        return a * x

    with pytest.raises(
        ImpureError, match="f changes an array that it is given or refers to in place"
    ):
        compile(f)(2.0)
    assert a.flags.writeable
    assert a[0] == 1.0


def test_an_array_that_is_changed_through_a_view():
    a = np.ones(3)
    behind = [a.view()]

    def f(x):
        return (a * x, _written(behind))[0]

    with pytest.raises(
        ImpureError, match="f changes an array that it is given or refers to in place"
    ):
        compile(f)(2.0)


def _written(arrays):
    arrays[0][:] += 1
    return arrays


@pytest.mark.parametrize(
    "draw",
    [
        lambda: np.random.normal(),
        lambda: random.random(),
        lambda: GENERATORS["pcg"].normal(),
        lambda: GENERATORS["old"].normal(),
        lambda: GENERATORS["python"].random(),
    ],
)
def test_random_numbers(draw):
    with pytest.raises(ImpureError, match="draws random numbers"):
        compile(lambda x: x * draw())(1.0)


def test_generators_that_are_seeded_inside_are_fine():
    f = compile(lambda x: x * np.random.default_rng(0).normal(), check=True)
    assert f(1.0) == f(1.0) == np.random.default_rng(0).normal()


def test_check_finds_what_differs_from_run_to_run():
    ticks = queue.SimpleQueue()
    for k in range(100):
        ticks.put(k)

    def f(x):
        return x * time.perf_counter()

    with pytest.raises(
        ImpureError, match=r"f is not the same.*operation 1 \(multiply\) was applied"
    ):
        compile(f, check=True)(2.0)
    with pytest.raises(ImpureError, match="operation 1 was add, then multiply"):
        compile(lambda x: x * 2 if ticks.get() % 2 else x + 2, check=True)(2.0)
    with pytest.raises(ImpureError, match=r"operations were recorded, then"):
        compile(lambda x: x * 2 if ticks.get() % 2 else x * 2 + 1, check=True)(2.0)
    with pytest.raises(ImpureError, match="options"):
        compile(lambda x: x[ticks.get()], check=True)(np.ones(200))
    with pytest.raises(ImpureError, match="a result was"):
        compile(lambda x: (x, ticks.get()), check=True)(2.0)
    with pytest.raises(ImpureError, match="the result was"):
        compile(lambda x: [x] * (1 + ticks.get() % 2), check=True)(2.0)
    with pytest.raises(ImpureError, match=r"operation 1 \(greater\) was applied to 0, then to 1"):
        compile(lambda x: 1.0 if x > ticks.get() % 2 else 2.0, check=True)(0.5)


def test_check_compares_every_call(monkeypatch):
    monkeypatch.setenv("ADMODES_TEST_ALPHA", "2.0")
    f = compile(lambda x: x * float(os.environ["ADMODES_TEST_ALPHA"]), check=True)
    assert f(3.0) == 6.0
    monkeypatch.setenv("ADMODES_TEST_ALPHA", "5.0")
    with pytest.raises(ImpureError, match=r"gives 6.0, not 15.0: it depends on something beside"):
        f(3.0)


def test_check_passes_what_is_right():
    a = np.arange(9.0).reshape(3, 3)
    f = compile(ad.hessian(lambda x: np.tanh(a @ x).sum()), check=True)
    for scale in (1.0, 0.5):
        np.testing.assert_allclose(
            f(X * scale), ad.hessian(lambda x: np.tanh(a @ x).sum())(X * scale)
        )
        a *= 0.5


def test_printing_is_a_note(capsys):
    def f(x):
        print(f"{x:.1f}", f"{x}")
        return x * 2

    c = compile(f)
    assert c.notes == []
    assert (c(1.0), c(2.0)) == (2.0, 4.0)
    assert c.notes == [
        "a traced value was printed or formatted, which happens while recording only"
    ]
    assert capsys.readouterr().out == "1.0 Recorded(1.0)\n"


def test_the_plain_value_of_an_argument_is_a_constant_and_a_warning():
    c = compile(lambda x: x * ad.value(x))
    with pytest.warns(CompileWarning, match="constant of the recording"):
        assert c(2.0) == 4.0
    assert c(3.0) == 6.0
    assert c.notes == ["ad.value of a traced value: a constant of the recording"]


def test_a_decorator_with_options_and_copies():
    @compile(backend="numpy")
    def double(x):
        return 2 * x

    assert double(3.0) == 6.0
    other = copy.deepcopy(double)
    assert other(4.0) == 8.0
    assert len(other.specialisations) == 1


def test_numbers_that_are_no_floats_keep_their_type():
    result = compile(lambda x: (x, 3, True))(1.0)
    assert [type(y) for y in result] == [float, int, bool]


def test_functions_that_cannot_be_traced_say_so():
    import math

    with pytest.raises(TypeError, match=r"write ad\.sin"):
        compile(lambda x: math.sin(x))(1.0)


def counted(x):
    global COUNT
    COUNT += 1
    return x * COUNT


def test_state_that_is_bound_anew_each_time_is_never_frozen():
    f = compile(counted)
    start = COUNT
    with pytest.warns(CompileWarning, match="counted changes the global COUNT at each run") as seen:
        results = [f(1.0) for _ in range(8)]
    assert len(seen) == 1
    assert not f.specialisations
    assert results == sorted(set(results))
    assert results[0] > start
    assert results[-1] == COUNT


def test_the_limit():
    f = compile(lambda x, n: (x * n).sum(), limit=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in (1, 2, 3):
            assert f(np.ones(size), 2) == 2.0 * size
        assert f(np.ones(2), 2) == 4.0
    with pytest.warns(CompileWarning) as seen:
        assert [f(np.ones(4), 3), f(np.ones(5), 3)] == [12.0, 15.0]
    (warning,) = seen
    assert str(warning.message) == (
        "<lambda> has been recorded 3 times, the limit: argument 0 was float64[2], float64[3], "
        "float64[1]: pad or cut to few shapes. Calls unlike these run it as it is, without "
        "compilation, unless limit= is raised"
    )
    assert warning.filename == __file__
    assert len(f.specialisations) == 3
    assert f(np.ones(3), 2) == 6.0


@pytest.mark.parametrize(
    ("f", "calls", "message"),
    [
        (lambda x, n: x * n, [(1.0, n) for n in range(9)], "argument 1 was .*: pass a float"),
        (lambda x, how: x, [(1.0, str(n)) for n in range(9)], "compile a function of the other"),
        (lambda *x: x[0], [(1.0,) * n for n in range(1, 10)], "structure of the arguments varied"),
        (
            lambda x: x * 2,
            [(np.ones(n // 2, ["f4", "f8"][n % 2]),) for n in range(9)],
            "one dtype and shape",
        ),
        (
            lambda x: sum([1.0 for n in range(20) if x > n]) * x,
            [(n + 0.5,) for n in range(9)],
            "control flow took other branches.*results of greater; ad.where",
        ),
    ],
)
def test_the_hint_names_what_varied(f, calls, message):
    c = compile(f)
    with pytest.warns(CompileWarning, match="anew at each of 8 calls.*" + message) as seen:
        results = [c(*args) for args in calls]
    assert len(seen) == 1
    for found, args in zip(results, calls, strict=True):
        np.testing.assert_allclose(found, f(*args))


def test_names_that_are_bound_anew_at_each_call_are_named():
    w = np.ones(3)

    def loss(x):
        return (w * x).sum()

    def steps(n):
        nonlocal w
        for _ in range(n):
            w = w * 0.5
            yield c(X) / loss(X)

    c = compile(loss, limit=4)
    with pytest.warns(CompileWarning, match="the variable w changed: pass it as an argument"):
        found = list(steps(6))
    np.testing.assert_allclose(found, 1.0, rtol=1e-15)


def test_items_and_entries_that_change_are_named():
    items, a = [1.0], np.ones(2)
    c = compile(lambda x: x * items[0] + (a * 2)[0], limit=2)
    c(1.0)
    items[0] = 2.0
    c(1.0)
    a[0] = 2.0
    with pytest.warns(CompileWarning, match="an item of the variable items changed"):
        assert c(1.0) == 6.0
    c.clear()
    c(1.0)
    a[0] = 3.0
    c(1.0)
    a[0] = 4.0
    with pytest.warns(CompileWarning, match="limit: the entries of the variable a changed"):
        assert c(1.0) == 10.0


def test_warnings_that_are_errors_leave_it_usable():
    f = compile(lambda x: x * 2, limit=1)
    f(np.ones(1))
    with pytest.raises(CompileWarning):
        f(np.ones(2))
    assert f(np.ones(3)).tolist() == [2.0] * 3
