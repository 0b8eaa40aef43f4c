"""Products of scipy's sparse matrices with traced arrays, against those of the same matrices
written out; their derivatives are products with the transposed matrix, and stay sparse."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

ss = pytest.importorskip("scipy.sparse")

RNG = np.random.default_rng(0)
DENSE = np.where(RNG.random((5, 7)) < 0.4, RNG.normal(size=(5, 7)), 0.0)
KINDS = [ss.csr_array, ss.csc_array, ss.csr_matrix, ss.csc_matrix, ss.coo_array, ss.dia_array]
PRODUCTS = {
    "A x": (lambda a, x: a @ x, (7,)),
    "A X": (lambda a, x: a @ x, (7, 2)),
    "z A": (lambda a, z: z @ a, (5,)),
    "Z A": (lambda a, z: z @ a, (2, 5)),
    "A.T z": (lambda a, z: a.T @ z, (5,)),
}


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_products_are_those_of_the_matrix_written_out(kind, name):
    a, (product, shape) = kind(DENSE), PRODUCTS[name]
    x = RNG.normal(size=shape)

    def f(x):
        return np.sin(product(a, x))

    def dense(x):
        return np.sin(product(DENSE, x))

    wanted = ad.jacobian(dense)(x)
    found = [ad.jacobian(f, mode=mode)(x) for mode in ("forward", "reverse")]
    found += [ad.compile(ad.jacobian(f))(x), ad.jacobian(ad.record(f, x))(x)]
    for jacobian in found:
        np.testing.assert_allclose(jacobian, wanted, rtol=1e-12, atol=1e-14)
    twice = np.stack([x, 2 * x])
    np.testing.assert_allclose(ad.vmap(f)(twice), [dense(x), dense(2 * x)], rtol=1e-12)
    second = ad.hessian(lambda x: np.sum(dense(x)))(x)
    np.testing.assert_allclose(ad.hessian(lambda x: np.sum(f(x)))(x), second, atol=1e-12)
    if len(shape) == 1:
        assert ad.sparsity(f, x).nnz == np.count_nonzero(wanted)
        np.testing.assert_allclose(ad.sparse_jacobian(f)(x).toarray(), wanted, atol=1e-14)


def test_a_compiled_function_reads_the_numbers_of_the_matrix_anew():
    a = ss.csr_array(DENSE)
    slope = ad.compile(ad.grad(lambda x: np.sum((a @ x) ** 2)))
    x = np.ones(7)
    first = slope(x)
    a.data *= 2.0
    np.testing.assert_allclose(slope(x), 4 * first, rtol=1e-12)


def test_no_matrix_is_written_out():
    a = ss.csr_array(DENSE)
    op = REGISTRY["sparse_matmul"]
    assert op.cost((a.data, a.indices, a.indptr, np.ones(7)), None, transposed=False) == {
        "multiplications": a.nnz,
        "additions": a.nnz - np.count_nonzero(np.diff(a.indptr)),
    }


def test_rules_are_proved():
    a = ss.csr_array(DENSE)
    assert ad.verify(lambda x: np.sum((a @ x) ** 2), np.ones(7)).passed
    ad.check_grads(lambda x: np.sin(a @ x), (np.ones(7),))


def test_what_does_not_fit_is_named():
    a = ss.csr_array(DENSE)
    with pytest.raises(ValueError, match=r"shape \(5, 7\) with an array of shape \(3,\)"):
        ad.grad(lambda x: np.sum(a @ x[:3]))(np.ones(7))
    with pytest.raises(TypeError, match=r"multiply takes plain numbers.*A @ x"):
        ad.grad(lambda x: a.multiply(x).sum())(np.ones(7))
