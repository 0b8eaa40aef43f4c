"""Counts against the engines: what they calculate on values that note every operation, for every
problem, for the derivatives that are functions again, and for a function of each chapter."""

from collections import Counter

import golden_functions
import numpy as np
import pytest
from golden_points import NEED_SCIPY, POINTS
from metered import forward_operations, reverse_operations

import admodes as ad
from admodes.cli.compose import Of, composed
from admodes.cli.target import Target
from admodes.problems import PROBLEMS
from admodes.programs.count import counted, counts_of
from admodes.programs.replay import again

COMPLEX = ("complex_numbers", "fourier")
"""A list whose rows are complex is not run again on values that are not plain."""

MOST = 4
"""How many results a reverse sweep starts from, one after another."""

Y_ABOVE_1 = {"arithmetic": (POINTS["arithmetic"]["x"], POINTS["arithmetic"]["y"] + 2.5)}
"""Where x^y is flat for some entries alone, the engines make two products of values that are not
plain, and choose."""


def arrays(xs):
    """A point of a problem, whose arrays may be written as tuples."""
    return tuple(np.array(x, float) if np.ndim(x) else float(x) for x in xs)


def of_problem(name, of):
    problem = PROBLEMS[name]
    names = tuple(problem.at)
    target = Target(problem.function, names, arrays(problem.at.values()), None, "", None, names)
    target = composed(target, of)
    return target.function, target.args


def derivatives_of(name):
    """What is taken of a problem: itself, and the derivatives that it has."""
    y = PROBLEMS[name].function(*arrays(PROBLEMS[name].at.values()))
    one = not isinstance(y, tuple | list) and np.ndim(y) == 0
    return (Of.f, Of.grad, Of.hvp) if one else (Of.f, Of.jacobian)


CASES = {f"{of} of {name}": (name, of) for name in PROBLEMS for of in derivatives_of(name)}


def priced(costs):
    """The arithmetic: the engines change signs where a partial is the literal -1, which is free,
    and stretch arrays where they meet others."""
    return {k: n for k, n in costs.items() if n and k not in ("negations", "moves")}


def agrees(f, args):
    """Both sweeps; what the function and its partials take comes back, as counted and as run."""
    recorded = counted(f, args)
    counts, program = counts_of(recorded), recorded.program
    run, xs = again(program), [program.value(x) for x in program.inputs]
    taken = forward_operations(run, xs)
    for sweep in counts.forward.values():
        assert priced(taken[True]) == priced(sweep)
    for k, (y, sweep) in enumerate(list(counts.reverse.items())[:MOST]):
        assert priced(reverse_operations(run, xs, k)[True]) == priced(sweep), y
    return Counter(counts.f) + Counter(counts.partials), taken[False]


@pytest.mark.parametrize("case", CASES)
def test_problems_and_their_derivatives(case):
    name, of = CASES[case]
    f, args = of_problem(name, of)
    shared, taken = agrees(f, args)
    if of is Of.f and not any(np.ndim(x) for x in args):
        del shared["comparisons"], taken["comparisons"]
        assert priced(shared) == priced(taken)


@pytest.mark.parametrize("name", sorted(POINTS.keys() - set(NEED_SCIPY) - set(COMPLEX)))
def test_functions_of_each_chapter(name):
    args = Y_ABOVE_1.get(name, tuple(POINTS[name].values()))
    agrees(getattr(golden_functions, name), arrays(args))


@pytest.mark.parametrize(
    ("f", "products"),
    [
        (lambda x, y: ad.floor(x) * y, 1),
        (lambda x, y: (x > 1) * x * y, 3),
        (lambda x, y: ad.where(x > 0, 1.0, 0.0) * y, 1),
        (lambda x, y: ad.where(x > 0, 1.0, 0.0) + ad.sign(y), 0),
        (lambda x, y: ad.floor(x) ** 2 * y, 1),
    ],
    ids=["floor", "test", "choice", "nothing", "square of a floor"],
)
def test_rows_that_no_input_reaches_are_constants(f, products):
    """Written out: floor(x) y takes one product a sweep, for y."""
    counts = ad.count(f, 2.5, 3.0)
    assert [c.get("multiplications", 0) for c in counts.forward.values()] == [products] * 2
    (reverse,) = counts.reverse.values()
    assert reverse.get("multiplications", 0) == products
    agrees(f, (2.5, 3.0))


def test_partials_by_rows_that_no_input_reaches_cost_nothing():
    assert ad.count(lambda x, y: ad.cos(ad.floor(x)) * y, 2.5, 3.0).partials == {}
    # Of a quotient q = y / a the partial by y is 1 / a, a constant; of a / y it is -q / y.
    assert ad.count(lambda x, y: y / ad.floor(x), 2.5, 3.0).partials == {}
    quotient = ad.count(lambda x, y: ad.floor(x) / y, 2.5, 3.0)
    assert quotient.partials == {"negations": 1, "divisions": 1}


def test_a_sweep_of_all_outputs_visits_no_row_that_no_input_reaches():
    x, y = np.full(4, 2.5), np.full(4, 3.0)
    counts = ad.count(lambda x, y: (np.floor(x) * y, y), x, y, rows="array")
    # One product for each entry of y, to which the seed of the second output is added.
    assert counts.together == {"multiplications": 4, "additions": 4}
    # Of floor, sine and sum the adjoints go through the sum alone.
    assert ad.count(lambda x: ad.sin(ad.floor(x)) + x, 2.5).depth["reverse"] == 1


def test_a_row_without_tangent_is_no_tangent_in_memory():
    # floor(x) is a number beside the product: two inputs with tangents, then y and the result.
    counts = ad.count(lambda x, y: ad.floor(x) * y, 2.5, 3.0)
    assert counts.memory == {"f": 24, "forward": 40, "reverse": 32 + 16}
