"""The figures of routes against those derived by hand, and against other parts of the package."""

import numpy as np
import pytest

import admodes as ad
from admodes.core.record import record
from admodes.lab.advice.loops import rounds_of
from admodes.lab.advice.routes import DIFFERENCES, differences
from admodes.lab.advice.subject import Subject
from admodes.problems.scenario import Scenario


def options(found):
    return {option.route: option for option in found.options}


def product(x):
    p = x[0]
    for i in range(1, len(x)):
        p = p * x[i]
    return p


@pytest.mark.parametrize("n", [2, 3, 16])
def test_a_product_of_n_numbers(n):
    """n - 1 products: each takes two multiplications in either mode, and an addition forward."""
    found = options(ad.advise(product, np.full(n, 1.5)))
    one = 2 * (n - 1)
    assert found["forward"].operations == {
        "additions": n * (n - 1),
        "multiplications": n * one,
        "total": n * (one + n - 1),
    }
    assert found["reverse"].operations == {"multiplications": one, "total": one}


def test_sines_by_entry():
    """y = sin x: a cosine for each partial; a sweep multiplies each tangent by it."""
    n = 7
    found = options(ad.advise(lambda x: np.sin(x), np.arange(1.0, n + 1)))
    counts = ad.count(lambda x: np.sin(x), np.arange(1.0, n + 1))
    for mode in ("forward", "reverse"):
        swept = counts.totals[mode]
        assert found[mode].operations["functions"] == n
        assert found[mode].operations["multiplications"] == swept["multiplications"]


def test_a_map_given_by_a_matrix_of_the_arguments():
    """y = A x by both: a sweep forward is A' x + A x', one in reverse ȳ xᵀ and Aᵀ ȳ."""
    m, n = 3, 4
    found = ad.advise(lambda a, x: a @ x, np.ones((m, n)), np.ones(n))
    assert (found.inputs, found.outputs) == (m * n + n, m)
    by = options(found)
    assert by["forward"].operations["multiplications"] == 2 * m * n * (m * n + n)
    assert by["reverse"].operations["multiplications"] == 2 * m * n * m


def test_operations_are_those_of_count():
    def f(x):
        return np.stack([ad.exp(x[0] * x[1]), x[1] / x[2]])

    x = np.array([0.5, 1.0, 2.0])
    counts = ad.count(f, x)
    found = options(ad.advise(f, x))
    for mode in ("forward", "reverse"):
        expected = sum(counts.partials.values()) + sum(counts.totals[mode].values())
        assert found[mode].operations["total"] == expected


@pytest.mark.parametrize("of", ["gradient", "hessian"])
def test_moves_of_entries_are_no_operations(of):
    def f(x):
        return np.sum(np.roll(x, 1, axis=0) * x)

    x = np.ones((3, 2))
    assert ad.count(f, x).f["moves"] > 0
    for option in ad.advise(f, x, of=of).options:
        kinds = dict(option.operations)
        assert "moves" not in kinds
        assert kinds.pop("total") == sum(kinds.values())


def test_bytes_of_an_entrywise_chain():
    """y = sin(cos x): two arrays live beside their tangents or all values beside two adjoints."""
    n = 10
    found = options(ad.advise(lambda x: np.sin(np.cos(x)), np.arange(1.0, n + 1)))
    assert found["forward"].bytes == 2 * 8 * n * (1 + n)
    assert found["reverse"].bytes == 3 * 8 * n + 2 * n * 8 * n


def test_differences_take_n_more_evaluations():
    found = options(ad.advise(lambda x: np.sin(x), np.ones(5)))["finite differences"]
    assert found.sweeps == 6
    assert found.operations["functions"] == 5 * 5
    assert found.operations["additions"] == found.operations["divisions"] == 25


def quadratic(x):
    """The Hessian is the same everywhere, and differences of it are as good as exact."""
    return x[0] * x[1] + 2.0 * x[1] * x[2] + np.sum(x * x)


@pytest.mark.parametrize(
    ("of", "evaluations"),
    [("gradient", 4), ("jacobian", 4), ("hessian", 1 + 3 + 6), ("hvp", 2 * 3 + 2)],
)
def test_differences_are_of_the_derivative_that_is_asked_for(of, evaluations):
    calls = []

    def f(x):
        calls.append(float(x[0]))  # a function that cannot be differentiated
        return quadratic(np.asarray(x, float))

    x = np.array([1.0, 2.0, 3.0])
    at = Subject(f, (x,), {}, 0, of)
    route = differences(at)
    assert route.sweeps == evaluations
    calls.clear()
    found = route.run(x)
    assert len(calls) == evaluations
    scenario = Scenario("quadratic", quadratic, (x,), (0,), of)
    exact = scenario.flat(scenario.derivative()(x))
    np.testing.assert_allclose(np.ravel(found), np.ravel(exact), rtol=1e-4, atol=1e-4)
    timed = options(ad.advise(f, x, of=of, measure=True))[DIFFERENCES]
    assert timed.time_s > 0
    assert timed.sweeps == evaluations


def test_operations_of_second_differences():
    """6 pairs of 3 numbers: three additions, the product of two steps and a division each."""
    x = np.array([1.0, 2.0, 3.0])
    of_f = ad.count(quadratic, x).f
    found = options(ad.advise(quadratic, x, of="hessian"))[DIFFERENCES].operations
    assert found["divisions"] == 6
    assert found["additions"] == 9 * of_f["additions"] + 18
    assert found["multiplications"] == 9 * of_f["multiplications"] + 6
    along = options(ad.advise(quadratic, x, of="hvp"))[DIFFERENCES].operations
    assert along["divisions"] == 9
    assert along["additions"] == 7 * of_f["additions"] + 9


def test_sweeps_of_a_sparse_matrix_are_its_colors():
    def f(x):
        return np.concatenate([np.sum(x * x, keepdims=True), x[1:] * x[0]])

    x = np.linspace(1.0, 2.0, 50)
    found = options(ad.advise(f, x))
    sparse = next(o for route, o in found.items() if route.startswith("sparse"))
    assert sparse.sweeps == sum((s.forward_sweeps + s.reverse_sweeps) for s in [ad.sparsity(f, x)])


def test_sweeps_of_second_derivatives():
    def f(x):
        return product(x) + np.sum(x**3)

    x = np.linspace(1.0, 2.0, 4)
    hessian = options(ad.advise(f, x, of="hessian"))
    assert {hessian[route].sweeps for route in hessian if "-over-" in route} == {4}
    hvp = options(ad.advise(f, x, of="hvp"))
    assert hvp["forward-over-reverse"].sweeps == hvp["reverse-over-reverse"].sweeps == 1
    assert hvp["reverse-over-forward"].sweeps == 1
    assert hvp["forward-over-forward"].sweeps == 4
    assert {o for o in hvp if "-over-" in o} == set(ad.derivatives.gradients.COMPOSITIONS)


def test_the_rounds_of_a_loop():
    def f(x):
        y = np.cos(x)
        for _ in range(30):
            y = y + 0.1 * np.sin(y) * x
        return np.sum(y)

    n = 5
    found = rounds_of(record(f, np.ones(n)))
    assert found.operations == {"additions": n, "multiplications": 2 * n, "functions": n}
    assert found.round_bytes == 4 * 8 * n
    assert found.state_bytes == 8 * n
    schedule = ad.revolve(30)
    assert found.again == schedule.evaluations - 30
    assert found.bytes == (3 * n + 1) * 8 - 8 * n + schedule.states * 8 * n + 4 * 8 * n


def test_a_list_without_a_loop_has_no_rounds():
    assert rounds_of(record(lambda x: np.sin(x) * np.cos(x) + np.exp(x), np.ones(3))) is None
    assert rounds_of(record(lambda x: x, 1.0)) is None
