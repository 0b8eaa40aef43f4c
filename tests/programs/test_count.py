"""Exact counts, each derived by hand beside its assertion. The policy is in design.md: partials
apart, literal partials free, tangents that happen to be zero counted, k contributions to an
adjoint cost k - 1 additions, a reverse sweep visits what its output depends on."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from count_functions import HIDDEN, dense, speelpenning

import admodes as ad


def cpsc532s(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


@pytest.fixture(scope="module")
def section_a():
    return ad.count(cpsc532s, 2.0, 1.0)


class TestSectionA:
    # v2 = 2 v1, v3 = e^v2, v4 = v1², v5 = 3 v4, v6 = sin v5, v7 = v0 v6, v8 = v3 + v7 (y1),
    # v9 = v0 v1, v10 = σ(v1), v11 = v9 + v10 (y2): 10 operations.

    def test_f(self, section_a):
        # Multiplications: v2, v4 (a square is one), v5, v7, v9. Additions: v8, v11.
        # Functions: exp, sin, σ.
        assert section_a.f == {"multiplications": 5, "additions": 2, "functions": 3}
        assert section_a.length == 10

    def test_partials(self, section_a):
        # Free, because they are at hand: ∂v2 = 2, ∂v5 = 3 (literals of the user), ∂v3 = v3,
        # ∂v7 = v6 and v0, ∂v9 = v1 and v0, ∂v8 and ∂v11 = 1.
        # ∂v4 = 2 v1: one multiplication. ∂v6 = cos v5: one function.
        # ∂v10 = v10 σ(-v1): one negation, one function, one multiplication.
        assert section_a.partials == {"multiplications": 2, "functions": 2, "negations": 1}

    @pytest.mark.parametrize("name", ["x1", "x2"])
    def test_forward_sweep(self, section_a, name):
        # One multiplication for v2, v3, v4, v5, v6, v10, two for each product v7 and v9: 6 + 4.
        # v8 and v11 have the literal partials 1: no multiplication. One addition to join two terms
        # in v7, v8, v9, v11. The same for both inputs: zero tangents are counted.
        assert section_a.forward[name] == {"multiplications": 10, "additions": 4}

    def test_reverse_sweep_for_y1(self, section_a):
        # y1 depends on v0 … v8. v8 hands v̄8 to v3 and v7 free. v7: two products. v6, v5, v4, v3,
        # v2: one each. 2 + 5 = 7. v1 hears from v2 and v4: 1 addition; v0 from v7 alone.
        assert section_a.reverse["y1"] == {"multiplications": 7, "additions": 1}

    def test_reverse_sweep_for_y2(self, section_a):
        # v11 hands on free. v9: two products; v10: one. v1 hears from v9 and v10: 1 addition.
        assert section_a.reverse["y2"] == {"multiplications": 3, "additions": 1}

    def test_sweeps_and_totals(self, section_a):
        assert section_a.sweeps == {"forward": 2, "reverse": 2}
        assert section_a.totals == {
            "forward": {"multiplications": 20, "additions": 8},
            "reverse": {"multiplications": 10, "additions": 2},
        }

    def test_live_values(self, section_a):
        # Reverse keeps all 12 rows. Forward drops each value after its last use; the most, 5, are
        # live while v7 is made: v0, v1, v3, v6 and v7.
        assert section_a.live == {"forward": 5, "reverse": 12}


class TestSpeelpenning:
    def test_sixteen(self):
        # 15 products. A forward sweep takes 2 multiplications and 1 addition a product, and there
        # are 16: 16 × 30 = 480. A reverse sweep takes 2 a product, and there is one: 30; every
        # adjoint hears from one row only. The partials are the other factors.
        c = ad.count(speelpenning, [1.5] * 16)
        assert c.f == {"multiplications": 15}
        assert c.partials == {}
        assert c.totals["forward"] == {"multiplications": 480, "additions": 240}
        assert c.totals["reverse"] == {"multiplications": 30}

    @pytest.mark.parametrize("n", [2, 3, 10, 40])
    def test_formula(self, n):
        c = ad.count(speelpenning, [1.5] * n)
        assert c.length == n - 1
        assert c.totals["forward"]["multiplications"] == 2 * n * (n - 1)
        assert c.totals["reverse"]["multiplications"] == 2 * (n - 1)

    def test_an_array_counts_as_its_components(self):
        def product(x):
            p = x[0]
            for i in range(1, 16):
                p = p * x[i]
            return p

        as_list, as_array = (ad.count(product, x) for x in ([1.5] * 16, np.full(16, 1.5)))
        assert as_array.totals == as_list.totals
        assert as_array.length == as_list.length == 15

    def test_one_factor_costs_nothing(self):
        c = ad.count(speelpenning, [1.5])
        assert c.f == c.totals["forward"] == c.totals["reverse"] == {}
        assert c.length == 0


class TestDenseMap:
    """y = C sin(B sin(A x)) with h hidden units a layer."""

    @pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 2), (2, 5), (8, 4)])
    def test_formulas(self, n, m):
        h = HIDDEN
        c = ad.count(dense(n, m), [0.1 * (i + 1) for i in range(n)])
        # Row times vector of k entries: k multiplications, k - 1 additions.
        products = h * n + h * h + m * h
        sums = h * (n - 1) + h * (h - 1) + m * (h - 1)
        assert c.f == {"multiplications": products, "additions": sums, "functions": 2 * h}
        # Partials: the cosines; coefficients are at hand.
        assert c.partials == {"functions": 2 * h}
        # Forward: coefficient × tangent as in f, and one more product a sine; sums as in f.
        forward = {"multiplications": n * (products + 2 * h), "additions": n * sums}
        assert c.totals["forward"] == forward
        # Reverse, for each of m outputs: its own row of C only (h products), then both sines (2h)
        # and the transposes of B and A. Each first-layer unit hears from h units, so does each
        # input; sums hand on free, and their parts hear from one row each.
        multiplications = m * (h + 2 * h + h * h + h * n)
        additions = m * (h * (h - 1) + n * (h - 1))
        assert c.totals["reverse"] == {"multiplications": multiplications, "additions": additions}
        assert c.sweeps == {"forward": n, "reverse": m}

    def test_the_gradient_keeps_to_the_bound(self):
        # Baur and Strassen: f, partials and one reverse sweep cost at most 5 times f.
        for n in (1, 4, 16):
            c = ad.count(dense(n, 1), [0.3] * n)
            cost = sum(sum(part.values()) for part in (c.f, c.partials, c.totals["reverse"]))
            assert cost <= 5 * sum(c.f.values())


class TestArrays:
    def test_elementwise_counts_every_entry(self):
        # Σ x_i sin x_i on 4 entries: 4 sines, 4 products, 3 sums; the 4 components are copied into
        # the array that f is given. Partials: 4 cosines. Forward, for each of 4 inputs, over the
        # whole list: 4 + 2·4 products, 4 sums that join them, 3 of the sum.
        c = ad.count(lambda x: ad.sum(x * ad.sin(x)), np.arange(1.0, 5.0))
        assert c.f == {"multiplications": 4, "functions": 4, "additions": 3, "moves": 4}
        assert c.partials == {"functions": 4}
        assert c.totals["forward"] == {"multiplications": 48, "additions": 28, "moves": 16}
        # Reverse, one output: 4 copies of its adjoint; 2·4 + 4 products; x hears twice, 4 sums; 4
        # copies to the components.
        assert c.totals["reverse"] == {"multiplications": 12, "additions": 4, "moves": 8}
        # Forward, most at the product: its result, x and sin x, 4 entries each. Reverse keeps all:
        # 4 components, 4 + 4 + 4 entries, the sum.
        assert c.live == {"forward": 12, "reverse": 17}

    def test_broadcasting_costs_its_sums(self):
        # 3 products and 2 sums in f, 3 copies into the array. Reverse: 3 copies of the adjoint; 3
        # products for the array; for the number 3 products and the 2 additions that gather them; 3
        # copies to the components.
        c = ad.count(lambda s, x: ad.sum(s * x), 2.0, np.array([1.0, 2.0, 3.0]))
        assert c.f == {"multiplications": 3, "additions": 2, "moves": 3}
        assert c.totals["reverse"] == {"multiplications": 6, "additions": 2, "moves": 6}
        assert c.sweeps == {"forward": 4, "reverse": 1}

    def test_an_array_result_is_one_output_an_entry(self):
        c = ad.count(lambda x: x * 3.0, np.ones(5))
        assert c.sweeps == {"forward": 5, "reverse": 5}


class TestLiteralPartials:
    @pytest.mark.parametrize(
        "f", [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: -x - y], ids=["+", "-", "neg"]
    )
    def test_sums_differences_and_negations_cost_no_multiplication(self, f):
        c = ad.count(f, 2.0, 3.0)
        assert c.partials == {}
        for sweep in (*c.forward.values(), *c.reverse.values()):
            assert "multiplications" not in sweep

    def test_a_sum_of_three_forward_and_reverse(self):
        # Two additions; forward two additions a sweep; reverse none, each adjoint hears once.
        c = ad.count(lambda x, y, z: x + y + z, 1.0, 2.0, 3.0)
        assert c.f == {"additions": 2}
        assert c.totals == {"forward": {"additions": 6}, "reverse": {}}

    def test_a_partial_of_zero_takes_no_part(self):
        # floor has the literal partial 0: what comes before it costs reverse nothing.
        c = ad.count(lambda x: ad.floor(ad.sin(x)) + x, 1.0)
        assert c.totals["reverse"] == {}

    def test_the_same_argument_twice_is_two_contributions(self):
        # x·x: two products and one sum either way. x²: one product.
        product = ad.count(lambda x: x * x, 3.0)
        assert product.totals["forward"] == {"multiplications": 2, "additions": 1}
        assert product.totals["reverse"] == {"multiplications": 2, "additions": 1}
        square = ad.count(lambda x: x**2, 3.0)
        assert square.totals == {
            "forward": {"multiplications": 1},
            "reverse": {"multiplications": 1},
        }


class TestConstants:
    def test_a_constant_argument_has_no_contribution(self):
        # 3x + 2: one product, one sum; the tangent of x times 3; nothing for the constants.
        c = ad.count(lambda x: 3 * x + 2, 5.0)
        assert c.f == {"multiplications": 1, "additions": 1}
        assert c.totals == {
            "forward": {"multiplications": 1},
            "reverse": {"multiplications": 1},
        }

    def test_what_is_computed_from_constants_is_no_operation_of_the_list(self):
        c = ad.count(lambda x: ad.sin(1.0) * ad.exp(2.0) * x, 5.0)
        assert c.f == {"multiplications": 1}

    def test_a_constant_output(self):
        c = ad.count(lambda x: (x * x, 7.0), 3.0)
        assert c.reverse == {"y1": {"multiplications": 2, "additions": 1}, "y2": {}}

    def test_an_input_as_output(self):
        c = ad.count(lambda x: x, 3.0)
        assert c.length == 0
        assert c.totals == {"forward": {}, "reverse": {}}

    def test_a_constant_exponent_saves_its_partial(self):
        # x³: the partial 3 x² is a power, a product, and the b - 1 that the rule forms of literals
        # is none of the list's. x^y has one operation more, x^y ln x.
        fixed = ad.count(lambda x: x**3.0, 2.0).partials
        assert fixed == {"powers": 1, "multiplications": 1}
        free = ad.count(lambda x, y: x**y, 2.0, 3.0).partials
        assert free == {"powers": 2, "multiplications": 1, "additions": 1}

    def test_division(self):
        # ∂/∂a = 1/b: a division. ∂/∂b = -y/b: a negation and a division.
        c = ad.count(lambda a, b: a / b, 2.0, 3.0)
        assert c.f == {"divisions": 1}
        assert c.partials == {"divisions": 2, "negations": 1}
        assert c.totals["reverse"] == {"multiplications": 2}


class TestBranches:
    # What steers a branch is a note on the row it tests and no row of the list: it is not counted.

    @staticmethod
    def f(x):
        return ad.sin(x) * x if x > 0 else x

    def test_counts_are_those_of_the_path_taken(self):
        assert ad.count(self.f, 2.0).f == {"multiplications": 1, "functions": 1}
        assert ad.count(self.f, -2.0).length == 0

    def test_a_loop_is_what_it_ran(self):
        # y = 14x/3: even i multiply by i and add, odd i divide and subtract; i = 0 … 4.
        def loop(x):
            y = 0.0
            for i in range(5):
                y = y + x * i if i % 2 == 0 else y - x / i
            return y

        # Products at 0, 2, 4; divisions at 1 and 3; sums at all five.
        c = ad.count(loop, 5.0)
        assert c.f == {"multiplications": 3, "divisions": 2, "additions": 5}

    def test_a_selection_is_a_comparison(self):
        assert ad.count(lambda x, y: ad.maximum(x, y), 1.0, 2.0).f == {"comparisons": 1}


def test_reverse_visits_what_the_output_depends_on():
    # A thousand sines that y2 does not need cost its sweep nothing.
    def f(x):
        y = x
        for _ in range(1000):
            y = ad.sin(y)
        return y, x * 3.0

    c = ad.count(f, 1.0)
    assert c.reverse == {"y1": {"multiplications": 1000}, "y2": {"multiplications": 1}}
    assert c.forward == {"x": {"multiplications": 1001}}


def test_counts_do_not_depend_on_the_point():
    assert ad.count(cpsc532s, 0.0, 0.0).to_dict() == ad.count(cpsc532s, 3.7, -2.0).to_dict()


def test_values_that_are_not_finite_are_counted_as_others(recwarn):
    assert ad.count(lambda x: ad.ln(x) * x, -1.0).f == {"multiplications": 1, "functions": 1}
    assert ad.count(lambda x: ad.exp(x), math.inf).f == {"functions": 1}
    assert not recwarn


def test_live_values_of_a_chain_do_not_grow_forward():
    def chain(k):
        def f(x):
            for _ in range(k):
                x = ad.sin(x)
            return x

        return f

    short, long = (ad.count(chain(k), 1.0) for k in (10, 1000))
    assert short.live["forward"] == long.live["forward"] == 2
    assert (short.live["reverse"], long.live["reverse"]) == (11, 1001)


class TestViews:
    def test_dict_is_json(self, section_a):
        data = json.loads(json.dumps(section_a.to_dict()))
        assert data["totals"]["reverse"] == {"multiplications": 10, "additions": 2}
        assert data["sweeps"] == {"forward": 2, "reverse": 2}
        assert data["length"] == 10

    @pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv"])
    def test_formats(self, section_a, format):
        text = section_a.to_table(format)
        assert "multiplications" in text
        assert "reverse sweep for y1" in text

    def test_text_fits_a_terminal(self, section_a):
        assert max(map(len, str(section_a).splitlines())) <= 80

    def test_many_sweeps_are_one_line(self):
        text = str(ad.count(speelpenning, [1.5] * 16))
        assert "16 forward sweeps" in text
        assert "x7" not in text


def test_a_function_without_operations_has_a_table_with_a_heading():
    table = ad.count(lambda x: x, 1.0).tables()[0]
    assert table.head == ["", "additions"]
    assert {row[1] for row in table.rows} == {"0"}
    assert table.notes[0].startswith("0 operations in")
    assert ad.count(lambda x: 2 * x, 1.0).tables()[0].notes[0].startswith("1 operation in")


def test_bad_input():
    with pytest.raises(TypeError, match="numbers"):
        ad.count(lambda x: x, "two")


class TestScatteredAdditions:
    """The transpose of picking an entry three times adds two of its cotangents to the first."""

    def test_of_an_index(self):
        x = np.array([1.0, 2.0])
        found = ad.count(lambda x: np.sum(x[[0, 0, 0, 1]]), x).totals["reverse"]
        assert found["additions"] == 2

    def test_of_a_slice_there_is_none(self):
        found = ad.count(lambda x: np.sum(x[1:]), np.ones(4)).totals["reverse"]
        assert "additions" not in found

    def test_of_indices_along_an_axis(self):
        where = np.array([[0, 0, 1], [2, 2, 2]])
        found = ad.count(lambda x: np.sum(np.take_along_axis(x, where, 1)), np.ones((2, 3))).totals
        assert found["reverse"]["additions"] == 1 + 2
