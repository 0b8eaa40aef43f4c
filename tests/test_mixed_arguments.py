"""Arrays beside Python's numbers, NumPy's and columns, at edges too: what arrays give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

OPERATIONS = [
    op
    for op in {id(op): op for op in REGISTRY.values()}.values()
    if op.elementwise and op.arity > 1
]
KINDS = {
    "number": lambda v: v,
    "array": lambda v: np.array([v, 1.0]),
    "number of NumPy": np.float64,
    "column": lambda v: np.array([[v], [2.0]]),
}
VALUES = (0.0, -0.0, -1.0, np.inf, np.nan)


def alike(found, wanted):
    np.testing.assert_allclose(np.ravel(found), np.ravel(wanted), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_mixed_arguments_have_the_derivatives_of_arrays(op):
    def f(*args):
        return np.sum(op(*args))

    every = tuple(range(op.arity))
    few = VALUES if op.arity == 2 else VALUES[:2]
    for values in itertools.product(few, repeat=op.arity):
        for kinds in itertools.product(KINDS, repeat=op.arity):
            if not {"array", "column"} & set(kinds) or len(set(kinds)) == 1:
                continue
            args = tuple(KINDS[k](v) for k, v in zip(kinds, values, strict=True))
            arrays = tuple(map(np.atleast_1d, args))
            wanted = ad.grad(f, argnums=every)(*arrays)
            found = ad.grad(f, argnums=every)(*args)
            for k in every:
                alike(found[k], wanted[k])
                alone = ad.grad(lambda x, k=k: f(*args[:k], x, *args[k + 1 :]))
                alike(alone(args[k]), wanted[k])
            ones = tuple(np.ones_like(a, float)[()] for a in args)
            lined = tuple(map(np.atleast_1d, ones))
            for x, y in zip(ad.jvp(op, args, ones), ad.jvp(op, arrays, lined), strict=True):
                alike(x, y)


def test_an_array_by_a_number_that_is_zero():
    found = ad.grad(lambda a, y: np.sum(a / y), argnums=(0, 1))(np.array([1.0, 2.0]), 0.0)
    np.testing.assert_array_equal(found[0], np.inf)
    assert found[1] == -np.inf
    slope = ad.grad(lambda v: np.sum(v / np.sum(v)))(np.zeros(2))
    assert np.isnan(slope).all()
