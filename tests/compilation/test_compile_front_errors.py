"""Errors of operations steer a compiled function as they steer the function itself."""

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import compile

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

BACKENDS = ("interpreter", "numpy", "llvm")
GOOD, BAD = np.array([[2.0, 0.0], [0.0, 3.0]]), np.array([[-1.0, 0.0], [0.0, 0.0]])


def attempt(operation):
    def f(a):
        try:
            y = operation(a)
        except np.linalg.LinAlgError:
            y = operation(a + 4 * np.eye(2))
        return y.sum()

    return f


def decides(operation):
    def works(a):
        try:
            operation(a)
        except np.linalg.LinAlgError:
            return False
        return True

    return lambda a: a.sum() * (2.0 if works(a) else 5.0)


def raised(how):
    def f(a):
        with np.errstate(**how):
            try:
                y = 1.0 / a
            except FloatingPointError:
                y = a * 3.0
        return y.sum()

    return f


ERRORS = {
    "cholesky": attempt(np.linalg.cholesky),
    "inv": attempt(np.linalg.inv),
    "solve": attempt(lambda a: np.linalg.solve(a, np.ones(2))),
    "tries cholesky": decides(np.linalg.cholesky),
    "tries inv": decides(np.linalg.inv),
    "all raise": raised({"all": "raise"}),
    "division raises": raised({"divide": "raise"}),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("order", [(GOOD, BAD), (BAD, GOOD)], ids=["good first", "bad first"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_steer_a_compiled_function_as_they_do_without(name, order, backend):
    f = ERRORS[name]
    c, slope = compile(f, backend), compile(ad.grad(f), backend)
    for a in (*order, *order, *order):
        np.testing.assert_allclose(c(a), f(a), rtol=1e-12)
        np.testing.assert_allclose(slope(a), ad.grad(f)(a), rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_error_is_raised_though_nothing_reads_the_result(backend):
    def f(a):
        np.linalg.cholesky(a)
        return a.sum()

    c = compile(f, backend)
    assert c(GOOD) == c(GOOD) == 5.0
    with pytest.raises(np.linalg.LinAlgError):
        c(BAD)


def test_a_refusal_that_is_caught_is_not_replayed():
    def f(x):
        try:
            return x * float(x)
        except TypeError:
            return x * 0.0

    c = compile(f, "numpy")
    c(2.0)
    assert not c.specialisations
