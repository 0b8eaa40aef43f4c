"""Bands: diagonals from one pass, against dense Jacobians."""

import numpy as np
import pytest
from sparsity_programs import BANDS, WIDE

import admodes as ad
from admodes.core.record import record

pytest.importorskip("scipy", reason="sparse derivatives need scipy")
from admodes.sparse.assembly import Assembly, assembly, leaves
from admodes.sparse.bands import banded
from admodes.sparse.compressed import sparse_hessian, sparse_jacobian
from admodes.sparse.layers import Layers, solid
from admodes.sparse.pattern import pattern


def point(n, seed=0):
    return np.random.default_rng(seed).permutation(np.linspace(0.55, 1.95, n))


def dense(f, x):
    y = np.asarray(ad.jacobian(f)(x))
    return y.reshape(np.size(ad.value(f(x))), np.size(x))


@pytest.mark.parametrize("name", BANDS)
def test_bands_are_the_dense_jacobian(name):
    f, n = BANDS[name]
    jacobian = sparse_jacobian(f, mode="bands")
    for seed in range(3):
        x = point(n, seed)
        found = jacobian(x)
        np.testing.assert_allclose(found.toarray(), dense(f, x), rtol=1e-12, atol=1e-12)
        assert found.has_sorted_indices
        assert len(set(zip(*found.nonzero(), strict=True))) <= found.nnz


@pytest.mark.parametrize("name", BANDS)
def test_bands_store_no_entry_outside_of_the_pattern_by_more_than_constant_zeros(name):
    f, n = BANDS[name]
    x = point(n)
    found = sparse_jacobian(f, mode="bands")(x)
    known = pattern(record(f, x)).toarray()
    extra = (found != 0).toarray() & ~known
    assert not extra.any()


@pytest.mark.parametrize("name", ["a total", "a norm", "an arrow", "a wide matrix"])
def test_long_sums_have_no_bands(name):
    f, n = WIDE[name]
    with pytest.raises(ValueError, match="has no bands"):
        sparse_jacobian(f, mode="bands")(point(n))
    found = sparse_jacobian(f)(point(n))
    np.testing.assert_allclose(found.toarray(), dense(f, point(n)), rtol=1e-12, atol=1e-13)


def test_a_long_sum_that_is_not_differentiated_does_no_harm():
    def f(x):
        total = x.sum()
        return np.where(total > 0, x[1:] * x[:-1], x[1:])

    x = point(50)
    np.testing.assert_allclose(sparse_jacobian(f, mode="bands")(x).toarray(), dense(f, x))


def test_hessians_of_chains_are_banded():
    def chained(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    x = point(40)
    found = sparse_hessian(chained, mode="bands")(x)
    np.testing.assert_allclose(found.toarray(), ad.hessian(chained)(x), rtol=1e-12)
    assert found.nnz == 40 + 2 * 39


def test_scalar_code_has_bands():
    def f(x):
        found, before = [], x[0]
        for k in range(1, 6):
            before = ad.sin(x[k]) * before if k % 3 else x[k] / 2
            found.append(before)
        return ad.stack(found)

    x = point(6)
    np.testing.assert_allclose(sparse_jacobian(f, mode="bands")(x).toarray(), dense(f, x))


def test_branches_and_constants_may_change_between_calls():
    scale = np.array([1.0, 2.0, 3.0])

    def f(x):
        return x[1:] * scale * x[:-1] if x[0] > 1 else x[:-1] * scale

    jacobian = sparse_jacobian(f, mode="bands")
    for first in (2.0, 0.0, 2.0, 0.0, 2.5):
        x = np.array([first, 3, 4, 5])
        scale += 1
        np.testing.assert_allclose(jacobian(x).toarray(), dense(f, x))


def test_a_branch_without_bands_falls_back():
    def f(x):
        return x[1:] * x[:-1] if x[0] > 1 else np.cumsum(x)

    jacobian = sparse_jacobian(f)
    for first in (2.0, 2.5, 0.5, 0.6, 3.0, 3.5):
        x = np.concatenate([[first], point(39)])
        np.testing.assert_allclose(jacobian(x).toarray(), dense(f, x))


class Model:
    def __init__(self):
        self.rate = np.ones(3)

    def __call__(self, x):
        return self.rate * x**2


def test_attributes_and_objects_may_change():
    model = Model()
    direct = sparse_jacobian(model)
    handed = sparse_jacobian(lambda x, m: m(x))
    for k in range(4):
        model.rate[:] = k + 1.0
        wanted = np.diag(2 * (k + 1) * point(3))
        np.testing.assert_allclose(direct(point(3)).toarray(), wanted)
        np.testing.assert_allclose(handed(point(3), model).toarray(), wanted)


def test_other_indices_at_each_call():
    def f(x, index):
        return x[index] * x

    jacobian = sparse_jacobian(f, mode="bands")
    for index in ([0, 1, 2], [2, 2, 0], [1, 0, 1]):
        x = point(3)
        found = jacobian(x, np.array(index)).toarray()
        np.testing.assert_allclose(found, dense(lambda z, i=index: f(z, i), x))


def test_diagonals_can_be_recorded():
    f, n = BANDS["burgers"]
    memory = {}

    def diagonals(x):
        _, _, coefficients = banded(f, x, memory)
        return [solid(c) for c in coefficients]

    x = point(n)
    program = record(diagonals, x)
    assert any(step.op is not None and step.op.name == "multiply" for step in program.steps)
    for row, plain in zip(program.outputs, diagonals(x), strict=True):
        np.testing.assert_array_equal(program.steps[row.row].value, plain)


def test_coefficients_have_derivatives():
    def corner(x):
        _, _, (c,) = banded(lambda z: z**3, x, {})
        return solid(c)

    np.testing.assert_allclose(np.diag(ad.jacobian(corner)(point(4))), 6 * point(4))


def test_tridiagonals_are_filled_by_slices():
    f, _ = BANDS["burgers"]
    memory = {}
    _, layers, coefficients = banded(f, point(1000), memory)
    form, _ = leaves(layers, coefficients, memory)
    steps = assembly(layers, form, 1000, np.dtype(float), memory).steps
    runs = [run for _, _, own, _ in steps for run in own]
    assert len(runs) == 3
    assert all(isinstance(part, slice) for run in runs for part in run)


def test_layers_that_meet_are_added_up():
    rng = np.random.default_rng(5)
    for _ in range(50):
        m, n, k = rng.integers(1, 6, 3)
        sources = [rng.integers(-1, n, m) for _ in range(k)]
        given = [rng.random(m) for _ in range(k)]
        form = tuple((j, 0, m, 1) for j in range(k))
        found = Assembly(Layers((int(m),), sources), form, int(n), np.dtype(float)).matrix(given)
        wanted = np.zeros((m, n))
        for s, c in zip(sources, given, strict=True):
            np.add.at(wanted, (np.flatnonzero(s >= 0), s[s >= 0]), c[s >= 0])
        np.testing.assert_allclose(found.toarray(), wanted)


def test_single_precision_stays():
    f, n = BANDS["periodic"]
    x = point(n).astype(np.float32)
    found = sparse_jacobian(f, mode="bands")(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), ad.jacobian(f)(x), rtol=1e-5)


def test_infinite_slopes_stay_strong_zeros():
    x = np.array([0.0, 1.0, 4.0])

    def f(z):
        return np.sqrt(z) + np.where(z > 0, np.sqrt(z), 0.0)

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(sparse_jacobian(f, mode="bands")(x).toarray(), dense(f, x))
