"""The order of multiplication in a chain of Jacobians (ETH Deep Learning, series 4)."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import numpy as np
import pytest

import admodes as ad
from admodes.derivatives.chain import LIMIT, chain, chain_of
from admodes.views.render import FORMATS

SERIES_4 = [1, 2, 3, 3, 5, 5, 4]
PUBLISHED = [
    (SERIES_4, [75, 228, 75], "reverse"),
    ([100, 50, 50, 1], [255000, 7500, 7500], "forward"),
    ([10, 10, 1, 10, 10], [1200, 1200, 300], "mixed"),
]


def costs(dims):
    """The scalar multiplications of every bracketing, by brute force."""
    if len(dims) == 2:
        return [0]
    return [
        left + right + dims[0] * dims[k] * dims[-1]
        for k in range(1, len(dims) - 1)
        for left in costs(dims[: k + 1])
        for right in costs(dims[k:])
    ]


def cost_of(text, dims):
    """The scalar multiplications of printed brackets: rows, columns and cost, read from the text
    alone."""
    stack = []
    for word in text.replace("(", "( ").replace(")", " )").split():
        if word == ")":
            (q, r, second), (p, inner, first) = stack.pop(), stack.pop()
            assert inner == q
            stack.append((p, r, first + second + p * q * r))
        elif word != "(":
            i = int(word[1:])
            stack.append((dims[i - 1], dims[i], 0))
    ((p, r, cost),) = stack
    assert (p, r) == (dims[0], dims[-1])
    return cost


def matrices(dims, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in pairwise(dims)]


class TestFigures:
    @pytest.mark.parametrize(("dims", "counts", "mode"), PUBLISHED)
    def test_published(self, dims, counts, mode):
        c = chain(dims)
        assert [b.multiplications for b in c.bracketings] == counts
        assert c.optimal.mode == mode

    def test_brackets(self):
        c = chain([10, 10, 1, 10, 10])
        assert [b.bracketing for b in c.bracketings] == [
            "(((J1 J2) J3) J4)",
            "(J1 (J2 (J3 J4)))",
            "((J1 J2) (J3 J4))",
        ]
        assert (c.left_to_right.mode, c.right_to_left.mode) == ("reverse", "forward")

    def test_the_textbooks_six_matrices(self):
        # Cormen, Leiserson, Rivest, Stein, Introduction to Algorithms (2009), figure 15.5.
        c = chain([30, 35, 15, 5, 10, 20, 25])
        assert c.optimal.multiplications == 15125
        assert c.optimal.bracketing == "((J1 (J2 J3)) ((J4 J5) J6))"

    def test_steps(self):
        # 1·2·3, 1·3·3, 1·3·5, 1·5·5, 1·5·4: a row vector travels through.
        steps = chain(SERIES_4).left_to_right.steps
        assert [s.multiplications for s in steps] == [6, 9, 15, 25, 20]
        assert [s.total for s in steps] == [6, 15, 30, 55, 75]
        assert steps[2].product == "(J1 … J3) J4"
        assert (steps[2].first, steps[2].split, steps[2].last) == (1, 3, 4)
        assert steps[2].dims == [1, 3, 5]
        # 5·5·4, 3·5·4, 3·3·4, 2·3·4, 1·2·4: all four columns do.
        steps = chain(SERIES_4).right_to_left.steps
        assert [s.multiplications for s in steps] == [100, 60, 36, 24, 8]
        assert steps[1].product == "J4 (J5 J6)"


class TestOptimum:
    @pytest.mark.parametrize("n", range(1, 8))
    def test_brute_force(self, n):
        draw = random.Random(n)
        for largest in (2, 9, 100):
            for _ in range(10):
                dims = [draw.randint(0 if largest == 9 else 1, largest) for _ in range(n + 1)]
                c = chain(dims)
                assert c.optimal.multiplications == min(costs(dims)), dims
                for b in c.bracketings:
                    assert cost_of(b.bracketing, dims) == b.multiplications, (dims, b)
                    assert len(b.steps) == n - 1
                    assert not b.steps or b.steps[-1].total == b.multiplications

    def test_a_mode_that_is_as_cheap_is_named(self):
        draw = random.Random(0)
        for _ in range(200):
            c = chain([draw.randint(1, 4) for _ in range(draw.randint(2, 7))])
            best = c.optimal.multiplications
            reverse, forward = (b.multiplications == best for b in c.bracketings[:2])
            expected = {
                (True, True): "forward or reverse",
                (True, False): "reverse",
                (False, True): "forward",
                (False, False): "mixed",
            }
            assert c.optimal.mode == expected[reverse, forward]
            if reverse:
                assert c.optimal.bracketing == c.left_to_right.bracketing

    def test_one_matrix_takes_no_product(self):
        c = chain([4, 3])
        assert [(b.bracketing, b.multiplications, b.steps) for b in c.bracketings] == [
            ("J1", 0, [])
        ] * 3
        assert c.optimal.mode == "forward or reverse"

    def test_two_matrices_take_one(self):
        assert [b.multiplications for b in chain([4, 3, 2]).bracketings] == [24] * 3

    def test_all_ones(self):
        assert [b.multiplications for b in chain([1] * 6).bracketings] == [4] * 3

    def test_no_entries(self):
        # 0 × 3, 3 × 4, 4 × 5: from the left nothing is to be done; from the right 3·4·5.
        c = chain([0, 3, 4, 5])
        assert [b.multiplications for b in c.bracketings] == [0, 60, 0]

    def test_counts_beyond_64_bits_are_exact(self):
        big = 10**12
        assert chain([big, big, 1, big]).optimal.multiplications == 2 * big**2
        assert chain([big] * 4).optimal.multiplications == 2 * big**3

    def test_the_longest_chain(self):
        c = chain([2, 1] * (LIMIT // 2) + [2])
        assert len(c.names) == LIMIT
        # 2×1, then pairs 1×2 2×1, then 1×2: each pair is made a number (2), the numbers are
        # multiplied together, then into one end (2), and the ends with each other (4).
        pairs = LIMIT // 2 - 1
        assert c.optimal.multiplications == 2 * pairs + (pairs - 1) + 2 + 4
        assert str(c)


class TestProduct:
    @pytest.mark.parametrize("dims", [[4, 3], [0, 3, 2], [2, 0, 2], *(p[0] for p in PUBLISHED)])
    @pytest.mark.parametrize("order", ["left to right", "right to left", "optimal"])
    def test_equals_the_product(self, dims, order):
        given = matrices(dims)
        expected = given[0]
        for m in given[1:]:
            expected = expected @ m
        np.testing.assert_allclose(chain(dims).product(given, order), expected, rtol=1e-12)

    def test_multiplies_in_the_order_it_says(self):
        seen = []

        class Noted(ad.core.carrier.Carrier):
            def __init__(self, primal):
                self.primal = primal

            def __matmul__(self, other):
                seen.append((*self.primal.shape, other.primal.shape[1]))
                return Noted(self.primal @ other.primal)

        c = chain([10, 11, 1, 12, 13])
        for b in c.bracketings:
            seen.clear()
            c.product([Noted(m) for m in matrices(c.dims)], b.order)
            assert seen == [tuple(s.dims) for s in b.steps]

    def test_lists_integers_and_truth_values(self):
        found = chain([1, 2, 2]).product([[[100, 100]], np.full((2, 2), 100, np.int8)])
        np.testing.assert_array_equal(found, [[20000.0, 20000.0]])
        np.testing.assert_array_equal(chain([1, 2, 1]).product([[[1, 1]], [[True], [True]]]), [[2]])

    def test_the_one_matrix_is_the_callers_own(self):
        m = np.ones((2, 2))
        chain([2, 2]).product([m])[0, 0] = 5.0
        assert m[0, 0] == 1.0

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            ([np.ones((2, 3))], ValueError, "matrices: 1 given, and the chain has 2"),
            ([np.ones((2, 3)), np.ones((4, 3))], ValueError, r"B has shape \(4, 3\).*\(3, 4\)"),
            ([np.ones(3), np.ones((3, 4))], ValueError, r"A has shape \(3,\).*\(2, 3\)"),
            ([3.0, np.ones((3, 4))], ValueError, r"A has shape \(\)"),
            ([[[1, 2, 3], [4]], np.ones((3, 4))], ValueError, "A is no matrix"),
            ([[["a"] * 3] * 2, np.ones((3, 4))], TypeError, "A takes numbers"),
            ([np.ones((2, 3)), np.ones((3, 4), complex)], TypeError, "B: complex"),
        ],
    )
    def test_bad_matrices(self, given, error, message):
        with pytest.raises(error, match=message):
            chain([2, 3, 4], names=["A", "B"]).product(given)

    def test_bad_order(self):
        with pytest.raises(ValueError, match=r"order 'best' is unknown; choose from left to right"):
            chain([1, 1]).product([[[1.0]]], "best")


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ([], "dims: 0 given"),
        ([3], "dims: 1 given.*at least 2"),
        (3, "dims=3: give the sequence"),
        ([1, 2.0, 3], r"dims\[1\] is 2.0"),
        ([1, -2], r"dims\[1\] is -2"),
        ([True, 2], r"dims\[0\] is True"),
        ([np.True_, 2], r"dims\[0\] is .*True"),
        ([1, None], r"dims\[1\] is None"),
        ("1,2", r"dims\[0\] is '1'"),
        ([1, float("nan")], r"dims\[1\] is nan"),
        ([1, 10**400], r"dims\[1\] is 1000"),
        ([1] * (LIMIT + 2), f"dims: a chain of {LIMIT + 1} matrices"),
    ],
)
def test_bad_dims(dims, message):
    with pytest.raises(ValueError, match=message) as caught:
        chain(dims)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("names", "message"),
    [(["A"], "names: 1 given"), (["A", 2], r"names\[1\] is 2"), (["A", " "], r"names\[1\] is ' '")],
)
def test_bad_names(names, message):
    with pytest.raises(ValueError, match=message):
        chain([1, 2, 3], names=names)


def test_dims_of_numpy_and_of_a_generator():
    assert chain(np.array(SERIES_4)).dims == SERIES_4
    assert chain(d for d in SERIES_4) == chain(tuple(SERIES_4))
    assert all(type(d) is int for d in chain(np.array([1, 2])).dims)


W1 = np.random.default_rng(1).normal(size=(5, 3))
W2 = np.random.default_rng(2).normal(size=(1, 5))
W3 = np.random.default_rng(3).normal(size=(4, 1))


def layer(w):
    return lambda x: (w * x).sum(axis=1)


class TestChainOf:
    point = np.array([0.3, -0.7, 0.2])

    @staticmethod
    def check(functions, x):
        def composition(z):
            for f in functions:
                z = f(z)
            return z

        c, found = chain_of(functions, x)
        expected = ad.jacobian(composition)(x)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        return c

    def test_a_network_with_a_bottleneck_is_best_mixed(self):
        # 3 inputs, 5 hidden, 1, 4 outputs: J5 … J1 is 4×1, 1×1, 1×5, 5×5, 5×3.
        c = self.check([layer(W1), np.tanh, layer(W2), np.sin, layer(W3)], self.point)
        assert c.dims == [4, 1, 1, 5, 5, 3]
        assert c.names == ["J5", "J4", "J3", "J2", "J1"]
        assert c.optimal.mode == "mixed"
        # J3 J2, times J1 and J4 on the way, and the outer product last: 25 + 15 + 3 + 12 = 55,
        # or (J5 J4) first: 4 + 25 + 15 + 12 = 56.
        assert c.optimal.multiplications == 55

    def test_one_output_is_best_in_reverse_and_one_input_forward(self):
        c = self.check([layer(W1), np.tanh, layer(W2)], self.point)
        assert c.optimal.mode == "reverse"
        c = self.check([lambda t: t * W1[0], np.sin, layer(W1)], 0.5)
        assert c.optimal.mode == "forward"

    def test_numbers(self):
        c, found = chain_of([np.sin, np.exp], 0.5)
        assert c.dims == [1, 1, 1]
        assert type(found) is float
        assert found == pytest.approx(np.cos(0.5) * np.exp(np.sin(0.5)), rel=1e-15)

    def test_arrays_of_several_axes(self):
        c = self.check([np.sin, lambda a: a.sum(axis=0), lambda v: v * W1], np.ones((2, 3)) * 0.4)
        assert c.dims == [15, 3, 6, 6]

    def test_one_function_and_names(self):
        self.check([np.sin], self.point)
        assert chain_of([np.sin, np.cos], 1.0, names=["C", "S"])[0].names == ["C", "S"]

    def test_infinite_partials_are_values(self):
        # √ at 0 after a factor 0: a sweep's zero stays zero, a matrix product has 0 · ∞.
        functions = [lambda x: x * np.array([0.0, 1.0]), np.sqrt]
        _, found = chain_of(functions, np.array([1.0, 4.0]))
        assert np.isnan(found[0, 0])
        assert found[1, 1] == 0.25

    def test_no_inputs(self):
        c, found = chain_of([np.sin, lambda x: x.sum()], np.zeros(0))
        assert c.dims == [1, 0, 0]
        assert found.shape == (0,)

    @pytest.mark.parametrize(
        ("functions", "x", "error", "message"),
        [
            ([], 1.0, ValueError, "functions: give at least one"),
            ([np.sin, 3], 1.0, TypeError, r"functions\[1\] is 3"),
            ([np.sin] * (LIMIT + 1), 1.0, ValueError, f"functions: .*limit is {LIMIT}"),
            ([np.sin], [1.0, 2.0], TypeError, "x is a list"),
            ([np.sin], "two", TypeError, "x takes numbers"),
            ([lambda x: (x, x)], 1.0, TypeError, r"result of functions\[0\] is a tuple"),
            ([lambda x: None], 1.0, TypeError, r"result of functions\[0\] takes numbers"),
        ],
    )
    def test_bad_input(self, functions, x, error, message):
        with pytest.raises(error, match=message):
            chain_of(functions, x)


class TestViews:
    def test_dict_is_json(self):
        data = json.loads(json.dumps(chain(SERIES_4).to_dict()))
        assert data["dims"] == SERIES_4
        assert data["optimal"]["multiplications"] == 75
        assert data["right_to_left"]["steps"][-1]["total"] == 228
        assert data == json.loads(chain(SERIES_4).to_table("json"))

    @pytest.mark.parametrize("format", FORMATS)
    def test_formats(self, format):
        text = chain([10, 10, 1, 10, 10]).to_table(format, steps=True)
        for word in ("left to right", "reverse", "mixed", "1200", "300"):
            assert word in text

    def test_text(self):
        c = chain([10, 10, 1, 10, 10])
        assert str(c) == c.to_table()
        lines = [" ".join(line.split()) for line in c.to_table(steps=True).splitlines()]
        assert "optimal mixed ((J1 J2) (J3 J4)) 300" in lines
        assert "(J1 J2) (J3 J4) (10 × 1)(1 × 10) 10 × 1 × 10 = 100 300" in lines

    @pytest.mark.parametrize("n", [1, 2, 6, 20])
    def test_text_fits_a_terminal(self, n):
        text = chain([64, 128] * n).to_table(steps=True)
        assert max(map(len, text.splitlines())) <= 80

    def test_the_same_steps_are_shown_once(self):
        assert chain(SERIES_4).to_table(steps=True).count("Steps") == 2
        assert chain([10, 10, 1, 10, 10]).to_table(steps=True).count("Steps") == 3
        assert chain([4, 3]).to_table(steps=True).count("Steps") == 0

    def test_latex_sets_names_as_formulas(self):
        assert "$((J_{1} J_{2}) J_{3})$" in chain([1, 2, 3, 4]).to_table("latex")

    def test_notebooks(self):
        html = chain(SERIES_4)._repr_html_()
        assert html.startswith("<h2>")
        assert "228" in html
