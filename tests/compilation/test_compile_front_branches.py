"""Control flow on recorded values: every sequence of calls gives what the function itself gives."""

from dataclasses import replace

import numpy as np
import pytest
from branching_programs import ARRAYS, NUMBERS, POINTS, SPECIAL, agree, eager, programs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admodes as ad
from admodes.compilation import compile
from admodes.compilation.interpreter import build, interpret
from admodes.compilation.protocol import MISS
from admodes.core.record import Guard, record
from admodes.optimisation.optimised import Optimised
from admodes.programs.replay import same

pytestmark = [
    pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning"),
    pytest.mark.filterwarnings("ignore::admodes.KinkWarning"),
]

BACKENDS = ("interpreter", "numpy")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    programs(),
    st.lists(st.tuples(SPECIAL, SPECIAL), min_size=2, max_size=6),
    st.sampled_from(BACKENDS),
)
def test_random_branching_programs(f, points, backend):
    c = compile(f, backend)
    for args in [*points, *points]:
        agree(c(*args), eager(f, *args))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    programs(),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=4),
    st.sampled_from(BACKENDS),
)
def test_derivatives_of_random_branching_programs(f, points, backend):
    g = ad.grad(f, argnums=(0, 1))
    h = ad.hessian(f, argnums=(0, 1))
    cg, ch = compile(g, backend), compile(h, backend)
    for args in [*points, *points]:
        # Terms of order 1 may cancel, and are added in another order.
        agree(cg(*args), g(*args), 1e-13)
        agree(ch(*args), h(*args), 1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", ARRAYS.values(), ids=list(ARRAYS))
def test_decisions_on_arrays(backend, f):
    c = compile(f, backend, limit=32)
    g = ad.jacobian(f)
    cg = compile(g, backend, limit=32)
    for x in POINTS * 2:
        with np.errstate(all="ignore"):
            agree(c(x), f(x))
        if not np.isnan(x).any():
            agree(cg(x), g(x))
    assert all(s.runs for s in c.specialisations)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loop_whose_bound_depends_on_a_value(backend):
    def f(x):
        n = 0
        while x > 1:
            x, n = x * 0.5, n + 1
        return x, n

    c = compile(f, backend)
    for x in (0.5, 8.0, 9.0, 7.9, 8.0, 100.0, 0.9):
        assert c(x) == f(x)
    assert len(c.specialisations) == 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_case_used_last_is_tried_first(backend):
    c = compile(lambda x: x if x > 0 else -x, backend)
    c(1.0)
    one = c.specialisations[0]
    c(-1.0)
    other = c.specialisations[0]
    assert one is not other
    c(2.0)
    assert c.specialisations == (one, other)
    assert (one.runs, other.runs) == (2, 1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_arithmetic_that_python_refuses_has_the_values_of_arrays(backend):
    c = compile(lambda x, y: (1 / x, ad.ln(x), x**y, ad.exp(y)), backend)
    c(2.0, 2.0)
    for args in ((0.0, 1.0), (-1.0, 0.5), (1e200, 1e3), (0.0, -1.0)):
        x, y = map(np.float64, args)
        with np.errstate(all="ignore"):
            agree(c(*args), (1 / x, np.log(x), x**y, np.exp(y)))
    assert len(c.specialisations) == 1


def test_the_interpreter_checks_decisions_in_their_place():
    """A decision that no longer holds stops the run before rows that would fail."""
    program = record(lambda x, i: x[i > 0.0] if x.sum() > 0 else x, np.ones(3), np.ones(3))
    assert interpret(program, [np.ones(3), np.ones(3)])[0].tolist() == [1.0] * 3
    assert interpret(program, [-np.ones(3), np.ones(3)]) is MISS
    assert interpret(program, [np.ones(3), -np.ones(3)]) is MISS


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        (np.nan, np.nan, True),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, np.nan]), np.array([np.nan, 1.0]), False),
        (np.array([1, 2]), np.array([1.0, 2.0]), False),
        (np.array([[1, 2]]), np.array([1, 2]), False),
        ((np.array([1]), slice(0, 2)), (np.array([1]), slice(0, 2)), True),
        ((np.array([1]),), (np.array([2]),), False),
        ((1, 2), [1, 2], False),
        (True, 1, False),
        (None, None, True),
        (3, None, False),
        (np.intp(3), np.intp(3), True),
        (np.array(["a"]), np.array(["a"]), True),
        (complex(1, np.nan), complex(1, np.nan), True),
    ],
)
def test_when_two_decisions_are_the_same(a, b, alike):
    assert same(a, b) is alike


def test_decisions_without_rows_are_checked_first():
    program = record(lambda x: x * 2, 1.0)
    program.guards.append(Guard(lambda a: a, (False,), True))
    assert interpret(program, [1.0]) is MISS


def test_the_exact_program_is_run_where_a_suspect_is_not_finite():
    exact = record(lambda x, y: (ad.strong_mul(x, y), y), 1.0, 1.0)
    fast = Optimised.of(record(lambda x, y: (x * y, y), 1.0, 1.0))
    for suspects, expected in (([], np.nan), ([1], np.nan), ([0], 0.0)):
        found = build(replace(fast, suspects=suspects), exact)(np.inf, 0.0)
        np.testing.assert_equal(found, [expected, 0.0])


def test_exact_programs_have_the_bits_of_eager_evaluation():
    w = np.linspace(-1, 1, 12).reshape(3, 4)
    g = ad.grad(lambda x: (np.tanh(w @ x) ** 2).sum() / 3 + np.exp(x).sum())
    c = compile(g, "interpreter", exact=True)
    for k in range(5):
        x = np.cos(np.arange(4.0) + k)
        assert np.array_equal(c(x), g(x))
