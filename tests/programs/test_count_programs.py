"""Critical path, width, bytes, the ratio to f, and the counts of compositions: by hand, by closed
formulas, and against a brute force search of random lists."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import numpy as np
import pytest
from count_functions import HIDDEN, dense, speelpenning
from random_arrays import ArrayProgram
from wcwidth import wcswidth

import admodes as ad
from admodes.core.record import Ref
from admodes.programs.arrays import array_program
from admodes.programs.extent import bytes_of, levels, memory

COMPOSITIONS = [f"{a}-over-{b}" for a in ("forward", "reverse") for b in ("forward", "reverse")]


def cpsc532s(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


class TestSectionA:
    # v2 = 2 v1, v3 = e^v2, v4 = v1², v5 = 3 v4, v6 = sin v5, v7 = v0 v6, v8 = v3 + v7 (y1),
    # v9 = v0 v1, v10 = σ(v1), v11 = v9 + v10 (y2).
    counts = ad.count(cpsc532s, 2.0, 1.0)

    def test_critical_path(self):
        # v4, v5, v6, v7, v8, and back again.
        assert self.counts.depth == {"f": 5, "forward": 5, "reverse": 5}

    def test_width(self):
        # v2, v4, v9 and v10 need inputs alone; v3, v7, v9 and v10 hear from outputs alone.
        assert self.counts.width == {"f": 4, "forward": 4, "reverse": 4}

    def test_memory(self):
        # Five numbers while v7 is made, each with a tangent forward. Reverse keeps 12 and has five
        # adjoints when v8 is passed on: of v0, v1, v3, v7 and v8.
        assert self.counts.memory == {"f": 40, "forward": 80, "reverse": 96 + 40}

    def test_ratio_and_bound(self):
        # f 10, partials 5; two forward sweeps 28, two reverse sweeps 12.
        assert self.counts.ratio == {"forward": 4.3, "reverse": 2.7}
        assert self.counts.bound == [8, 10]

    def test_they_are_in_the_data_and_below_the_table(self):
        data = json.loads(json.dumps(self.counts.to_dict()))
        assert data["depth"]["f"] == 5
        assert data["ratio"]["reverse"] == 2.7
        text = str(self.counts)
        assert "critical path: 5 operations forward, 5 reverse" in text
        assert "2.7 reverse; bound 8 to 10" in text
        assert max(map(wcswidth, text.splitlines())) <= 80


def test_a_product_of_sixteen():
    # Reverse: 15 for f, 30 for the sweep; forward 480 products and 240 sums.
    c = ad.count(speelpenning, [1.5] * 16)
    assert c.ratio == {"forward": (15 + 480 + 240) / 15, "reverse": 3.0}
    assert c.depth == {"f": 15, "forward": 15, "reverse": 15}
    assert c.width == {"f": 1, "forward": 1, "reverse": 2}


def test_a_chain_keeps_two_numbers_forward_and_all_of_them_reverse():
    def chain(x):
        for _ in range(100):
            x = ad.sin(x)
        return x

    c = ad.count(chain, 1.0)
    assert c.memory == {"f": 16, "forward": 32, "reverse": 8 * 101 + 16}
    assert c.depth["f"] == 100
    assert c.ratio == {"forward": 3.0, "reverse": 3.0}


def test_bytes_are_those_of_the_precision():
    x = np.ones((3, 4), np.float32)
    c = ad.count(lambda x: np.sum(np.where(x > 0, x, 2 * x)), x)
    # x, x > 0 and 2 x are there while where makes its result; the truth values have no tangent.
    assert c.memory["f"] == 3 * 48 + 12
    assert c.memory["forward"] == 2 * 3 * 48 + 12


def test_moves_are_no_arithmetic():
    c = ad.count(lambda x: ad.sum(x * ad.sin(x)), np.arange(1.0, 5.0))
    assert c.f["moves"] == 4
    # 11 operations in f, 4 cosines, 16 in the sweep.
    assert c.ratio["reverse"] == (11 + 4 + 16) / 11


def test_a_function_without_operations_has_no_ratio():
    c = ad.count(lambda x: x, 3.0)
    assert c.ratio is None
    assert c.depth == {"f": 0, "forward": 0, "reverse": 0}
    assert "÷" not in str(c)


def brute_force(program):
    """Depth, width and peak of f by their definitions, without the passes of the module."""
    steps, outputs = program.steps, {y.row for y in program.outputs if isinstance(y, Ref)}
    reads = [{a.row for a in s.args if isinstance(a, Ref)} for s in steps]

    def level(i):
        return 0 if steps[i].op is None else 1 + max(map(level, reads[i]), default=0)

    found = [level(i) for i in range(len(steps))]
    width = max(Counter(k for k in found if k).values(), default=0)
    peak = 0
    for i in range(len(steps)):
        later = set().union(outputs, *reads[i:]) | {i}
        peak = max(peak, sum(bytes_of(steps[k]) for k in range(i + 1) if k in later))
    return max(found), width, peak


@pytest.mark.parametrize("seed", range(12))
def test_random_lists(seed):
    p = ArrayProgram.grown(seed, "add", length=10)
    program = array_program(lambda *xs: p(*xs), p.inputs).program
    depth, width = levels(program)
    assert (depth["f"], width["f"], memory(program)["f"]) == brute_force(program)
    assert depth["reverse"] <= depth["f"]


class TestNetwork:
    """A ReLU network with biases and squared error, by the closed formula: a layer of n × m on B
    samples takes B n m products and B m (n - 1) + B m sums."""

    @pytest.mark.parametrize(("batch", "sizes"), [(1, (3, 2)), (5, (4, 3, 2)), (7, (6, 5, 4, 3))])
    def test_closed_formula(self, batch, sizes):
        layers = list(itertools.pairwise(sizes))
        rng = np.random.default_rng(0)
        params = [a for n, m in layers for a in (rng.normal(size=(n, m)), rng.normal(size=m))]
        x, y = rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1]))

        def loss(*params):
            h = x
            for k in range(len(layers)):
                h = h @ params[2 * k] + params[2 * k + 1]
                h = np.maximum(h, 0) if k < len(layers) - 1 else h
            return np.sum((h - y) ** 2)

        c = ad.count(loss, *params)
        products = sum(batch * n * m for n, m in layers)
        out, hidden = batch * sizes[-1], batch * sum(sizes[1:-1])
        sums = products - sum(batch * m for _, m in layers) + batch * sum(sizes[1:])
        assert c.f["multiplications"] == products + out
        assert c.f["additions"] == sums + out + out - 1
        assert c.f.get("comparisons", 0) == hidden
        # Back: Wᵀ and the layer below for each, but for the data; the square, the kinks.
        back = 2 * products - batch * sizes[0] * sizes[1]
        (sweep,) = c.reverse.values()
        assert sweep["multiplications"] == back + out + hidden
        weights = sum((batch - 1) * n * m for n, m in layers)
        biases = sum((batch - 1) * m for _, m in layers)
        below = sum(batch * n * (m - 1) for n, m in layers[1:])
        assert sweep.get("additions", 0) == weights + biases + below
        assert c.ratio["reverse"] < 5


class TestCompositions:
    """record(grad(f)) is the gradient program, and it costs what f, its partials and one reverse
    sweep cost."""

    @pytest.mark.parametrize(
        ("f", "x", "constant"),
        [
            (speelpenning, [1.5] * 16, 0),
            (lambda x: ad.exp(2 * x[1]) + x[0] * ad.sin(3 * x[1] ** 2), [2.0, 1.0], 0),
            # The coefficients of the last layer times the seed 1 are no operations of the list.
            (lambda x: dense(3, 1)(x)[0], [0.1, 0.2, 0.3], HIDDEN),
        ],
        ids=["product", "y1 of section A", "dense"],
    )
    def test_the_gradient(self, f, x, constant):
        c = ad.count(f, x)
        found = Counter(ad.count(lambda *xs: ad.grad(f)(list(xs)), *x).f)
        (sweep,) = c.reverse.values()
        expected = Counter(c.f) + Counter(c.partials) + Counter(sweep)
        expected["multiplications"] -= constant
        assert found == expected

    @pytest.mark.parametrize("mode", COMPOSITIONS)
    def test_hessian_times_vector(self, mode):
        def f(x):
            return x[0] * x[1] * x[2]

        x, v = np.array([2.0, 3.0, 4.0]), np.array([1.0, 0.5, 0.25])
        c = ad.count(lambda x, v: ad.hvp(f, x, v, mode), x, v)
        assert c.f["multiplications"] >= 9
        assert c.length > ad.count(f, x).length
        assert len(c.forward) == 6

    def test_the_hessian_costs_a_sweep_for_each_column(self):
        def f(x):
            return ad.sum(ad.sin(x) ** 2)

        small, large = (ad.count(ad.hessian(f), np.ones(n)).f["functions"] for n in (3, 6))
        assert large == 2 * small
