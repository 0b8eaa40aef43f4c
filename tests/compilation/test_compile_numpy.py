"""The NumPy back end on random programs and their derivatives: the code gives what the interpreter
gives row by row, to the last bit where sums run in the same order."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_programs import assert_alike, moved, random_cases

import admodes as ad
from admodes.compilation import interpreter
from admodes.compilation.numpy import backend as numpy_code
from admodes.compilation.protocol import MISS
from admodes.optimisation import optimise

BLOCKS = range(2)
EXACT = 8.0
"""Units in the last place that the order of an array's entries in memory, which optimising may
change, makes in NumPy's own sums and products."""
LOOSE = 1e6
"""The same for sums in another order; random programs magnify roundings."""


def outcomes(run, leaves):
    """The results at the point of the recording, twice, so that buffers are used again, and at
    another point, where guards may fail."""
    return [run(*leaves), run(*leaves), run(*moved(leaves))]


def check(program, leaves):
    build = numpy_code.build
    expected = outcomes(interpreter.build(program), leaves)
    for fast, ulps in (
        (program, EXACT),
        (optimise(program, exact=True), EXACT),
        (optimise(program, exact=False), LOOSE),
    ):
        for found, wanted in zip(outcomes(build(fast, program), leaves), expected, strict=True):
            assert (found is MISS) == (wanted is MISS)
            if found is not MISS:
                for a, b in zip(found, wanted, strict=True):
                    assert_alike(a, b, ulps)


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_thousands_of_numbers_that_may_lose_a_value_are_checked(backend):
    """Each number of the gradient may be 0 × inf, so that all of them are checked after a run."""

    def f(xs):
        return sum(ad.sqrt(x) * xs[0] for x in xs)

    gradient = ad.grad(f)
    compiled = ad.compile(gradient, backend)
    for first in (1.0, 0.0):
        xs = [first, *(1.0 + i / 3000 for i in range(3000))]
        np.testing.assert_array_equal(compiled(xs), gradient(xs))
    zero = [1.0, 0.0, *xs[2:]]
    np.testing.assert_array_equal(compiled(zero), gradient(zero))


@pytest.mark.parametrize("block", BLOCKS)
def test_code_gives_what_the_interpreter_gives(block):
    for name, program, leaves in random_cases(block):
        try:
            check(program, leaves)
        except Exception as error:
            raise AssertionError(name) from error
