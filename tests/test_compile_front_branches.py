"""Control flow on recorded values: every sequence of calls gives what the function itself gives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admodes as ad
from admodes.compilation import compile
from admodes.compilation.interpreter import build, interpret, same
from admodes.compilation.protocol import MISS
from admodes.core.record import Guard, record

pytestmark = [
    pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning"),
    pytest.mark.filterwarnings("ignore::admodes.KinkWarning"),
]

BACKENDS = ("interpreter", "numpy")
NUMBERS = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 2) + 0.0)
SPECIAL = st.one_of(NUMBERS, st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0]))

TERMS = [
    lambda x, y: x * y + 1.0,
    lambda x, y: ad.sin(x) - y,
    lambda x, y: ad.maximum(x, y) * 0.5,
    lambda x, y: x / (1.0 + y * y),
    lambda x, y: abs(x) ** 0.5,
]
TESTS = [
    lambda x, y: x > y,
    lambda x, y: x <= 0.5,
    lambda x, y: x != y,
    lambda x, y: (x < y) or (y < 0),
    lambda x, y: bool(x) and x != 1.0,
]


def program(draw, depth):
    """A function of two numbers: a term, a choice between two functions, or a loop."""
    kind = draw(st.sampled_from(["term", "if", "loop", "sort"] if depth else ["term"]))
    term = draw(st.sampled_from(TERMS))
    if kind == "term":
        return term
    test = draw(st.sampled_from(TESTS))
    one, other = program(draw, depth - 1), program(draw, depth - 1)
    if kind == "if":
        return lambda x, y: one(x, term(x, y)) if test(x, y) else other(term(x, y), y)

    def loop(x, y):
        for _ in range(3):
            if not test(x, y):
                return one(x, y)
            x, y = term(x, y), other(x, y)
        return x

    if kind == "loop":
        return loop
    return lambda x, y: one(min(x, y), max(x, y)) + sum(sorted([x, term(x, y), y])[:2])


@st.composite
def programs(draw):
    return program(draw, draw(st.integers(1, 3)))


def agree(a, b, small=1e-300):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=small)


def eager(f, *args):
    """The function on NumPy's numbers, where domain errors are values."""
    with np.errstate(all="ignore"):
        return f(*map(np.float64, args))


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


ARRAYS = {
    "any": lambda x: x * 2 if np.any(x > 2) else x + 1,
    "all": lambda x: x * 2 if (x > 0).all() else x + 1,
    "argmax": lambda x: x * x[np.argmax(x)],
    "argsort": lambda x: x[np.argsort(x)] * np.arange(4.0),
    "mask": lambda x: x[x > 0] * 2,
    "masked sum": lambda x: x[x > 0].sum() + x.size * x[0],
    "nonzero": lambda x: x[np.nonzero(x > 0)[0]] ** 2,
    "where": lambda x: np.where(x > 0, x, 0.1 * x),
    "branch on an entry": lambda x: x if x[0] > x[1] else np.exp(x),
    "norm": lambda x: x / np.linalg.norm(x) if np.linalg.norm(x) > 1 else x,
    "loop": lambda x: _halved(x),
    "max of list": lambda x: max(list(x)) * x,
    "sorted": lambda x: np.stack(sorted(x, reverse=True)),
    "clip": lambda x: np.clip(x, -0.5, 0.5),
    "median": lambda x: np.median(x) * x,
    "count": lambda x: x * np.count_nonzero(x > 0),
    "searchsorted": lambda x: x * np.searchsorted(np.sort(x), 0.0),
    "isnan": lambda x: np.where(np.isnan(x), 0.0, x),
    "unique truth": lambda x: x if bool((x[:2] == x[2:]).all()) else x * 3,
    "prefix": lambda x: sum([v for v in x if v > 0], 0.0) * x,
}
POINTS = [
    np.array([1.0, 2.0, 3.0, 4.0]),
    np.array([-1.0, 2.0, -3.0, 4.0]),
    np.array([0.0, 0.0, 0.0, 0.0]),
    np.array([4.0, -2.0, 0.25, -1.0]),
    np.array([1.0, 2.0, 1.0, 2.0]),
    np.array([np.nan, 1.0, -1.0, 2.0]),
]


def _halved(x):
    while np.abs(x).sum() > 1:
        x = x / 2
    return x


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
    fast = record(lambda x, y: (x * y, y), 1.0, 1.0)
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
