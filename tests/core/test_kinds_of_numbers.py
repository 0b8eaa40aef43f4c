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


DERIVATIVES = {
    "grad": ad.grad,
    "forward": lambda f: ad.jacobian(f, mode="forward"),
    "reverse": lambda f: ad.jacobian(f, mode="reverse"),
    "jvp": lambda f: lambda x: ad.jvp(f, (x,), (np.ones_like(x),)),
    "hessian": ad.hessian,
}


@pytest.mark.parametrize("x", [True, False, np.True_, np.array(True)], ids=repr)
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_truth_value_is_a_number_where_it_is_differentiated(derivative, x):
    """The derivative of a sum of two was 1, as of their logical or, and compiled it was 0."""
    for f in (lambda x: x + x, lambda x: x * x - x, lambda x: 2.0 * np.sin(x)):
        slope = DERIVATIVES[derivative](f)
        expected = slope(float(x))
        assert slope(x) == expected
        for backend in BACKENDS:
            assert ad.compile(slope, backend=backend)(x) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("backend", [None, *BACKENDS])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_derivatives_have_the_byte_order_of_the_machine(derivative, backend):
    x = np.linspace(0.5, 1.5, 4)
    slope = DERIVATIVES[derivative](lambda x: (x[1:] * x[:-1]).sum())
    run = ad.compile(slope, backend=backend) if backend else slope
    found, expected = run(x.astype(x.dtype.newbyteorder())), run(x)
    if derivative != "jvp":
        found, expected = (found,), (expected,)
    for y, z in zip(found, expected, strict=True):
        assert isinstance(y, float) or y.dtype.isnative
        np.testing.assert_array_equal(y, z)
