"""Numbers of NumPy and of Python in every interpreter: comparisons of the first give truth values
of NumPy, of which + is or; those of Python's numbers add up."""

import warnings

import numpy as np
import pytest

import admodes as ad

FUNCTIONS = {
    "sum": lambda x, y: ((x > 0) + (x > 1)) * y,
    "product": lambda x, y: ((x > 0) * (x > 1) + (y < 0)) * x * y,
    "or": lambda x, y: ((x > 0) | (x > 1)) * y + x,
    "branch": lambda x, y: x * y if x > 1 else x + y,
    "difference of the other": lambda x, y: ((y > 0) + (x > 0) + (x > 1)) * x,
    "none": lambda x, y: x * y + np.sin(x),
}
KINDS = {
    "float": (float, float),
    "float64": (np.float64, np.float64),
    "shape ()": (np.asarray, np.asarray),
    "mixed": (float, np.float64),
}
BACKENDS = ("interpreter", "numpy", "llvm")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_kind_of_number_gives_what_the_function_gives(name, backend):
    f = FUNCTIONS[name]
    compiled = ad.compile(f, backend=backend)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            for kind in ("float", "float64", "shape ()"):
                first, second = KINDS[kind]
                args = first(2.0), second(3.0)
                assert compiled(*args) == f(*args), kind
    compares = any(p.steps and any(s.is_test for s in p.steps) for p in compiled.programs)
    assert len(compiled.specialisations) == 1 + compares


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind, backend):
    first, second = KINDS[kind]
    for f in FUNCTIONS.values():
        g = ad.grad(f, argnums=(0, 1))
        args = first(2.0), second(3.0)
        expected = g(*args)
        assert ad.compile(g, backend=backend)(*args) == pytest.approx(expected)


def test_many_numbers_in_a_list():
    def f(xs):
        return sum(((x > 0) + (x > 1)) * x for x in xs)

    compiled = ad.compile(f)
    xs = [0.5 + i for i in range(8)]
    for _ in range(2):
        for given in (xs, list(map(np.float64, xs))):
            assert compiled(given) == f(given)
    assert len(compiled.specialisations) == 2


@pytest.mark.parametrize("kind", [float, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_traces_recordings_and_proofs_see_the_same_kind_of_number(name, kind):
    f = FUNCTIONS[name]
    args = kind(2.0), kind(3.0)
    slopes = ad.grad(f, argnums=(0, 1))(*args)
    trace = ad.trace(f, *args)
    assert trace.outputs[0]["value"] == ad.record(f, *args).as_function()(*args) == f(*args)
    assert trace.jacobian["reverse"] == [list(slopes)]
    assert ad.verify(f, *args).passed


def test_entries_of_an_array_are_numbers_of_numpy():
    def f(x):
        return ((x[0] > 0) + (x[0] > 1)) * x[1]

    x = np.array([2.0, 3.0])
    assert ad.grad(f)(x).tolist() == [0.0, 1.0]
    assert ad.trace(f, x).jacobian["reverse"] == [[0.0, 1.0]]
    assert ad.verify(f, x).passed
