"""Programs that branch on what they compute, and points where they branch differently."""

import numpy as np
from hypothesis import strategies as st

import admodes as ad

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
