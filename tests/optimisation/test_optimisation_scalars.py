"""Optimised programs of single numbers with branches: the same bits, and the same decisions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optimised_programs import counted
from programs_run import agree, outputs, recorded, rows
from seeds import generator

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.optimisation import optimise

UNARY = ("sin", "exp", "tanh", "negate", "square", "sqrt", "ln", "abs", "inverse", "relu")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "power", "hypot")
CONSTANTS = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, math.inf)
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e308)


def grown(seed, length=25):
    """A random function of three numbers whose control flow depends on them."""

    def f(*xs):
        rng = generator(seed)
        values = list(xs)

        def pick():
            return values[rng.integers(max(0, len(values) - 6), len(values))]

        for _ in range(length):
            kind, name = rng.random(), rng.integers(100)
            a, b = pick(), pick()
            if kind < 0.35:
                y = REGISTRY[UNARY[name % len(UNARY)]](a)
            elif kind < 0.65:
                y = REGISTRY[BINARY[name % len(BINARY)]](a, b)
            elif kind < 0.9:
                c = CONSTANTS[name % len(CONSTANTS)]
                pair = (a, c) if rng.random() < 0.5 else (c, a)
                y = REGISTRY[BINARY[rng.integers(4)]](*pair)
            else:
                y = a if a > b else -b
            values.append(y)
        return ad.sin(values[-1]) + ad.sin(values[-2]) * values[-3]

    return f


@pytest.mark.parametrize("seed", range(120))
def test_the_same_bits(seed):
    f = grown(seed)
    rng = generator(seed)
    point = [float(x) for x in rng.uniform(0.2, 2.0, 3)]
    kind = (
        f,
        lambda *xs: ad.grad(f, (0, 1, 2))(*xs),
        lambda *xs: ad.jvp(ad.grad(f, (0, 1, 2)), xs, (1.0, 0.0, -0.5))[1],
    )[seed % 3]
    exact = recorded(kind, *point)
    fast, loose = optimise(exact), optimise(exact, exact=False)
    assert sum(counted(fast).values()) <= sum(counted(exact).values())
    assert sum(counted(loose).values()) <= sum(counted(exact).values())
    for trial in range(6):
        xs = [x * (1 + 1e-12 * trial) for x in point]
        if trial > 2:
            xs[trial % 3] = SPECIAL[(seed + trial) % len(SPECIAL)]
        try:
            expected = outputs(exact, *xs)
        except AssertionError:
            with pytest.raises(AssertionError):
                outputs(fast, *xs)
            continue
        assert agree(outputs(fast, *xs), expected)
        found = outputs(loose, *xs)
        if all(math.isfinite(found[k]) for k in loose.suspects):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_product_keeps_its_strength_before_a_branch():
    def f(x, y):
        g = ad.grad(lambda z: z * ad.sqrt(z * y))(x)
        return ad.sin(g) if g > 0 else ad.cos(g)

    program = optimise(recorded(f, 1.0, 2.0), exact=False)
    assert "strong_mul" in rows(program)


def test_equal_decisions_are_taken_once():
    def f(x):
        for _ in range(5):
            x = x * 1.0 if x > 0 else -x
        return x

    assert len(optimise(recorded(f, 2.0)).guards) == 1
