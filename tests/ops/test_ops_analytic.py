"""Which operations are analytic, as their declarations say: the complex step reads that."""

import numpy as np
import pytest
from array_cases import tangential_cases
from harness import ELEMENTWISE, OPS, arguments, directions, ids, linear_cases
from seeds import generator

import admodes as ad
from admodes.core.pytree import flatten

STEP = 1e-6
MATRIX = np.array([[2.0, 1.0, 0.5], [0.25, -1.0, 3.0], [1.5, 0.75, 1.0]])
PLACES = {
    "argsort": lambda op, x: op(x, axis=0),
    "argpartition": lambda op, x: op(x, axis=0, kth=1),
    "argrank": lambda op, x: op(x, np.array([[2.0, 0.0, 1.0]]), axis=0),
    "searchsorted": lambda op, x: op(np.array([-2.0, 0.8, 2.5]), x),
    "det_sign": lambda op, x: op(x),
}
"""Operations whose results are positions or signs, as functions of a matrix."""

CASES = {
    **linear_cases(),
    **tangential_cases(),
    **{op.name: [(op, arguments(op, ((3,),) * 3, generator(1)))] for op in ELEMENTWISE},
}
TAKING = [op for op in OPS if op.takes_complex and not op.is_test]


def turned(f, xs, vs):
    """The derivative along i v, divided by i: that along v, where f is analytic."""
    ahead, behind = (
        flatten(f(*(np.asarray(x) + sign * STEP * np.asarray(v) for x, v in zip(xs, vs))))[0]
        for sign in (1j, -1j)
    )
    return [(a - b) / (2j * STEP) for a, b in zip(ahead, behind, strict=True)]


def is_analytic(f, xs):
    vs = directions(xs, generator(2))
    along = flatten(ad.jvp(f, xs, vs)[1])[0]
    pairs = zip(turned(f, xs, vs), along, strict=True)
    return all(np.allclose(t, v, rtol=1e-6, atol=1e-7) for t, v in pairs)


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("op", [op for op in TAKING if not op.discrete], ids=ids)
def test_what_does_not_conjugate_is_analytic(op):
    assert all(is_analytic(f, xs) for f, xs in CASES[op.name]) != op.conjugates


@pytest.mark.parametrize("op", [op for op in TAKING if op.discrete], ids=ids)
def test_what_is_constant_nearby_is_so_for_complex_numbers_too(op):
    here, moved = (PLACES[op.name](op, x) for x in (MATRIX, MATRIX + 1j * STEP * MATRIX.T))
    assert np.array_equal(here, moved) != op.conjugates
