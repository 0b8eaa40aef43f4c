"""ufunc.reduceat on traced arrays, against NumPy's values and against differences."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad

X = np.random.default_rng(0).uniform(0.5, 1.5, 12)
MATRIX = np.random.default_rng(1).uniform(0.5, 1.5, (3, 12))
STARTS = ([0, 3, 5], [2, 7, 7, 11], [5, 1, 9])
UFUNCS = (np.add, np.maximum, np.minimum, np.multiply, np.logaddexp, np.subtract)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_segments_are_reduced_as_numpy_does(ufunc):
    for starts in STARTS:
        for a, axis in ((X, 0), (MATRIX, 1), (MATRIX.T, 0)):

            def f(a, starts=starts, axis=axis):
                return np.sin(ufunc.reduceat(a, starts, axis=axis))

            np.testing.assert_allclose(ad.vjp(f, a)[0], f(a), rtol=1e-13)
            reverse = ad.jacobian(f, mode="reverse")(a)
            np.testing.assert_allclose(ad.jacobian(f, mode="forward")(a), reverse, rtol=1e-12)
    ad.check_grads(lambda a: ufunc.reduceat(a, STARTS[1]), (X,))
    found = ad.compile(ad.jacobian(lambda a: ufunc.reduceat(a, STARTS[1])))(X)
    wanted = ad.jacobian(lambda a: ufunc.reduceat(a, STARTS[1]))(X)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_a_sum_over_segments_is_sparse_and_adds_each_entry_once():
    assert ad.sparsity(lambda x: np.add.reduceat(x, [0, 3, 5]), X).nnz == 12
    steps = ad.record(lambda x: np.add.reduceat(x, [0, 3, 5]), X).steps
    assert [step.op.name for step in steps if step.op is not None] == ["getitem", "place"]


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="indices from 0 to 11"):
        ad.grad(lambda x: np.sum(np.add.reduceat(x, [0, 12])))(X)
