"""Truth values of Python's numbers in NumPy's ufuncs: as NumPy has it, a ufunc sees truth values of
its own and gives them, so that + is or from there on, in every interpreter. The reference is the
same function of the plain number."""

import warnings
from importlib.util import find_spec

import numpy as np
import pytest

import admodes as ad
from admodes.core.tables import UFUNCS

BACKENDS = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]
APART = {"floor", "ceil", "trunc"}
"""Versions of NumPy differ: truth values or numbers of half precision."""
KNOWN = sorted(
    (
        u
        for u in UFUNCS
        if u.nout == 1
        and u.nin <= 2
        and not u.signature
        and getattr(np, u.__name__, None) is u
        and u.__name__ not in APART
    ),
    key=lambda u: u.__name__,
)
OTHERS = {
    "a number": lambda x: x,
    "one": lambda x: 1,
    "True": lambda x: True,
    "a truth": lambda x: x > 0.5,
    "a false one": lambda x: x > 5.0,
    "a truth of NumPy": lambda x: np.greater(x, 0.5),
}


def interpreted(f, x):
    yield "forward", ad.jvp(f, (x,), (1.0,))
    yield "reverse", (ad.vjp(f, x)[0], ad.grad(f)(x))
    yield "Variable", (ad.value(f(ad.Variable(x))), None)
    p = ad.record(f, x)
    yield "record", (p(x), ad.grad(p)(x))
    both = lambda t: (f(t), ad.grad(f)(t))  # noqa: E731
    for backend in BACKENDS:
        yield backend, ad.compile(both, backend=backend)(x)


def plain(f, x):
    """What NumPy makes of it, None where it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return f(x)
        except (TypeError, RuntimeWarning, DeprecationWarning):
            return None


def agree(f, x):
    wanted = plain(f, x)
    if wanted is None:
        return False
    slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    for how, (y, s) in interpreted(f, x):
        # NumPy has half precision where a ufunc has no truth values to give.
        np.testing.assert_allclose(y, wanted, rtol=1e-3, err_msg=how)
        if s is not None and np.isfinite(slope) and np.asarray(wanted).dtype == float:
            np.testing.assert_allclose(s, slope, rtol=1e-5, atol=1e-5, err_msg=how)
    return True


@pytest.mark.parametrize("ufunc", KNOWN, ids=lambda u: u.__name__)
def test_a_ufunc_of_truth_values_of_numbers_is_numpys(ufunc):
    for name, other in OTHERS.items():
        given = (lambda x: (x > 1.0,)) if ufunc.nin == 1 else (lambda x: (x > 1.0, other(x)))
        agree(lambda x: ufunc(*given(x)) * x, 2.0)
        agree(lambda x: (ufunc(*given(x)) + (x > 0.0)) * x, 2.0)
        if ufunc.nin == 1:
            assert name == "a number"
            return


COMPARISONS = ["greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "isfinite"]


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_that_are_ufuncs_give_truth_values_of_numpy(name):
    ufunc = getattr(np, name)

    def test(x, c):
        return ufunc(x, c) if ufunc.nin == 2 else ufunc(x)

    for c in (1.0, 2.0, 3.0):
        assert agree(lambda x: (test(x, c) + test(x, 2.0)) * x, 2.5)
        assert agree(lambda x: (test(x, c) + (x > 1.0)) * x, 2.5)
        assert agree(lambda x: ((x > 1.0) + (x > c)) * x, 2.5)


def test_choices_between_truth_values_are_truth_values():
    for a, b in ((1.0, 3.0), (3.0, 1.0), (3.0, 3.0)):
        assert agree(lambda x: (np.where(x > a, x > b, x > 0) + (x > 0)) * x, 2.0)
        assert agree(lambda x: (np.where(x > a, True, x > b) + (x > 0)) * x, 2.0)
        assert agree(lambda x: (np.where(x > a, x > b, False) + (x > 1)) * x, 2.0)


def test_a_traced_exponent_of_ldexp_is_whole_or_refused():
    assert ad.compile(lambda x: np.ldexp(x, x > 1.0))(1.5) == 3.0
    with pytest.raises(TypeError, match=r"write a \* 2.0\*\*n"):
        ad.grad(lambda x: np.ldexp(2.0, x))(1.5)
