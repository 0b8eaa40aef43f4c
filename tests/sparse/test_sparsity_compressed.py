"""Sparse Jacobians and Hessians by compressed sweeps, against dense ones."""

import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest
from random_arrays import MOVES, ArrayProgram
from seeds import generator
from sparsity_programs import BANDS, COARSE, WIDE

import admodes as ad

scipy_sparse = pytest.importorskip("scipy.sparse", reason="sparse derivatives need scipy")
import admodes.sparse.sweeps  # noqa: E402
from admodes.sparse import compressed  # noqa: E402
from admodes.sparse.compressed import sparse_hessian, sparse_jacobian  # noqa: E402
from admodes.sparse.result import sparsity  # noqa: E402

ALL = {**BANDS, **{f"{k} (wide)": v for k, v in WIDE.items()}, **COARSE}
SWEPT = ["forward", "reverse", "both"]


def point(n, seed=0):
    return generator(seed).permutation(np.linspace(0.55, 1.95, n))


def dense(f, *args):
    y = np.asarray(ad.jacobian(f)(*args))
    n = np.size(args[0])
    return y.reshape(y.size // n if n else np.size(f(*args)), n)


def chained(x):
    return np.sum((x[1:] - x[:-1] ** 2) ** 2) + x[0] ** 3


@pytest.mark.parametrize("mode", ["auto", *SWEPT])
@pytest.mark.parametrize("name", ALL)
def test_compressed_is_dense(name, mode):
    f, n = ALL[name]
    jacobian = sparse_jacobian(f, mode=mode, check=True)
    for seed in range(2):
        x = point(n, seed)
        found = jacobian(x)
        assert isinstance(found, scipy_sparse.csr_array)
        assert found.has_sorted_indices
        np.testing.assert_allclose(found.toarray(), dense(f, x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed):
    names = sorted(MOVES)
    program = ArrayProgram.grown(seed + 500, names[seed % len(names)])
    x, others = program.inputs[0], program.inputs[1:]

    def f(z):
        parts = [ad.array(y) for y in program(z, *others)]
        return np.concatenate([np.reshape(y, (np.size(y),)) for y in parts])

    if np.size(x):
        for mode in ("auto", ["forward", "reverse", "both"][seed % 3]):
            found = sparse_jacobian(f, mode=mode)(x).toarray()
            np.testing.assert_allclose(found, dense(f, x), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("mode", ["auto", "star", "forward"])
@pytest.mark.parametrize("n", [2, 3, 8])
def test_hessians(mode, n):
    hessian = sparse_hessian(chained, mode=mode, check=True)
    for seed in range(2):
        x = point(n, seed)
        np.testing.assert_allclose(hessian(x).toarray(), ad.hessian(chained)(x), atol=1e-12)


def test_random_hessians_by_star_colors():
    for seed in range(25):
        rng = generator(seed)
        n = int(rng.integers(1, 9))
        pairs = rng.integers(0, n, (n + 2, 2))

        def f(x, pairs=pairs):
            return np.sum(np.sin(x[pairs[:, 0]] * x[pairs[:, 1]])) + x @ np.ones(len(x))

        found = sparse_hessian(f, mode="star")(point(n, seed)).toarray()
        np.testing.assert_allclose(found, ad.hessian(f)(point(n, seed)), atol=1e-12)


def test_hessians_of_matrices_and_numbers():
    x = point(6).reshape(2, 3)
    found = sparse_hessian(lambda z: (z[0] * z[1] ** 2).sum())(x)
    np.testing.assert_allclose(
        found.toarray(), ad.hessian(lambda z: (z[0] * z[1] ** 2).sum())(x).reshape(6, 6)
    )
    assert sparse_hessian(lambda z: z**3)(2.0).toarray().tolist() == [[12.0]]


def test_blocks_of_directions(monkeypatch):
    monkeypatch.setattr(admodes.sparse.sweeps, "BLOCK", 30)
    for name, mode in (("burgers", "forward"), ("stepped", "reverse"), ("an arrow (wide)", "both")):
        f, n = ALL[name]
        found = sparse_jacobian(f, mode=mode)(point(n))
        np.testing.assert_allclose(found.toarray(), dense(f, point(n)), rtol=1e-10, atol=1e-13)


def test_argnums_and_arguments_by_keyword():
    def f(a, x, *, scale, power=2):
        return a * scale * x**power

    found = sparse_jacobian(f, argnums=1)
    for power in (2, 3):
        wanted = np.diag(2.0 * 5.0 * power * point(4) ** (power - 1))
        for argnums in (1, -1):
            found = sparse_jacobian(f, argnums=argnums)
            given = found(2.0, point(4), scale=np.full(4, 5.0), power=power)
            np.testing.assert_allclose(given.toarray(), wanted)


@pytest.mark.parametrize("mode", ["auto", *SWEPT])
def test_float_arguments_may_get_other_zeros(mode):
    def f(x, a):
        return a @ x

    jacobian = sparse_jacobian(f, mode=mode)
    for a in (np.eye(3), np.ones((3, 3)), np.tri(3)):
        np.testing.assert_allclose(jacobian(point(3), a).toarray(), a)


def test_a_float_that_sets_a_bound_is_compared():
    def f(x, steps):
        for _ in range(int(steps)):
            x = np.cumsum(np.pad(x, (1, 0)))[1:-1] if len(x.shape) > 1 else x * np.roll(x, 1)
        return x

    jacobian = sparse_jacobian(f, mode="forward")
    for steps in (1.0, 2.0, 0.0):
        np.testing.assert_allclose(jacobian(point(4), steps).toarray(), dense(f, point(4), steps))


@pytest.mark.parametrize("mode", ["auto", *SWEPT])
def test_branches_and_masks_are_found_anew(mode):
    def branching(x):
        return x[1:] * x[:-1] if x[0] > 1 else x[1:] + x[0]

    def masked(x):
        return x[x > 1].sum() * x[:2]

    for f in (branching, masked):
        jacobian = sparse_jacobian(f, mode=mode)
        for x in ([2.0, 0.5, 3.0], [0.5, 2.0, 3.0], [2.0, 3.0, 4.0]):
            np.testing.assert_allclose(jacobian(np.array(x)).toarray(), dense(f, np.array(x)))


@pytest.mark.parametrize("mode", ["auto", "forward"])
def test_branches_that_turn_at_every_call_are_right_and_quiet(mode):
    def masked(x):
        return x[x > 1].sum() * x[:2]

    jacobian = sparse_jacobian(masked, mode=mode)
    for seed in range(40):
        x = generator(seed).uniform(0, 2, 6)
        np.testing.assert_allclose(jacobian(x).toarray(), dense(masked, x))


@pytest.mark.parametrize("mode", ["auto", *SWEPT])
def test_captured_indices_and_names_may_change(mode):
    index, shift = np.array([0, 1, 2, 1]), 1

    def f(x):
        return x[index] * np.roll(x, shift)

    jacobian = sparse_jacobian(f, mode=mode)
    for k in range(8):
        index[:] = np.roll(index, k % 3)
        shift = k // 2
        np.testing.assert_allclose(jacobian(point(4)).toarray(), dense(f, point(4)))


def test_shapes_and_dtypes_have_plans_of_their_own():
    def f(x):
        return np.sin(x[1:]) * x[:-1] ** 2

    for mode in ("auto", "forward", "reverse"):
        jacobian = sparse_jacobian(f, mode=mode)
        for n, kind in ((5, float), (4, np.float32), (5, np.float32), (3, float)):
            x = point(n).astype(kind)
            found = jacobian(x)
            assert found.dtype == dense(f, x).dtype == kind
            np.testing.assert_allclose(found.toarray(), dense(f, x), rtol=1e-5)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse", "both"])
@pytest.mark.parametrize("name", ["matrix", "twice the matrix", "factor", "einsum"])
def test_the_zeros_of_captured_arrays_may_move(mode, name):
    a = np.eye(3)
    b = np.array([1.0, 0.0, 2.0])
    f = {
        "matrix": lambda x: np.sin(a @ x),
        "twice the matrix": lambda x: np.sin((a * 2) @ x),
        "factor": lambda x: b * (np.sum(x * b) * x),
        "einsum": lambda x: np.einsum("ij,j->i", a, x * x),
    }[name]
    jacobian = sparse_jacobian(f, mode=mode)
    x = point(3)
    for k in range(9):
        np.testing.assert_allclose(jacobian(x).toarray(), dense(f, x), rtol=1e-12, atol=1e-15)
        if k >= 2:
            a[:] = np.roll(a, 1, axis=k % 2) * 1.5
            b[:] = np.roll(b, 1)


def test_check_finds_a_matrix_in_a_file_that_has_changed(tmp_path):
    path = tmp_path / "matrix.npy"
    np.save(path, np.eye(3))
    jacobian = sparse_jacobian(lambda x: np.load(path) @ x, mode="bands", check=True)
    for _ in range(3):
        jacobian(point(3))
    a = np.eye(3)
    a[0, 2] = 5.0
    np.save(path, a)
    with pytest.raises(ValueError, match=r"row 0 of the derivative .* outside of the pattern"):
        jacobian(point(3))


def test_results_are_the_callers_own():
    for mode in ("bands", "forward"):
        jacobian = sparse_jacobian(BANDS["burgers"][0], mode=mode)
        first = jacobian(point(5))
        wanted = first.toarray()
        first.indices[:] = 0
        first.data[:] = 7
        first.indptr[:] = 0
        np.testing.assert_array_equal(jacobian(point(5)).toarray(), wanted)


def test_threads_share_nothing_but_plans():
    f, n = BANDS["stepped"]
    jacobian = sparse_jacobian(f)
    found = {}

    def work(seed):
        for size in (n, n + seed % 3):
            found[seed, size] = jacobian(point(size, seed)).toarray()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for (seed, size), matrix in found.items():
        np.testing.assert_allclose(matrix, dense(f, point(size, seed)), rtol=1e-12)


@pytest.mark.parametrize("mode", ["auto", *SWEPT])
def test_large_stencils_take_no_dense_matrix(mode):
    n = 100_000
    f, _ = BANDS["burgers"]
    x = np.linspace(0, 1, n)
    tracemalloc.start()
    found = sparse_jacobian(f, mode=mode)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.shape == (n, n)
    assert found.nnz == 3 * (n - 2)
    assert peak < 2000 * n
    v = np.cos(np.arange(n))
    np.testing.assert_allclose(found @ v, ad.jvp(f, (x,), (v,))[1], rtol=1e-9, atol=1e-9)


def test_bundle_adjustment_takes_twelve_sweeps():
    rng = generator(0)
    seen = rng.integers(0, 10, 300), rng.integers(0, 60, 300)

    def residuals(x):
        c, p = x[:90].reshape(10, 9)[seen[0]], x[90:].reshape(60, 3)[seen[1]]
        away = p * c[:, :3] + c[:, 3:6]
        flat = away[:, :2] / away[:, 2:]
        size = np.sum(flat**2, axis=1, keepdims=True)
        return flat * c[:, 6:7] * (1 + c[:, 7:8] * size + c[:, 8:9] * size**2)

    x = rng.uniform(0.5, 1.5, 270)
    assert sparsity(residuals, x).sweeps == 12
    for mode in ("bands", "forward"):
        found = sparse_jacobian(residuals, mode=mode)(x)
        assert found.shape == (600, 270)
        np.testing.assert_allclose(found.toarray(), dense(residuals, x), rtol=1e-10, atol=1e-13)
        assert found.nnz == 12 * 600


def test_importing_needs_no_scipy():
    code = "import admodes.sparse.result, sys; print('scipy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_hints_and_errors():
    def f(z):
        return z

    x = point(3)
    with pytest.raises(ValueError, match="mode 'bad': choose from auto, forward, reverse"):
        sparse_jacobian(chained, mode="bad")
    with pytest.raises(ValueError, match="choose from auto, star"):
        sparse_hessian(chained, mode="reverse")
    with pytest.raises(TypeError, match="returned a tuple; join its parts"):
        sparse_jacobian(lambda z: (z, z))(x)
    with pytest.raises(TypeError, match="argument 0 of f is a list"):
        sparse_jacobian(f)([1.0, 2.0])
    with pytest.raises(TypeError, match="inside another derivative"):
        ad.grad(lambda z: sparse_jacobian(lambda w: w**2)(z).sum())(x)
    with pytest.raises(ValueError, match="argnums=1, but"):
        sparse_jacobian(f, argnums=1)(x)
    with pytest.raises(TypeError, match="argnums="):
        sparse_jacobian(f, argnums=(0, 1))(x, x)
    with pytest.raises(TypeError, match="one number as its result"):
        sparse_hessian(lambda z: z * 2)(x)
    with pytest.raises(TypeError, match="complex"):
        sparse_jacobian(f)(x * 1j)
    with pytest.raises(TypeError, match="complex"):
        sparse_jacobian(lambda z: z * 1j)(x)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_plain_values_in_f_are_those_of_each_call(mode):
    def f(x):
        return x[np.argsort(ad.value(x))] * x

    found = ad.sparse_jacobian(f, mode=mode)
    for seed in (0, 1, 2, 0, 3):
        x = generator(seed).normal(size=6)
        np.testing.assert_allclose(found(x).toarray(), ad.jacobian(f)(x))


def test_the_pattern_is_found_once_where_nothing_changes(monkeypatch):
    """At the first call, and while the sweeps are compiled."""
    looks = []

    class Noted(compressed.Found):
        def __init__(self, *args):
            looks.append(args)
            super().__init__(*args)

    monkeypatch.setattr(compressed, "Found", Noted)
    jacobian = ad.sparse_jacobian(
        lambda x: np.concatenate([x[:1] * x[1:].sum(), x[1:] ** 2 * x[0]]), mode="both"
    )
    settled = 0
    for k in range(12):
        x = np.linspace(1.0, 2.0 + k, 9)
        expected = np.diag(2 * x[0] * x)
        expected[0] = x[0]
        expected[:, 0] = x**2
        expected[0, 0] = x[1:].sum()
        np.testing.assert_allclose(jacobian(x).toarray(), expected, rtol=1e-14)
        assert k < 4 or len(looks) == settled
        settled = len(looks)
