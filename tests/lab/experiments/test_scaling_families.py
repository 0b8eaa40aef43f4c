"""The families of the scaling experiment: what they compute, and slopes of their exact counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

import admodes as ad
from admodes.lab.experiments.families import FAMILIES, PLAIN, UserFamily
from admodes.lab.experiments.scaling import scale

SIZES = {"n": [2, 4, 8], "m": [1, 2, 8]}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return FAMILIES[request.param]


def member(family, n, m, length):
    case = family.case({"n": n, "m": m, "length": length})
    return case.traced, case.args


def test_slopes_of_exact_counts(family):
    """n forward sweeps and m reverse sweeps: 1.00 ± 0.01 and 0 for the other, on every family."""
    of_n, of_m = scale(SIZES, repeats=None, functions=[family.name]).experiments
    for e, wanted in ((of_n, {"forward": 1, "reverse": 0}), (of_m, {"forward": 0, "reverse": 1})):
        slopes = e.slopes()
        for mode, slope in wanted.items():
            assert slopes["exact"][mode] == pytest.approx(slope, abs=0.01), (e.varied, mode)
            assert slopes["theory"][mode] == slope
            lower, upper = slopes["confidence"]["exact"][mode]
            assert lower <= slopes["exact"][mode] <= upper
        assert slopes["measured"] == {}
        for p in e.points:
            assert p.costs["reverse"] <= p.bound[1]
            n, m, f = p.inputs, p.outputs, p.totals["f"]
            assert p.totals["complex_step"] == n * f + n * m
            assert p.totals["finite_differences"] == (n + 1) * f + n + 2 * n * m


def test_every_output_depends_on_every_input_and_both_modes_agree(family):
    f, args = member(family, 3, 5, 3)
    forward, reverse = (
        np.array(ad.jacobian(f, mode=mode)(*args)) for mode in ("forward", "reverse")
    )
    assert forward.shape == (5, 3)
    assert (np.abs(forward) > 1e-7).all()
    np.testing.assert_allclose(forward, reverse, rtol=1e-10)
    x = np.array(args[0])
    columns = [
        (np.array(f(list(x + h))) - np.array(f(list(x - h)))) / 2e-6 for h in 1e-6 * np.eye(3)
    ]
    np.testing.assert_allclose(np.transpose(columns), forward, rtol=1e-5, atol=1e-7)


def test_floats_and_complex_numbers_compute_the_same(family):
    case = family.case({"n": 4, "m": 3, "length": 2})
    np.testing.assert_allclose(case.plain(*case.args), case.traced(*case.args), rtol=1e-13)
    moved = [complex(x) for x in case.args[0]]
    np.testing.assert_allclose(case.complex(moved), case.plain(*case.args), rtol=1e-13)


def test_the_product():
    f = FAMILIES["speelpenning"].function(1, 1)
    assert f([2.0, 3.0, 7.0]) == 42.0
    assert FAMILIES["speelpenning"].function(3, 2)([2.0, 3.0]) == [36.0, 108.0, 216.0]
    (e,) = scale({"n": [4, 16]}, repeats=None, functions=["speelpenning"]).experiments
    four, sixteen = e.points
    assert sixteen.operations["forward"] == {"additions": 240, "multiplications": 480}
    assert sixteen.operations["reverse"] == {"multiplications": 30}
    # Entry by entry, and written out: 16 products of 15 factors; of 4, 4 products of 3.
    assert sixteen.operations["symbolic"] == {"multiplications": 16 * 14}
    assert four.operations["symbolic"] == {"multiplications": 4 * 2}
    assert sixteen.operations["finite_differences"] == {
        "additions": 32,
        "multiplications": 17 * 15,
        "divisions": 16,
    }
    assert sixteen.operations["complex_step"] == {"multiplications": 16 * 15, "divisions": 16}


def test_section_b():
    """y = w3 tanh(w1 x1 + w2 x2), with x as constants."""
    (w,) = FAMILIES["small-network"].case({"n": 3, "m": 1, "length": 1}).args
    f = FAMILIES["small-network"].function(1, 1)
    x1, x2 = math.sin(1.0), math.sin(4.0) / math.sqrt(3)
    assert f(w) == pytest.approx(w[2] * math.tanh(w[0] * x1 + w[1] * x2), rel=1e-15)
    counts = ad.count(f, w)
    assert counts.f == {"additions": 1, "multiplications": 3, "functions": 1}
    # w1 x1, w2 x2, their sum free, tanh, and two for the product.
    assert counts.totals["reverse"] == {"multiplications": 5}


def test_burgers_and_the_pendulum_do_what_their_equations_say():
    (u,) = FAMILIES["stencil"].trunk([3.0], 5, PLAIN)
    assert u == pytest.approx(3.0)  # what is the same everywhere stays
    assert sum(FAMILIES["stencil"].trunk([1.0, 2.0, 4.0], 1, PLAIN)) == pytest.approx(
        7.0 - 0.05 * (1 * (2 - 4) + 2 * (4 - 1) + 4 * (1 - 2))
    )
    q, p = FAMILIES["runge-kutta"].trunk([0.0], 200, PLAIN)
    scipy = pytest.importorskip("scipy.integrate")
    found = scipy.solve_ivp(
        lambda t, y: (y[1], -np.sin(y[0]) - 0.3 * y[1]), (0, 10), (0.5, 0.0), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose([q, p], found.y[:, -1], atol=1e-5)


class TestUserFunctions:
    @pytest.mark.parametrize(
        ("function", "given", "args"),
        [
            (lambda x: x, [1.0, 2.0], ([1.0, 2.0],)),
            (lambda x: x, [1.0], ([1.0],)),
            (lambda x, y: x, [1.0, 2.0], (1.0, 2.0)),
            (lambda x, y: x, (1.0, 2.0), (1.0, 2.0)),
            (lambda x: x, (1.0, 2.0), ((1.0, 2.0),)),
            (lambda x: x, ([1.0, 2.0],), ([1.0, 2.0],)),
            (lambda x: x, 3.0, (3.0,)),
        ],
    )
    def test_arguments(self, function, given, args):
        assert UserFamily("f", lambda: (function, given)).case({}).args == args

    def test_arrays(self):
        x = np.ones(3)
        assert UserFamily("f", lambda: (np.sum, x)).case({}).args[0] is x
        assert UserFamily("f", lambda: (lambda x: x, [x])).case({}).args == (x,)
